"""What a step does for a finding: first in words, then for real."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from clew.alerts.notifying import tell
from clew.config import Config
from clew.delivery.certificates import trusting
from clew.delivery.export import configured
from clew.errors import ConfigError
from clew.model.alert import Alert
from clew.model.escape import visible
from clew.model.finding import Finding
from clew.playbooks.blocking import (
    NAME,
    may_not_be_blocked,
    network_of,
    read_list,
    write_list,
)
from clew.playbooks.filling import Unfilled, filled_argument, filled_body, filled_url
from clew.playbooks.reading import Step

TIMEOUT_S = 60.0
MOST_SAID = 300


class Failed(Exception):
    """A step was tried and did not come off; the text says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A step that is ready to be done.

    words  what it will do, with the finding's values
    act    does it; gives what came of it. Raises Failed
    """

    words: str
    act: Callable[[], str]


def plan(step: Step, finding: Finding, settings: Config, now: datetime) -> Plan:
    """The step for this finding. Raises Unfilled where it is not for it, ConfigError where it is wrong."""
    planner = {"notify": _notify, "call": _call, "block": _block, "run": _run}[step.action]
    return planner(step, finding, settings, now)


def _notify(step: Step, finding: Finding, settings: Config, now: datetime) -> Plan:
    receiver = configured(step.target, settings)
    shown = receiver.address.shown

    def act() -> str:
        alert = Alert(finding.id, finding.kind, "firing", finding, now, now)
        told, problem = tell(receiver, [alert], now)
        if problem or not told:
            raise Failed(problem)
        return "told"

    return Plan(f"tell {step.target} at {shown} of {finding.id}", act)


def _call(step: Step, finding: Finding, settings: Config, now: datetime) -> Plan:
    url = filled_url(step.target, finding)
    body = filled_body(step.told.get("body", {}), finding)
    method, variable = step.told["method"], step.told.get("token")
    # a receiver that drops repeats must not drop the second of two calls, nor that about the second user
    told = " ".join((method, url, *([str(finding.subject[step.each])] if step.each else [])))
    key = f"{finding.id}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"

    def act() -> str:
        headers = {"idempotency-key": key, "user-agent": "clew"}
        if variable:
            if variable not in os.environ:
                raise Failed(f"the environment has no {variable}")
            headers["authorization"] = f"Bearer {os.environ[variable]}"
        try:
            answer = httpx.request(
                method, url, json=body, headers=headers, timeout=TIMEOUT_S, follow_redirects=False,
                verify=trusting(settings.export.ca_file),
            )  # fmt: skip
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Failed(str(error) or type(error).__name__) from error
        said = visible(" ".join(answer.text[:MOST_SAID].split()))
        if not answer.is_success:
            raise Failed(f"HTTP {answer.status_code} {said}".strip())
        return f"HTTP {answer.status_code}"

    return Plan(f"{method} {url}", act)


def _block(step: Step, finding: Finding, settings: Config, now: datetime) -> Plan:
    told = step.told
    if told["of"] not in finding.subject:
        raise Unfilled(f"the finding names no {told['of']}")
    value = str(finding.subject[told["of"]])
    try:
        network = network_of(str(ipaddress.ip_address(value)))  # a log may not name a network
    except ValueError as error:
        raise Unfilled(f"'{visible(value)}' is no address") from error
    if why := may_not_be_blocked(network, (*settings.playbooks.never_block, *told["keep"])):
        raise Unfilled(why)
    path = Path(told["file"])

    def act() -> str:
        there = read_list(path, step.target)
        if network in there:
            return "is blocked already"
        try:
            write_list(path, step.target, [*there, network], str(told.get("name", NAME)))
        except OSError as error:
            raise Failed(f"{path} cannot be written: {error.strerror}") from error
        return "blocked"

    return Plan(f"block {network} in {path} ({step.target})", act)


def _run(step: Step, finding: Finding, settings: Config, now: datetime) -> Plan:
    known = {command.name: command.program for command in settings.commands}
    if step.target not in known:
        raise ConfigError(
            f"'{step.target}' is none of the [[commands]] of the settings: {', '.join(known) or 'there is none'}."
        )
    command = [
        *known[step.target],
        *(filled_argument(one, finding) for one in step.told["arguments"]),
    ]

    def act() -> str:
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Failed(str(error)) from error
        said = visible(
            " ".join((done.stderr or done.stdout)[:MOST_SAID].decode(errors="replace").split())
        )
        if done.returncode:
            raise Failed(f"exit {done.returncode} {said}".strip())
        return f"exit 0 {said}".strip()

    return Plan(f"run {' '.join(map(repr, command))}", act)
