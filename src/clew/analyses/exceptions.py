"""Which exceptions were raised, like ones together: by fingerprint.

Reads     events   exception_type, exception_message, exception_frame, exception_fingerprint,
                   service, timestamp
Returns   one row per fingerprint, within each value of the columns split by; most events first
Units     exception_message: with <id>, <hex>, <number> and <text> for what differs from event to
          event; first_seen, last_seen: UTC; services: names joined by a comma; event_id: the first
          event that shows it
Blind to  exceptions that stand in a message without being parsed; one exception logged by two
          loggers is two events; without a fingerprint type, message and frame take its place
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._by import group_keys, ordered
from clew.correlation.exceptions import normalised
from clew.model.case import Case

RETURNS = (
    "exception_fingerprint",
    "exception_type",
    "exception_message",
    "exception_frame",
    "events",
    "first_seen",
    "last_seen",
    "services",
    "event_id",
)


def exceptions(
    events: ir.Table, *, by: tuple[str, ...] = (), bucket: str | None = None
) -> ir.Table:
    raised = events.filter(events.exception_type.notnull() | events.exception_message.notnull())
    normal = normalised(raised.exception_message)
    alike = raised.exception_fingerprint.fill_null(
        ibis.literal("\n").join(
            [_text(raised.exception_type), _text(normal), _text(raised.exception_frame)]
        )
    )
    keys = group_keys(raised, by, bucket, RETURNS)
    named = raised.select(
        **keys,
        clew_alike=alike,
        exception_fingerprint=raised.exception_fingerprint,
        exception_type=raised.exception_type,
        exception_message=normal,
        exception_frame=raised.exception_frame,
        clew_moment=raised.timestamp,
        clew_source=raised.service,
        event_id=raised.event_id,
    )
    group = [*keys, "clew_alike"]
    in_time = ibis.window(group_by=group, order_by=[named.clew_moment.asc(), named.event_id.asc()])
    placed = named.mutate(clew_place=ibis.row_number().over(in_time))
    counted = placed.group_by(group).agg(
        exception_fingerprint=placed.exception_fingerprint.min(),
        exception_type=placed.exception_type.min(),
        exception_message=placed.exception_message.min(),
        exception_frame=placed.exception_frame.min(),
        events=placed.count(),
        first_seen=placed.clew_moment.min(),
        last_seen=placed.clew_moment.max(),
        services=placed.clew_source.collect(distinct=True).sort().join(", "),
        event_id=placed.event_id.min(where=placed.clew_place == 0),
    )
    return ordered(counted.select(*keys, *RETURNS), list(keys), "events", then=("event_id",))


def _text(value: ir.StringValue) -> ir.StringValue:
    return value.fill_null("")


CASES = [
    Case(
        "messages that differ in ids, numbers and quoted text are one exception",
        rows=[
            {
                "event_id": "e1",
                "timestamp": "2026-01-05T10:00:00Z",
                "service": "web",
                "exception_type": "KeyError",
                "exception_message": "'user_7' at 0x7f3a row 12",
                "exception_frame": "app.py:3 in load",
            },
            {
                "event_id": "e0",
                "timestamp": "2026-01-05T11:00:00Z",
                "service": "api",
                "exception_type": "KeyError",
                "exception_message": "'user_88' at 0x10 row 9.5",
                "exception_frame": "app.py:3 in load",
            },
        ],
        expect=[
            {
                "exception_fingerprint": None,
                "exception_type": "KeyError",
                "exception_message": "<text> at <hex> row <number>",
                "exception_frame": "app.py:3 in load",
                "events": 2,
                "first_seen": "2026-01-05T10:00:00Z",
                "last_seen": "2026-01-05T11:00:00Z",
                "services": "api, web",
                "event_id": "e1",
            }
        ],
    ),
    Case(
        "the fingerprint decides where there is one",
        rows=[
            {"exception_type": "A", "exception_message": "x", "exception_fingerprint": "f1"},
            {"exception_type": "A", "exception_message": "y", "exception_fingerprint": "f1"},
            {"exception_type": "A", "exception_message": "x", "exception_fingerprint": "f2"},
        ],
        expect=[
            {"exception_fingerprint": "f1", "exception_message": "x", "events": 2},
            {"exception_fingerprint": "f2", "exception_message": "x", "events": 1},
        ],
    ),
    Case(
        "another frame or another type is another exception; ties by the first event's id",
        rows=[
            {"event_id": "b", "exception_type": "A", "exception_frame": "a.py:1 in f"},
            {"event_id": "a", "exception_type": "A", "exception_frame": "a.py:2 in g"},
            {"event_id": "c", "exception_type": "B", "exception_frame": "a.py:1 in f"},
        ],
        expect=[
            {"event_id": "a", "exception_frame": "a.py:2 in g", "events": 1},
            {"event_id": "b", "exception_frame": "a.py:1 in f", "events": 1},
            {"event_id": "c", "exception_type": "B", "events": 1},
        ],
    ),
    Case(
        "split by a key of attributes and an hour",
        options={"by": ("worker",), "bucket": "1h"},
        rows=[
            {
                "timestamp": "2026-01-05T11:59:00Z",
                "exception_type": "A",
                "attributes": {"worker": "w1"},
            },
            {
                "timestamp": "2026-01-05T10:01:00Z",
                "exception_type": "A",
                "attributes": {"worker": "w1"},
            },
            {"timestamp": "2026-01-05T10:02:00Z", "exception_type": "A"},
        ],
        expect=[
            {"worker": "w1", "bucket": "2026-01-05T10:00:00Z", "events": 1},
            {"worker": None, "bucket": "2026-01-05T10:00:00Z", "events": 1},
            {"worker": "w1", "bucket": "2026-01-05T11:00:00Z", "events": 1},
        ],
    ),
    Case(
        "an exception without message, frame, service or time is still counted",
        rows=[{"event_id": "e", "exception_type": "A"}],
        expect=[
            {
                "exception_type": "A",
                "exception_message": None,
                "exception_frame": None,
                "events": 1,
                "first_seen": None,
                "services": None,
                "event_id": "e",
            }
        ],
    ),
    Case("an error without an exception is none", rows=[{"severity": "ERROR"}], expect=[]),
]
