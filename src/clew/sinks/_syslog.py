"""What travels as syslog: the sinks that do, the header of RFC 5424, and its structured data.

https://www.rfc-editor.org/rfc/rfc5424#section-6
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from clew.errors import ConfigError
from clew.model.escape import visible
from clew.model.finding import Finding, rfc3339
from clew.sinks import Event, State, Told
from clew.sinks._cutting import event_within, finding_within

FACILITIES = {
    "kern": 0, "user": 1, "mail": 2, "daemon": 3, "auth": 4, "syslog": 5, "lpr": 6, "news": 7,
    "uucp": 8, "cron": 9, "authpriv": 10, "ftp": 11, "local0": 16, "local1": 17, "local2": 18,
    "local3": 19, "local4": 20, "local5": 21, "local6": 22, "local7": 23,
}  # fmt: skip
OF_FINDING = {"critical": 2, "high": 3, "medium": 4, "low": 5, "info": 6}
OF_EVENT = {"FATAL": 2, "ERROR": 3, "WARN": 4, "INFO": 6, "DEBUG": 7, "TRACE": 7}
MOST_TCP = 8_192
"""What rsyslog and syslog-ng take as they come."""
MOST_UDP = 2_048
"""RFC 5426: receivers should take so much."""
_NOT_PRINTED = re.compile(r"[^\x21-\x7e]+")
_NAME = re.compile(r'[^\x21-\x7e]|[="\]]')


@dataclass(frozen=True, slots=True)
class SyslogSink:
    """A sink whose payloads are messages of their own length.

    A sink says in `_finding` and `_event` what a message holds.
    """

    told: Told
    facility: int
    most: int = 0
    is_counted: bool = True
    most_items: int = 1_000
    most_bytes: int = 4_000_000

    @classmethod
    def of(cls, told: Told, facility: str, most_bytes: int, framing: str) -> Self:
        """The sink with these options. Raises ConfigError."""
        return cls(told, facility_number(facility), most_bytes, is_counted(framing))

    def finding(self, finding: Finding, state: State) -> bytes:
        """The finding as one message, cut until it is short enough."""
        return finding_within(self._most, finding, lambda shown: self._finding(shown, state))

    def event(self, event: Event) -> bytes:
        """The event as one message, cut until it is short enough."""
        return event_within(self._most, event, self._event)

    @property
    def _most(self) -> int:
        return message_limit(self.told.way, self.most or self.told.most)

    def _finding(self, finding: Finding, state: State) -> bytes:
        raise NotImplementedError

    def _event(self, event: Event) -> bytes:
        raise NotImplementedError


def facility_number(name: str) -> int:
    """The number of a facility's name. Raises ConfigError."""
    if name not in FACILITIES:
        raise ConfigError(f"'{name}' is no syslog facility: {', '.join(FACILITIES)}.")
    return FACILITIES[name]


def is_counted(framing: str) -> bool:
    """Whether messages have their length before them. Raises ConfigError."""
    if framing not in ("octets", "lines"):
        raise ConfigError(f"framing is octets or lines, not '{framing}'.")
    return framing == "octets"


def header(
    facility: int, severity: int, when: datetime, host: str, message_id: str, app: str = "clew"
) -> str:
    """PRI to MSGID.

    >>> header(16, 3, datetime(2026, 1, 2), "edge 1", "scanner")
    '<131>1 2026-01-02T00:00:00Z edge_1 clew - scanner'
    """
    place, kind, sender = (
        _NOT_PRINTED.sub("_", text)[:most] or "-"
        for text, most in ((host, 255), (message_id, 32), (app, 48))
    )
    return f"<{facility * 8 + severity}>1 {rfc3339(when)} {place} {sender} - {kind}"


def structured(element: str, pairs: Iterable[tuple[str, str]]) -> str:
    r"""One SD-ELEMENT; in values `"`, `\` and `]` are escaped, and control characters made visible.

    >>> structured("clew@32473", [("user", 'a"]b')])
    '[clew@32473 user="a\\"\\]b"]'
    """
    parts = [
        f'{_NAME.sub("_", name)[:32] or "_"}="{_value(visible(value))}"' for name, value in pairs
    ]
    return f"[{' '.join([element, *parts])}]"


def _value(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def word(text: str) -> str:
    """A name that stands in a header, without anything that acts there.

    >>> word("my rule|x")
    'my_rule_x'
    """
    return re.sub(r"[^\w.-]", "_", text, flags=re.ASCII)[:64] or "_"


def event_severity(event: Event) -> int:
    """The syslog severity of an event."""
    return OF_EVENT.get(str(event.get("severity")), 6)


def finding_severity(finding: Finding) -> int:
    """The syslog severity of a finding."""
    return OF_FINDING[finding.severity]


def message_limit(way: str, most: int) -> int:
    """How long one message may be on that way; 0 where a file takes any length."""
    return most or (0 if way == "file" else MOST_TCP)
