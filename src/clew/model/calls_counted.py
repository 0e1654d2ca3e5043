"""Calls as they are counted."""

from clew.model.call_outcomes import counted, is_failed, number

__all__ = ["counted", "is_failed", "number"]
