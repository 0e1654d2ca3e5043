"""What an HTTP status says of a request's items, where a receiver has no words for each of them."""

from __future__ import annotations

import json
from typing import Any

from clew.model.escape import visible
from clew.sinks import TAKEN, Answer, Verdict

MOST_REASON = 300
LATER = {408, 409, 421, 425, 429}
STOP = {301, 302, 303, 307, 308, 401, 403, 404, 405, 407, 410, 415, 501}


def by_status(answer: Answer, count: int) -> list[Verdict]:
    """The same verdict for each of `count` items."""
    return [of_status(answer)] * count


def of_status(answer: Answer) -> Verdict:
    """The verdict of a status.

    >>> of_status(Answer(503)).outcome, of_status(Answer(400)).outcome, of_status(Answer(204)).outcome
    ('later', 'smaller', 'taken')
    """
    if 200 <= answer.status < 300:
        return TAKEN
    reason = f"HTTP {answer.status}: {said(answer)}".rstrip(": ")
    if answer.status in LATER or (answer.status >= 500 and answer.status not in STOP):
        return Verdict("later", reason)
    if answer.status in STOP:
        return Verdict("stop", reason)
    return Verdict("smaller", reason)


def said(answer: Answer) -> str:
    """The beginning of what it said, on one line."""
    words = " ".join(answer.body[: 4 * MOST_REASON].decode(errors="replace").split())
    return visible(words)[:MOST_REASON]


def json_of(answer: Answer) -> Any:
    """The body as JSON; None where it is none."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
