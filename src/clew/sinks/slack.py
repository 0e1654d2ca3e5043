"""A message in a Slack channel for each finding.

Takes   findings
Over    http: an incoming webhook's address, or https://slack.com/api/chat.postMessage
Token   none for a webhook, whose address is the secret; a bot token for chat.postMessage
Limits  one finding a message; 150 characters of title, 2,900 a block, 10 facts
Source  Slack, Block Kit and Incoming webhooks
Blind to  repeats: Slack posts a message again when it is sent again

What comes from logs stands in plain_text, where Slack knows neither links nor mentions; in the line
that a phone shows, &, < and > are escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clew.model.finding import Finding
from clew.sinks import (
    TAKEN,
    Answer,
    Event,
    Item,
    Request,
    Sample,
    State,
    Told,
    Verdict,
    What,
    _examples,
)
from clew.sinks._cutting import cut
from clew.sinks._documents import encoded
from clew.sinks._lines import bearer
from clew.sinks._verdicts import json_of, of_status, said
from clew.sinks._words import evidence, facts, heading, sentences

TAKES: tuple[What, ...] = ("findings",)
OVER = ("http",)
MOST_TITLE = 150
MOST_BLOCK = 2_900
MOST_FACT = 300
MOST_FACTS = 10
WAIT = {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable",
        "request_timeout", "message_limit_exceeded"}  # fmt: skip
OWN_FAULT = {"msg_too_long", "no_text", "invalid_blocks", "invalid_blocks_format", "invalid_payload",
             "too_many_attachments", "msg_blocks_too_long"}  # fmt: skip


def sink(told: Told, *, channel: str = "") -> Slack:
    """The sink.

    channel  for chat.postMessage; a webhook has a channel of its own
    """
    return Slack(told, channel)


@dataclass(frozen=True, slots=True)
class Slack:
    """Messages in Block Kit."""

    told: Told
    channel: str
    most_items: int = 1
    most_bytes: int = 100_000

    def finding(self, finding: Finding, state: State) -> bytes:
        """Title, facts, why, evidence, what to do."""
        title = heading(finding, state)
        blocks: list[dict[str, Any]] = [
            {"type": "header", "text": _plain(title, MOST_TITLE)},
            {
                "type": "section",
                "fields": [
                    _plain(f"{name}\n{value}", MOST_FACT)
                    for name, value in facts(finding)[:MOST_FACTS]
                ],
            },
        ]
        paragraphs = (
            ("Why", sentences(finding.why)),
            ("Evidence", evidence(finding)),
            ("What to do", sentences(finding.recommendations)),
        )
        for name, lines in paragraphs:
            if lines:
                text = "\n".join([name, *lines])
                blocks.append({"type": "section", "text": _plain(text, MOST_BLOCK)})
        blocks.append({"type": "context", "elements": [_plain(f"clew {finding.id}", MOST_FACT)]})
        message = {
            "text": escaped(cut(title, 500)),
            "blocks": blocks,
            "unfurl_links": False,
            "unfurl_media": False,
            **({"channel": self.channel} if self.channel else {}),
        }
        return encoded(message)

    def event(self, event: Event) -> bytes:
        raise AssertionError("BUG: slack takes findings alone")

    def request(self, to: str, token: str, items: Sequence[Item], moment: float) -> Request:
        """One message."""
        headers = {"content-type": "application/json; charset=utf-8", **bearer(token)}
        return Request(to, items[0].payload, headers)

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> list[Verdict]:
        """A webhook says ok, or why not; the API says it under status 200."""
        told = json_of(answer)
        if answer.status == 200 and isinstance(told, dict) and told.get("ok") is not True:
            error = str(told.get("error"))
            if error in WAIT:
                return [Verdict("later", error)]
            return [Verdict("refused" if error in OWN_FAULT else "stop", f"Slack says {error}")]
        if answer.status == 400 and said(answer) not in OWN_FAULT:
            return [Verdict("stop", f"HTTP 400: {said(answer)}")]
        return [TAKEN] if answer.status == 200 else [of_status(answer)]


def escaped(text: str) -> str:
    """Text without meaning in Slack's own markup.

    >>> escaped("<!channel> & <http://example.com|x>")
    '&lt;!channel&gt; &amp; &lt;http://example.com|x&gt;'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": cut(text, most), "emoji": False}


SAMPLES = [
    Sample(
        "a finding's title cannot call a channel",
        _examples.FINDING,
        {
            "text": "[high] credential_stuffing: 41 users tried from 192.0.2.7 | &lt;b&gt;=x",
            "unfurl_links": False,
        },
    ),
]
