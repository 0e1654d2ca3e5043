"""Which values a column holds most often; several columns at once are a quick portrait of a case.

Reads     events   the columns asked for: canonical ones, or keys of attributes
Returns   one row per value, the most frequent first, at most `limit` a column and group; columns
          in the order asked for, in time order with a bucket
Units     value: as text; count: rows; share: of the rows of that group that have the column, 0 to 1
Blind to  rows without a value, which neither count nor are part of the share
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._by import group_keys, per_group, value_of
from clew.model.case import Case

RETURNS = ("column", "value", "count", "share")
_PORTRAIT = ("service", "severity", "http_status", "url_path", "client_ip")


def top_values(
    events: ir.Table,
    *,
    by: tuple[str, ...] = (),
    bucket: str | None = None,
    column: str | tuple[str, ...] = _PORTRAIT,
    limit: int = 10,
) -> ir.Table:
    columns = (column,) if isinstance(column, str) else tuple(column)
    keys = list(group_keys(events, by, bucket, RETURNS))
    counted = ibis.union(*(_values(events, name, by, bucket) for name in columns))
    group = [*keys, "column"]
    ranked = counted.mutate(
        share=counted["count"] / counted["count"].sum().over(ibis.window(group_by=group)),
        clew_rank=ibis.row_number().over(
            ibis.window(group_by=group, order_by=[counted["count"].desc(), counted.value.asc()])
        ),
    )
    kept = ranked.filter(ranked.clew_rank < limit).select(*keys, *RETURNS)
    place = kept["column"].cases(*((name, place) for place, name in enumerate(columns)))
    return kept.order_by(
        *(kept[name].asc() for name in keys if name == "bucket"),
        place.asc(),
        *(kept[name].asc() for name in keys if name != "bucket"),
        kept["count"].desc(),
        kept.value.asc(),
    )


def _values(events: ir.Table, name: str, by: tuple[str, ...], bucket: str | None) -> ir.Table:
    """How many rows hold each value of one column."""
    held = events.filter(value_of(events, name).notnull())
    keys = group_keys(held, by, bucket, RETURNS)
    counted = per_group(held, {**keys, "value": value_of(held, name)}, count=held.count())
    return counted.select(
        *keys, column=ibis.literal(name), value=counted.value.cast("string"), count=counted["count"]
    )


CASES = [
    Case(
        "values are counted, equal counts by value; NULL is no value",
        options={"column": "user_id"},
        rows=[
            {"user_id": "bo"},
            {"user_id": "al"},
            {"user_id": "cy"},
            {"user_id": "cy"},
            {"user_id": None},
        ],
        expect=[
            {"column": "user_id", "value": "cy", "count": 2, "share": 0.5},
            {"column": "user_id", "value": "al", "count": 1, "share": 0.25},
            {"column": "user_id", "value": "bo", "count": 1, "share": 0.25},
        ],
    ),
    Case(
        "empty text is a value",
        options={"column": "message"},
        rows=[{"message": ""}, {"message": None}],
        expect=[{"value": "", "count": 1, "share": 1.0}],
    ),
    Case(
        "several columns stand in the order asked for, numbers and attributes as text",
        options={"column": ("http_status", "ab.arm")},
        rows=[
            {"http_status": 200, "attributes": {"ab.arm": "B"}},
            {"http_status": 200, "attributes": {"ab.arm": "A"}},
            {"http_status": 500, "attributes": {"ab.arm": "B"}},
        ],
        expect=[
            {"column": "http_status", "value": "200", "count": 2},
            {"column": "http_status", "value": "500", "count": 1},
            {"column": "ab.arm", "value": "B", "count": 2},
            {"column": "ab.arm", "value": "A", "count": 1},
        ],
    ),
    Case(
        "the limit cuts each group by itself; the share is of all its rows",
        options={"column": "url_path", "by": ("service",), "limit": 1},
        rows=[
            {"service": "api", "url_path": "/a"},
            {"service": "api", "url_path": "/a"},
            {"service": "api", "url_path": "/b"},
            {"service": "api", "url_path": "/c"},
            {"service": "web", "url_path": "/d"},
        ],
        expect=[
            {"service": "api", "value": "/a", "count": 2, "share": 0.5},
            {"service": "web", "value": "/d", "count": 1, "share": 1.0},
        ],
    ),
    Case(
        "each bucket has its own values",
        options={"column": "severity", "bucket": "1m", "by": ("pod.zone",)},
        rows=[
            {"timestamp": "2026-01-05T10:01:00Z", "severity": "INFO"},
            {
                "timestamp": "2026-01-05T10:00:59Z",
                "severity": "WARN",
                "attributes": {"pod.zone": "z1"},
            },
        ],
        expect=[
            {"pod.zone": "z1", "bucket": "2026-01-05T10:00:00Z", "value": "WARN"},
            {"pod.zone": None, "bucket": "2026-01-05T10:01:00Z", "value": "INFO"},
        ],
    ),
    Case(
        "a column that no row has gives no rows", options={"column": "team"}, rows=[{}], expect=[]
    ),
]
