"""Microsoft Sentinel through the Logs Ingestion API of Azure Monitor.

Takes   findings, events
Over    http: https://ENDPOINT.ingest.monitor.azure.com/dataCollectionRules/dcr-ID/streams/Custom-TABLE
Token   a bearer token; with the options `tenant_id` and `client_id` a client secret
Limits  500 rows and 900,000 bytes a request, 60,000 bytes a text
Source  Azure Monitor, Logs Ingestion API, api-version 2023-01-01
Blind to  columns that the rule's stream does not declare: Azure drops them

Rows have TimeGenerated, and `RowId` by which repeats can be dropped. Findings and events are two
streams: their columns differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from clew.model.finding import Finding, rfc3339
from clew.sinks import Answer, Event, Item, Request, Sample, State, Told, Verdict, What, _examples
from clew.sinks._cutting import cut, event_within, finding_within
from clew.sinks._documents import encoded, moment
from clew.sinks._lines import bearer, json_array
from clew.sinks._verdicts import by_status

TAKES: tuple[What, ...] = ("findings", "events")
OVER = ("http",)
MOST_ITEM = 400_000
MOST_TEXT = 30_000
"""Characters: Azure cuts a text at 64 kB by itself, and says nothing."""
API_VERSION = "2023-01-01"
SCOPE = "https://monitor.azure.com/.default"


def sink(
    told: Told,
    *,
    tenant_id: str = "",
    client_id: str = "",
    login: str = "https://login.microsoftonline.com",
) -> Sentinel:
    """The sink.

    tenant_id, client_id  of an application; the token is its secret then
    login                 where a token is asked for
    """
    return Sentinel(told, tenant_id, client_id, login)


@dataclass(frozen=True, slots=True)
class Sentinel:
    """A JSON list of rows."""

    told: Told
    tenant_id: str
    client_id: str
    login: str
    most_items: int = 500
    most_bytes: int = 900_000

    def finding(self, finding: Finding, state: State) -> bytes:
        """A row with the finding's own columns."""

        def encode(shown: Finding) -> bytes:
            when = rfc3339(moment(shown, self.told.now))
            return encoded(
                {"TimeGenerated": when, "RowId": shown.id, "State": state, **shown.as_json()}
            )

        return finding_within(MOST_ITEM, finding, encode)

    def event(self, event: Event) -> bytes:
        """A row with the event's columns."""

        def encode(shown: Event) -> bytes:
            row: dict[str, Any] = {
                "TimeGenerated": rfc3339(shown.get("timestamp") or self.told.now),
                "RowId": shown.get("event_id"),
            }
            for name, value in shown.items():
                row[name] = cut(value, MOST_TEXT) if isinstance(value, str) else value
            return encoded(row)

        return event_within(MOST_ITEM, event, encode)

    def request(self, to: str, token: str, items: Sequence[Item], moment: float) -> Request:
        """One POST."""
        parts = urlsplit(to)
        query = dict(parse_qsl(parts.query))
        to = urlunsplit(parts._replace(query=urlencode({"api-version": API_VERSION, **query})))
        headers = {"content-type": "application/json", **bearer(token)}
        return Request(to, json_array(items), headers, may_zip=True)

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> list[Verdict]:
        """By the status."""
        return by_status(answer, len(items))

    def token_request(self, secret: str) -> Request | None:
        """What asks for a bearer token with the application's secret; None without an application."""
        if not (self.tenant_id and self.client_id):
            return None
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": secret,
            "scope": SCOPE,
        }
        url = f"{self.login.rstrip('/')}/{self.tenant_id}/oauth2/v2.0/token"
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return Request(url, urlencode(form).encode(), headers)


SAMPLES = [
    Sample(
        "an event has the time and the id that Sentinel knows it by",
        _examples.CALL,
        {
            "TimeGenerated": "2026-01-02T03:04:05.678000Z",
            "RowId": "00d1f6a2c3b4e5f6",
            "http_status": 502,
        },
    ),
]
