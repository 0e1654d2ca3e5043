"""Names of fields whose whole value is a secret, whatever it looks like.

>>> [bool(NAMES.search(name)) for name in ("X-Api-Key", "db.password", "refresh_token", "input_tokens")]
[True, True, True, False]
"""

from __future__ import annotations

import re

NAMES = re.compile(
    r"""(?:
      (?:^|[_.\s-]|(?-i:(?<=[a-z0-9])(?=[A-Z])))(?:
        authorization | cookie | set-cookie | passwd | passphrase | secret | credentials?
      | (?:api|access|account|private|secret|signing|encryption|subscription|auth|storage|master)[_.\s-]?key
      | client[_.-]?secret
      | (?:access|refresh|auth|id|session|bearer|api)[_.-]?token | token
      )
    | password | passwort
    | (?:^|[_.-])(?:JSESSIONID | PHPSESSID | ASPSESSIONID[A-Z]* | ASP\.NET_SessionId | connect\.sid | laravel_session)
    )$""",
    re.IGNORECASE | re.VERBOSE,
)
