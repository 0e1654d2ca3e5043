"""What the analyses of AI calls share: each call once, and how it ended."""

from __future__ import annotations

from clew.model.call_outcomes import counted, is_failed, number

__all__ = ["counted", "is_failed", "number"]
