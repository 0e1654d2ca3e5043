"""What carries records of others: messages of queues and log services, whoever wrote what is in them.

Pub/Sub           {"message": {"data": "<base64>", ...}, "subscription"}, alone or under receivedMessages
CloudWatch Logs   {"messageType": "DATA_MESSAGE", "logEvents": [{"id", "timestamp", "message": "<JSON>"}]};
                  what `aws logs filter-log-events` prints, {"events": [{"message": "<JSON>", ...}]}, and
                  its events one a line
Event hooks       {"data": {"events": [...]}}
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

Json = Any
"""What JSON can be: dict, list, str, int, float, bool or None."""
OF_LOG_EVENT = {
    "timestamp",
    "message",
    "id",
    "ingestionTime",
    "eventId",
    "logStreamName",
    "logGroupName",
}
"""Members of an event of CloudWatch Logs: what has others too is no mere carrier."""
OF_MESSAGE = {
    "data",
    "messageId",
    "message_id",
    "publishTime",
    "publish_time",
    "attributes",
    "orderingKey",
}


def carried(document: Json) -> list[Json] | None:
    """The records in a carrier, or None where the document is none.

    >>> carried({"timestamp": 1, "message": '{"eventName": "ConsoleLogin"}'})
    [{'eventName': 'ConsoleLogin'}]
    """
    if not isinstance(document, Mapping):
        return None
    held = _held(document)
    if held is None:
        return None
    found = [_record(one) for one in held]
    return found if any(isinstance(one, Mapping) for one in found) or not found else None


def documents(text: str) -> Iterator[Json]:
    """The JSON documents of a text, one after the other; a line that is none is yielded as its text."""
    decoder = json.JSONDecoder(strict=False)
    at = _next(text, 0)
    while at < len(text):
        try:
            found, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            found, at = text[at:end], end
        yield found
        at = _next(text, at)


def _held(document: Mapping[str, Json]) -> list[Json] | None:
    """What a carrier lists: messages, texts or records."""
    if isinstance(messages := document.get("receivedMessages"), list):
        return messages
    if isinstance(message := document.get("message"), Mapping) and set(message) <= OF_MESSAGE:
        return [message] if "data" in message else None
    if document.get("messageType") in ("DATA_MESSAGE", "CONTROL_MESSAGE"):
        events = document.get("logEvents")
        return events if isinstance(events, list) else None
    inside = document.get("data")
    events = inside.get("events") if isinstance(inside, Mapping) else document.get("events")
    if isinstance(events, list):
        return events if isinstance(inside, Mapping) or all(map(_is_log_event, events)) else None
    return [document] if _is_log_event(document) else None


def _record(held: Json) -> Json:
    """The record in one message of a carrier; what holds none stays as it is."""
    if not isinstance(held, Mapping):
        return held
    message = held.get("message", held)
    try:
        if isinstance(message, Mapping) and set(message) <= OF_MESSAGE and "data" in message:
            found = json.loads(base64.b64decode(message["data"], validate=True))
        elif _is_log_event(held):
            found = json.loads(held["message"])
        else:
            return held
    except (ValueError, TypeError, RecursionError):
        return held
    return found if isinstance(found, Mapping) else held


def _is_log_event(one: Json) -> bool:
    if not isinstance(one, Mapping) or not {"timestamp", "message"} <= set(one) <= OF_LOG_EVENT:
        return False
    text = one["message"]
    return isinstance(text, str) and text.lstrip().startswith("{")


def _next(text: str, at: int) -> int:
    """Where the next document begins: behind white space and a comma."""
    while at < len(text) and text[at] in " \t\r\n,":
        at += 1
    return at
