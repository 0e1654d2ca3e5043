"""How a mail is written."""

from __future__ import annotations

import email.policy

POLICY = email.policy.SMTP.clone(max_line_length=998)
"""As long as RFC 5322 lets a line be: at 78, Python begins what is just too long on a line below its name."""
