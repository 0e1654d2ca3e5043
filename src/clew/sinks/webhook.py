"""Any program of yours: signed JSON over HTTP.

Takes   findings, events
Over    http
Token   the secret of the signature; without one requests are not signed
Limits  100 items and 1 MB a request, 256,000 bytes an item
Source  Standard Webhooks (HMAC-SHA-256)
Blind to  a receiver that answers 2xx and keeps nothing

The body is {"type": "clew", "version": 1, "items": [...]}. `webhook-id` is the same whenever the same items are
sent again, `webhook-timestamp` the second of sending, and `webhook-signature` is "v1," and the base64 of
HMAC-SHA-256 over "id.timestamp.body". A secret that begins with whsec_ is base64 behind it, any other is
taken as it is. A receiver refuses what is older than five minutes, and what it has seen.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from clew.errors import ConfigError
from clew.model.finding import Finding
from clew.sinks import Answer, Event, Item, Request, Sample, State, Told, Verdict, What, _examples
from clew.sinks._cutting import event_within, finding_within
from clew.sinks._documents import encoded
from clew.sinks._lines import json_array
from clew.sinks._verdicts import by_status

TAKES: tuple[What, ...] = ("findings", "events")
OVER = ("http",)
MOST_ITEM = 256_000


def sink(told: Told) -> Webhook:
    """The sink."""
    return Webhook(told)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A JSON object with a list of items."""

    told: Told
    most_items: int = 100
    most_bytes: int = 1_000_000

    def finding(self, finding: Finding, state: State) -> bytes:
        """The finding's own JSON, with its state."""
        return finding_within(
            MOST_ITEM,
            finding,
            lambda shown: encoded({"type": "finding", "state": state, **shown.as_json()}),
        )

    def event(self, event: Event) -> bytes:
        """The event's columns."""
        return event_within(MOST_ITEM, event, lambda shown: encoded({"type": "event", **shown}))

    def request(self, to: str, token: str, items: Sequence[Item], moment: float) -> Request:
        """One signed POST."""
        body = b'{"type": "clew", "version": 1, "items": ' + json_array(items) + b"}"
        ids = "".join(item.id for item in items)
        message_id = f"clew_{hashlib.sha256(ids.encode()).hexdigest()[:24]}"
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(moment)),
        }
        if token:
            headers["webhook-signature"] = signature(token, message_id, int(moment), body)
        return Request(to, body, headers)

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> list[Verdict]:
        """By the status."""
        return by_status(answer, len(items))


def signature(secret: str, message_id: str, seconds: int, body: bytes) -> str:
    """v1, and the base64 of the HMAC.

    >>> signature("visibly-false", "clew_1", 1767323045, b"{}")
    'v1,YYeEum94UkdU64G4fIO5n+p+fggHKGMM8ynfq12D6l0='
    """
    key = secret.encode()
    if secret.startswith("whsec_"):
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error as error:
            raise ConfigError("The secret after whsec_ is not base64.") from error
    signed = f"{message_id}.{seconds}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


SAMPLES = [
    Sample(
        "an item says what it is",
        _examples.FINDING,
        {"type": "finding", "state": "resolved", "id": "f1f2f3f4f5f6f7f8"},
        state="resolved",
    ),
]
