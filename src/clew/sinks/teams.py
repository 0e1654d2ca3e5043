"""A card in a Microsoft Teams channel for each finding, through a workflow's webhook.

Takes   findings
Over    http: the address that the workflow "Post to a channel when a webhook request is received" gives
Token   none: the address is the secret
Limits  one finding a card, 24,000 bytes
Source  Adaptive Cards 1.4; Microsoft Teams, Workflows
Blind to  repeats: Teams posts a card again when it is sent again

What comes from logs stands in RichTextBlocks, whose runs know no markdown: no link, no mention.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clew.model.finding import Finding
from clew.sinks import Answer, Event, Item, Request, Sample, State, Told, Verdict, What, _examples
from clew.sinks._cutting import cut, finding_within
from clew.sinks._documents import encoded
from clew.sinks._verdicts import of_status, said
from clew.sinks._words import evidence, facts, heading, sentences

TAKES: tuple[What, ...] = ("findings",)
OVER = ("http",)
MOST_CARD = 24_000
MOST_TEXT = 1_500
MOST_FACTS = 14
COLORS = {
    "info": "Default",
    "low": "Default",
    "medium": "Warning",
    "high": "Attention",
    "critical": "Attention",
}


def sink(told: Told) -> Teams:
    """The sink."""
    return Teams(told)


@dataclass(frozen=True, slots=True)
class Teams:
    """Adaptive Cards in a message."""

    told: Told
    most_items: int = 1
    most_bytes: int = MOST_CARD

    def finding(self, finding: Finding, state: State) -> bytes:
        """Title, facts, why, evidence, what to do."""
        return finding_within(MOST_CARD, finding, lambda shown: encoded(_message(shown, state)))

    def event(self, event: Event) -> bytes:
        raise AssertionError("BUG: teams takes findings alone")

    def request(self, to: str, token: str, items: Sequence[Item], moment: float) -> Request:
        """One card."""
        return Request(to, items[0].payload, {"content-type": "application/json"})

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> list[Verdict]:
        """By the status; older webhooks tell of an error under status 200."""
        words = said(answer)
        if answer.status == 200 and "error" in words.lower():
            outcome = "later" if "429" in words else "refused"
            return [Verdict("later" if outcome == "later" else "refused", words)]
        return [of_status(answer)]


def _message(finding: Finding, state: State) -> dict[str, Any]:
    color = "Good" if state == "resolved" else COLORS[finding.severity]
    body = [_rich([_run(heading(finding, state), weight="Bolder", size="Medium", color=color)])]
    for name, value in facts(finding)[:MOST_FACTS]:
        body.append(_rich([_run(f"{name}: ", weight="Bolder"), _run(value)]))
    paragraphs = (
        ("Why", sentences(finding.why)),
        ("Evidence", evidence(finding)),
        ("What to do", sentences(finding.recommendations)),
    )
    for name, lines in paragraphs:
        if lines:
            body.append(_rich([_run(name, weight="Bolder")], spacing="Medium"))
            body += [_rich([_run(line)]) for line in lines]
    body.append(_rich([_run(f"clew {finding.id}", isSubtle=True, size="Small")]))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "fallbackText": heading(finding, state)[:200],
        "body": body,
    }
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None}
    return {"type": "message", "attachments": [{**content, "content": card}]}


def _rich(runs: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": runs, **more}


def _run(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": cut(text, MOST_TEXT), **more}


SAMPLES = [
    Sample("a finding is one card in a message", _examples.FINDING, {"type": "message"}),
]
