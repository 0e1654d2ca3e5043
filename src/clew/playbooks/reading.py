"""A playbook's file: findings that it is for, and steps in order.

name: stolen key
findings:
  kind: [credential_stuffing, api_key_*]
  severity: high
  subject: {client_ip: 203.0.113.0/24}
steps:
  - notify: slack
  - call: https://idp.example.com/users/{user_id}/lock
    each: user_id
    among: "http_status:200"
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
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml

from clew import registry
from clew.errors import ConfigError, QueryError
from clew.model.event import BY_NAME
from clew.model.finding import SEVERITIES
from clew.playbooks.blocking import FORMATS
from clew.query.sides import side_of

Action = Literal["notify", "call", "block", "run"]
METHODS = ("POST", "PUT", "PATCH", "DELETE")
EACH = ("each", "among", "most")
KEYS: dict[str, tuple[str, ...]] = {
    "notify": (),
    "call": ("method", "body", "token", *EACH),
    "block": ("of", "file", "keep", "name", *EACH),
    "run": ("arguments", *EACH),
}
"""What stands beside each step's own word; `approve` may stand beside all."""
MOST = 50
SOME_TIME = datetime(2000, 1, 1)
"""What relative times of a search count from while it is only read."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    action   notify, call, block or run
    target   the sink, the URL, the format of the block list, or the command's name
    told     what stands beside it
    approve  whether a person is asked first
    each     a column: the step is done for each of its values in the finding's own events; "": once
    among    a search: of those events alone
    most     so many addresses that are blocked, or values, in a run
    """

    action: Action
    target: str
    told: Mapping[str, Any] = field(default_factory=dict)
    approve: bool = False
    each: str = ""
    among: str = ""
    most: int = MOST

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
    each, among, most = _each(told, where)
    approve = told.get("approve", False)
    return Step(action, target, beside, approve, each, among, most)  # type: ignore[arg-type]


def _each(told: Mapping[str, Any], where: str) -> tuple[str, str, int]:
    """Which values a step is done for, and how many at most."""
    each, among, most = told.get("each", ""), told.get("among", ""), told.get("most", MOST)
    if each and each not in BY_NAME:
        raise ConfigError(f"{where}: '{each}' is no column.{_guess(str(each), BY_NAME)}")
    if among and not each:
        raise ConfigError(f"{where}: among narrows what `each` finds: write 'each: user_id' too.")
    try:
        side_of(str(among), now=SOME_TIME)
    except QueryError as error:
        raise ConfigError(f"{where}: among is no search: {error}") from error
    if not isinstance(most, int):
        raise ConfigError(f"{where}: most is a whole number.")
    return str(each), str(among), most


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
    told["of"] = told.get("of", told.get("each", "client_ip"))
    if told["of"] not in BY_NAME:
        raise ConfigError(
            f"{where}: '{told['of']}' is no column.{_guess(str(told['of']), BY_NAME)}"
        )
    told["keep"] = tuple(_texts(told.get("keep", ()), f"{where}: keep"))


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
