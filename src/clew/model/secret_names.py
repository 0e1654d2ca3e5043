"""Names of fields whose whole value is a secret, whatever it looks like.

>>> [bool(NAMES.search(name)) for name in ("X-Api-Key", "db.password", "refresh_token", "input_tokens")]
[True, True, True, False]
"""

from __future__ import annotations

import re

NAMES = re.compile(
    r"""(?:^|[_.-])(?:
        authorization | cookie | set-cookie | password | passwd | passphrase | secret | credentials?
      | api[_-]?key | access[_-]?key | private[_-]?key | secret[_-]?key | client[_-]?secret
      | (?:access|refresh|auth|id|session|bearer|api)[_-]?token | token
    )$""",
    re.IGNORECASE | re.VERBOSE,
)
