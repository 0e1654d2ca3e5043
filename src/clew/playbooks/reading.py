"""A playbook's file: findings that it is for, and steps in order.

name: stolen key
findings:
  kind: [credential_stuffing, api_key_*]
  severity: high
  subject: {client_ip: 203.0.113.0/24}
steps:
  - notify: slack
  - call: https://idp.example.com/users/{user_id}/lock
    body: {reason: "{title}"}
    token: IDP_TOKEN
    approve: true
  - block: nginx
    of: client_ip
    file: /etc/nginx/deny.conf
  - run: revoke-key
    arguments: [--user, "{user_id}"]
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml

from clew import registry
from clew.errors import ConfigError
from clew.model.event import BY_NAME
from clew.model.finding import SEVERITIES
from clew.playbooks.blocking import FORMATS

Action = Literal["notify", "call", "block", "run"]
METHODS = ("POST", "PUT", "PATCH", "DELETE")
KEYS: dict[str, tuple[str, ...]] = {
    "notify": (),
    "call": ("method", "body", "token"),
    "block": ("of", "file", "keep", "most", "name"),
    "run": ("arguments",),
}
"""What stands beside each step's own word; `approve` may stand beside all."""
MOST_BLOCKED = 50


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    action   notify, call, block or run
    target   the sink, the URL, the format of the block list, or the command's name
    told     what stands beside it
    approve  whether a person is asked first
    """

    action: Action
    target: str
    told: Mapping[str, Any] = field(default_factory=dict)
    approve: bool = False

    @property
    def words(self) -> str:
        """The step in short: 'block nginx'."""
        return f"{self.action} {self.target}"


@dataclass(frozen=True, slots=True)
class Playbook:
    """A playbook as read.

    kinds     patterns of kinds; none: all
    severity  and above; "": all
    subject   column to a value, a pattern or a network
    """

    name: str
    kinds: tuple[str, ...]
    severity: str
    subject: Mapping[str, str]
    steps: tuple[Step, ...]


def read_playbook(path: Path) -> Playbook:
    """The playbook of a file. Raises ConfigError."""
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not YAML: {' '.join(str(error).split())}.") from error
    told = _mapping(told, str(path), ("name", "findings", "steps"))
    about = _mapping(
        told.get("findings") or {}, f"{path}: findings", ("kind", "severity", "subject")
    )
    severity = str(about.get("severity") or "")
    if severity and severity not in SEVERITIES:
        raise ConfigError(f"{path}: severity is one of {', '.join(SEVERITIES)}, not '{severity}'.")
    subject = about.get("subject") or {}
    _mapping(subject, f"{path}: findings.subject", BY_NAME)
    steps = told.get("steps")
    if not isinstance(steps, list) or not steps:
        raise ConfigError(f"{path} has no steps: write them as a list under 'steps'.")
    return Playbook(
        str(told.get("name") or path.stem),
        tuple(_texts(about.get("kind") or (), f"{path}: findings.kind")),
        severity,
        {name: str(value) for name, value in subject.items()},
        tuple(_step(step, f"{path}: step {number}") for number, step in enumerate(steps, 1)),
    )


def _step(told: Any, where: str) -> Step:
    if not isinstance(told, dict):
        raise ConfigError(f"{where} is no step: write 'notify: slack' or the like.")
    actions = [name for name in KEYS if name in told]
    if len(actions) != 1:
        raise ConfigError(f"{where} needs exactly one of {', '.join(KEYS)}.")
    action = actions[0]
    _mapping(told, where, (action, "approve", *KEYS[action]))
    if not isinstance(told.get("approve", False), bool):
        raise ConfigError(f"{where}: approve is true or false.")
    target = told[action]
    if not isinstance(target, str) or not target:
        raise ConfigError(f"{where}: {action} needs a text.")
    beside = {name: told[name] for name in KEYS[action] if name in told}
    {"notify": _check_notify, "call": _check_call, "block": _check_block, "run": _check_run}[
        action
    ](target, beside, where)
    return Step(action, target, beside, told.get("approve", False))  # type: ignore[arg-type]


def _check_notify(target: str, told: dict[str, Any], where: str) -> None:
    if target not in registry.names("sinks"):
        raise ConfigError(
            f"{where}: there is no sink '{target}'.{_guess(target, registry.names('sinks'))}"
        )


def _check_call(target: str, told: dict[str, Any], where: str) -> None:
    parts = urlsplit(target)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ConfigError(f"{where}: call needs https://HOST/...")
    if "{" in parts.netloc or parts.username or parts.password:
        raise ConfigError(
            f"{where}: the host of a URL stands in the playbook, without placeholders and passwords."
        )
    told["method"] = str(told.get("method", "POST")).upper()
    if told["method"] not in METHODS:
        raise ConfigError(f"{where}: method is one of {', '.join(METHODS)}.")
    if not isinstance(told.get("body", {}), dict):
        raise ConfigError(f"{where}: body is a table of values.")


def _check_block(target: str, told: dict[str, Any], where: str) -> None:
    if target not in FORMATS:
        raise ConfigError(
            f"{where}: block is one of {', '.join(FORMATS)}.{_guess(target, FORMATS)}"
        )
    if not isinstance(told.get("file"), str):
        raise ConfigError(f"{where}: block needs the file that it writes.")
    told["of"] = told.get("of", "client_ip")
    if told["of"] not in BY_NAME:
        raise ConfigError(
            f"{where}: '{told['of']}' is no column.{_guess(str(told['of']), BY_NAME)}"
        )
    told["keep"] = tuple(_texts(told.get("keep", ()), f"{where}: keep"))
    told["most"] = told.get("most", MOST_BLOCKED)
    if not isinstance(told["most"], int):
        raise ConfigError(f"{where}: most is a whole number.")


def _check_run(target: str, told: dict[str, Any], where: str) -> None:
    told["arguments"] = tuple(_texts(told.get("arguments", ()), f"{where}: arguments"))


def _mapping(told: Any, where: str, known: Iterable[str]) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise ConfigError(f"{where} must be a table of settings.")
    for name in told:
        if name not in known:
            raise ConfigError(f"{where} knows no '{name}'.{_guess(str(name), known)}")
    return told


def _texts(told: Any, where: str) -> list[str]:
    found = [told] if isinstance(told, str) else told
    if not isinstance(found, (list, tuple)) or not all(
        isinstance(one, (str, int)) for one in found
    ):
        raise ConfigError(f"{where} must be a text or a list of texts.")
    return [str(one) for one in found]


def _guess(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""
