"""The key of the tokens: from the settings, else from a file that is made once beside the case.

Whoever has it can tell whether a token is that of a value he guesses, so it is readable by its owner
alone, stands in no case, and is never printed. Two cases with one key have the same tokens.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from clew.errors import ConfigError
from clew.model.redaction import Policy

KEY_BYTES = 32
SHORTEST = 16
"""Characters of a key that is given."""


def key_path(policy: Policy, case: str) -> Path:
    """Where the key of a case stands."""
    return Path(policy.key_file) if policy.key_file else Path(f"{case}.key")


def known_key(policy: Policy, case: str) -> bytes | None:
    """The key, where there is one already. Raises ConfigError where it cannot be used."""
    if policy.key:
        return _checked(policy.key, "The setting redact.key")
    path = key_path(policy, case)
    try:
        return _checked(path.read_text(encoding="utf-8").strip(), f"The key in {path}")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The redaction key {path} cannot be read: {error}.") from error


def key_of(policy: Policy, case: str) -> bytes:
    """The key; made where there is none yet."""
    if not policy.key and not policy.key_file and (case == ":memory:" or "://" in case):
        return secrets.token_bytes(KEY_BYTES)
    found = known_key(policy, case)
    if found is not None:
        return found
    path = key_path(policy, case)
    text = secrets.token_hex(KEY_BYTES)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text + "\n")
    except FileExistsError:  # another process was faster
        return key_of(policy, case)
    except OSError as error:
        raise ConfigError(f"The redaction key {path} cannot be made: {error.strerror}.") from error
    return text.encode()


def _checked(text: str, what: str) -> bytes:
    if len(text) < SHORTEST:
        raise ConfigError(f"{what} is too short: at least {SHORTEST} characters are needed.")
    return text.encode()
