"""Secrets out of what is logged: keys, tokens, passwords, by their names and by how they look.

>>> redacted("GET https://ann:hunter2@db.example.com with Bearer abcdefghijkl")
'GET https://ann:[redacted]@db.example.com with Bearer [redacted]'
>>> redacted({"Authorization": "Basic eA==", "input_tokens": 5})
{'Authorization': '[redacted]', 'input_tokens': 5}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

REDACTED = "[redacted]"
DEEPEST = 8
"""Levels of nested values that are looked into; what lies deeper is logged as text without secrets."""

NAMES = re.compile(
    r"""(?:
      (?:^|[_.\s-]|(?-i:(?<=[a-z0-9])(?=[A-Z])))(?:
        authorization | cookie | set-cookie | passwd | passphrase | secret | credentials?
      | (?:api|access|account|private|secret|signing|encryption|subscription|auth)[_\s-]?key
      | client[_-]?secret
      | (?:access|refresh|auth|id|session|bearer|api)[_-]?token | token
      )
    | password | passwort
    | (?:^|[_.-])(?:JSESSIONID | PHPSESSID | ASPSESSIONID[A-Z]* | ASP\.NET_SessionId | connect\.sid | laravel_session)
    )$""",
    re.IGNORECASE | re.VERBOSE,
)
"""Names of fields whose whole value is a secret: `X-Api-Key`, `db.password`, `refresh_token`, `openaiApiKey`."""

_WHOLE = re.compile(
    r"""
      -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    | \beyJ[\w-]{6,1000}\.eyJ[\w-]{6,}\.[\w-]*           # a JSON web token
    | \b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}                  # OpenAI, Anthropic, OpenRouter, LiteLLM, Langfuse
    | \b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}      # Stripe
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b                      # AWS
    | \bAIza[\w-]{30,}                                   # Google
    | \bya29\.[\w-]{20,}                                 # Google OAuth
    | \b(?:gsk|hf|xai|r8|nvapi|pplx|tgp|fw|csk)[_-][A-Za-z0-9_-]{16,}  # Groq, Hugging Face, xAI, Replicate ...
    | \bgh[pousr]_[A-Za-z0-9]{20,} | \bgithub_pat_\w{20,} | \bglpat-[\w-]{16,}
    | \bxox[abeoprs]-[A-Za-z0-9-]{10,}                   # Slack
    | \blsv2_(?:pt|sk)_\w{16,}                           # LangSmith
    """,
    re.VERBOSE | re.DOTALL,
)
_AFTER = re.compile(
    r"""
      (?P<scheme>\b(?-i:Bearer)\s+)[A-Za-z0-9._~+/=-]{6,}
    | (?P<weak>\b(?:bearer|basic)\s+)(?=\S{0,200}[0-9=])[A-Za-z0-9._~+/=-]{8,}
    | (?P<url>\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@'"]{0,200}:)[^\s/@'"]{1,500}(?=@)    # https://user:PASSWORD@host
    | (?P<named>\b(?:authorization|[\w-]{0,40}password|passwd|[\w-]{0,40}secret|[\w-]{0,40}api[_-]?key
        |(?:access|refresh|auth|id|session)[_-]?token|token(?==))
        ["']?\s*[:=]\s*["']?(?:(?:Bearer|Basic|Token)\s+)?+)(?!\[redacted\])[^\s"'&,;}\])]+
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What follows these words is a secret; the words stay."""


def redacted(value: Any, depth: int = 0) -> Any:
    """The value with every secret that is known by its looks or its name replaced by [redacted]."""
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if depth >= DEEPEST:
        return _text(str(value))
    if isinstance(value, Mapping):
        return {
            key: REDACTED if _is_secret(key, item) else redacted(item, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        if isinstance(value, (list, tuple)) and len(value) == 2 and _is_secret(*value):
            return [redacted(value[0]), REDACTED]  # a header as a pair
        return [redacted(item, depth + 1) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return _text(bytes(value).decode("utf-8", "backslashreplace"))
    return _text(str(value))


def redact_event(logger: object, name: str, event: Any) -> Any:
    """The same as a processor of structlog."""
    return redacted(event)


def _is_secret(name: Any, value: Any) -> bool:
    """Whether a field's name says so; a count, as of tokens, is no secret."""
    if isinstance(name, bytes):
        name = name.decode("latin-1")
    return isinstance(name, str) and isinstance(value, (str, bytes)) and bool(NAMES.search(name))


def _text(text: str) -> str:
    return _AFTER.sub(_keep_what_led, _WHOLE.sub(REDACTED, text))


def _keep_what_led(found: re.Match[str]) -> str:
    led = found["scheme"] or found["weak"] or found["url"] or found["named"]
    return f"{led}{REDACTED}"
