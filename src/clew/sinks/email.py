"""A mail for each finding.

Takes   findings
Over    smtp: smtp://HOST:PORT or smtps://HOST:PORT, with ?to=A,B&from=C where the settings name none;
        a file is an mbox
Token   the password of the option `user`; it is never sent unencrypted, but to this machine
Limits  one finding a mail; 200 characters of subject
Source  RFC 5322
Blind to  what becomes of a mail that the server has taken

Plain text alone: no link is made, no picture is loaded. Message-ID follows from the finding, so that a
repeat can be told.
"""

from __future__ import annotations

import email.message
from dataclasses import dataclass
from datetime import UTC

from clew.model.finding import Finding
from clew.sinks import Event, Sample, State, Told, What, _examples
from clew.sinks._cutting import cut, finding_within
from clew.sinks._mail import POLICY
from clew.sinks._words import evidence, facts, heading, sentences

TAKES: tuple[What, ...] = ("findings",)
OVER = ("smtp",)
MOST_SUBJECT = 200
MOST_MAIL = 1_000_000


def sink(
    told: Told, *, sender: str = "", recipients: tuple[str, ...] = (), user: str = ""
) -> Email:
    """The sink.

    sender      of the mail; empty: clew@ this machine
    recipients  who gets it
    user        logs in with the token as its password
    """
    return Email(told, sender or f"clew@{told.host}", recipients, user)


@dataclass(frozen=True, slots=True)
class Email:
    """Messages of RFC 5322."""

    told: Told
    sender: str
    recipients: tuple[str, ...]
    user: str
    most_items: int = 1
    most_bytes: int = MOST_MAIL

    def finding(self, finding: Finding, state: State) -> bytes:
        """Title as the subject; facts, why, evidence and what to do as text."""
        return finding_within(MOST_MAIL, finding, lambda shown: self._mail(shown, state))

    def event(self, event: Event) -> bytes:
        raise AssertionError("BUG: email takes findings alone")

    def _mail(self, finding: Finding, state: State) -> bytes:
        mail = email.message.EmailMessage(policy=POLICY)
        mail["Subject"] = cut(heading(finding, state), MOST_SUBJECT)
        mail["From"] = self.sender
        mail["To"] = ", ".join(self.recipients) or "undisclosed-recipients:;"
        mail["Date"] = self.told.now.replace(tzinfo=UTC)
        mail["Message-ID"] = f"<{finding.id}.{state}@clew.invalid>"
        mail["Auto-Submitted"] = "auto-generated"
        paragraphs = [
            [heading(finding, state)],
            [f"{name}: {value}" for name, value in facts(finding)],
            ["Why", *sentences(finding.why)] if finding.why else [],
            ["Evidence", *evidence(finding)],
            ["What to do", *sentences(finding.recommendations)] if finding.recommendations else [],
        ]
        text = "\n\n".join("\n".join(lines) for lines in paragraphs if lines)
        mail.set_content(text + f"\n\nclew {finding.id}\n", cte="quoted-printable")
        return mail.as_bytes()


SAMPLES = [
    Sample(
        "a finding is a mail whose subject cannot add headers",
        _examples.FINDING,
        {"Subject": "[high] credential_stuffing: 41 users tried from 192.0.2.7 | <b>=x"},
        way="smtp",
    ),
]
