"""Requests refused with a 4xx that one caller or one path explains.

Reads     requests   http_status, user_id, api_key_hash, client_ip, user_agent, url_path
Returns   one row per caller or path; what a more telling column already explains is left out
Units     errors: answers 400 to 499; requests: all of that caller or path; error_share: errors of
          requests; explained_share: of the 4xx of all who state that column; shares 0 to 1
Method    a caller or path with min_share of its requests refused; a caller that has nearly all refusals
          of the case is found from a tenth of its requests on
Blind to  the background: a few 404s of many callers, and paths that never existed (a path counts
          for 404 only where it also succeeded); what a crawler that names itself, or a scanner, does not
          find, and an address that asks for each of many missing paths a few times: see scanner
Source    RFC 9110 section 15.5
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation import ties
from clew.detections._strangers import GONE, is_stray
from clew.detections._values import (
    CALLERS,
    PLACES,
    as_columns,
    named,
    of_subject,
    option,
    rank_of,
    spread,
)
from clew.detections._words import clock, many, share
from clew.model.case import Case
from clew.model.finding import Description

NEEDS = {"requests": ("http_status",)}
SUBJECT = (*CALLERS, *PLACES)
MEASURES = (
    "errors", "requests", "error_share", "explained_share", "others_error_share", "min_errors",
    "min_share", "min_explained",
)  # fmt: skip
REFERENCES: tuple[str, ...] = ()


def detect(
    events: ir.Table, *, min_errors: int = 20, min_share: float = 0.5, min_explained: float = 0.3
) -> ir.Table:
    counted = _refusable(events)
    facts = spread(counted, SUBJECT, "event_id", "timestamp", "http_status", "refused", "route")
    found = _callers_and_paths(facts)
    found = found.filter(
        (found.errors >= min_errors)
        & ((found.error_share >= min_share) | _alone(found))
        & (found.explained_share >= min_explained)
        & (found.error_share >= 3 * found.others_error_share)
        & ((found.gone <= found.errors / 2) | _asks_for_what_was_there(found))
    )
    t = _not_yet_explained(facts, found)
    return t.select(
        "started",
        "ended",
        "errors",
        "requests",
        "error_share",
        "explained_share",
        "others_error_share",
        **as_columns(t, SUBJECT),
        min_errors=ibis.literal(min_errors),
        min_share=option(min_share),
        min_explained=option(min_explained),
    ).order_by(ibis.desc("errors"), *SUBJECT)


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The refused requests, from the first."""
    refused = _of_row(events, row)
    return refused.select("event_id", "timestamp").order_by("timestamp", "event_id").limit(20)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    refused = _of_row(events, row)
    kinds = refused.group_by("http_status", "route").agg(
        errors=refused.count(), first=refused.timestamp.min()
    )
    told = refused.filter(refused.message.notnull())
    words = told.message.re_replace(r"[0-9a-fA-F]*[0-9][0-9a-fA-F]*", "#")
    said = told.group_by(words=words).agg(lines=told.count(), example=told.message.min())
    return {
        "kinds": kinds.order_by(ibis.desc("errors"), "http_status", "route").limit(3),
        "said": said.order_by(ibis.desc("lines"), "words").limit(1),
    }


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    who = named(row, SUBJECT)
    kinds = ", ".join(
        f"{kind['errors']:,} times {kind['http_status']} on {kind['route'] or 'an unknown path'} "
        f"since {clock(kind['first'])}"
        for kind in details["kinds"]
    )
    status = details["kinds"][0]["http_status"] if details["kinds"] else 400
    return Description(
        title=f"{row['errors']:,} of {row['requests']:,} requests of {who} were refused, "
        f"mostly with {status}",
        severity="medium" if row["errors"] >= 100 else "low",
        confidence=0.85,
        why=(
            f"Between {clock(row['started'])} and {clock(row['ended'])}: {kinds}.",
            *(
                f"Its refusals say, {many(said['lines'], 'time')}: {said['example'][:200]}"
                for said in details["said"]
                if said["lines"] * 2 >= row["errors"]
            ),
            f"That is {share(row['error_share'])} of its requests; of all others "
            f"{share(row['others_error_share'])} were refused.",
            f"It explains {share(row['explained_share'])} of the 4xx answers that state such one.",
        ),
        recommendations=(_advice(status, who),),
    )


def _refusable(events: ir.Table) -> ir.Table:
    seen = ties.observed(events)
    counted = ties.with_own_words(ties.requests(seen), seen)
    counted = counted.filter(counted.is_request)
    return counted.mutate(refused=counted.http_status.between(400, 499) & ~is_stray(counted))


def _callers_and_paths(facts: ir.Table) -> ir.Table:
    t = facts.group_by("name", "value").agg(
        requests=facts.count(),
        errors=facts.refused.cast("int64").sum(),
        gone=(facts.refused & facts.http_status.isin(GONE)).cast("int64").sum(),
        gone_routes=facts.route.nunique(where=facts.refused & facts.http_status.isin(GONE)),
        good=(facts.http_status < 400).cast("int64").sum(),
        started=facts.timestamp.min(where=facts.refused),
        ended=facts.timestamp.max(where=facts.refused),
    )
    whole = ibis.window(group_by=t.name)
    t = t.mutate(all_errors=t.errors.sum().over(whole), all_requests=t.requests.sum().over(whole))
    others = (t.all_requests - t.requests).nullif(0)
    return t.mutate(
        error_share=t.errors / t.requests,
        explained_share=t.errors / t.all_errors.nullif(0),
        others_error_share=(t.all_errors - t.errors) / others,
    )


def _asks_for_what_was_there(found: ir.Table) -> ir.BooleanValue:
    """A path that also succeeded; a named user; an address that asks for few missing paths again and again,
    as an old client does and no crawler."""
    is_path = ~found.name.isin(CALLERS)
    is_named = found.name.isin(("user_id", "api_key_hash"))
    asks: ir.BooleanValue = (
        (is_path & (found.good >= 10))
        | is_named
        | (~is_path & (found.gone >= 5 * found.gone_routes))
    )
    return asks


def _alone(found: ir.Table) -> ir.BooleanValue:
    """A caller with nearly all refusals there are, though most of what it asks succeeds."""
    alone: ir.BooleanValue = (
        found.name.isin(CALLERS)
        & (found.explained_share >= 0.8)
        & (found.error_share >= 0.1)
        & (found.error_share >= 10 * found.others_error_share)
    )
    return alone


def _not_yet_explained(facts: ir.Table, found: ir.Table) -> ir.Table:
    """Those for which most of their errors are not also a better column's: user before address."""
    keys = found.select("name", "value")
    refused = facts.filter(facts.refused).select("event_id", "name", "value")
    met = refused.join(keys, ["name", "value"])
    first = ibis.window(group_by=met.event_id, order_by=[rank_of(met.name, SUBJECT), met.value])
    met = met.mutate(place=ibis.row_number().over(first))
    own = met.group_by("name", "value").agg(own=(met.place == 0).cast("int64").sum())
    t = found.join(own, ["name", "value"])
    return t.filter(t.own * 2 >= t.errors)


def _of_row(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    counted = _refusable(events)
    return of_subject(counted.filter(counted.refused), row, SUBJECT)


def _advice(status: int, who: str) -> str:
    return {
        401: f"Check the credentials of {who}: a revoked or mistyped key, or someone trying keys.",
        403: f"Check what {who} is allowed to do.",
        404: f"Find where {who} takes these paths from: an old client, a scan, a route removed.",
        422: f"Show {who} which field is refused.",
        429: f"Slow {who} down, or raise its limit.",
    }.get(status, f"Show {who} what is wrong with these requests.")


def _asked(n: int, status: int, **columns: Any) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-20T10:{n // 60 % 60:02}:{n % 60:02}Z", "http_status": status,
        "url_path": "/v1/predict", "client_ip": f"198.51.100.{n % 9}", "service": "api", **columns,
    }  # fmt: skip


_HEALTHY = [_asked(n, 200) for n in range(300)]
_BACKGROUND = [
    _asked(n, 404, url_path=path)
    for n in range(0, 240, 8)
    for path in ("/favicon.ico", f"/old/{n}x.html")
]

CASES = [
    Case(
        "one caller's refused requests are found under its user, not once more under its address",
        rows=_HEALTHY
        + _BACKGROUND
        + [_asked(n, 401, user_id="batch", client_ip="203.0.113.7") for n in range(60)]
        + [_asked(n, 200, user_id="web") for n in range(60)],
        expect=[{"user_id": "batch", "client_ip": None, "errors": 60, "error_share": 1.0}],
    ),
    Case(
        "a path that began to refuse everyone is found by its path",
        rows=_HEALTHY
        + [_asked(n, 404 if n > 40 else 200, url_path="/v1/embed") for n in range(120)],
        expect=[{"url_path": "/v1/embed", "errors": 79, "requests": 120}],
    ),
    Case(
        "a caller whose one call in three is refused is found, where nobody else's is",
        rows=_HEALTHY
        + [_asked(n, 422 if n % 3 == 0 else 200, user_id="batch") for n in range(90)]
        + [_asked(n, 200, user_id="web") for n in range(90)],
        expect=[{"user_id": "batch", "errors": 30, "requests": 90}],
    ),
    Case(
        "a caller whom the application names stands for the address that the proxy saw",
        rows=[
            {**row, **side}
            for place, row in enumerate(
                [{**row, "user_id": "web"} for row in _HEALTHY]
                + [_asked(n, 422, user_id="u-17", client_ip="203.0.113.7") for n in range(40)]
            )
            for side in (
                {
                    "source_format": "nginx_access",
                    "source_id": "access",
                    "user_id": None,
                    "service": None,
                    "request_id": f"r{place}",
                },
                {
                    "source_format": "jsonl",
                    "source_id": "app",
                    "client_ip": None,
                    "request_id": f"r{place}",
                },
            )
        ],
        expect=[{"user_id": "u-17", "client_ip": None, "errors": 40}],
    ),
    Case(
        "a crawler and a scanner that find nothing are no clients",
        rows=_HEALTHY
        + [
            _asked(
                n,
                404,
                url_path=f"/old/p{n}",
                client_ip="203.0.113.7",
                user_agent="Mozilla/5.0 (compatible; ExampleBot/7.0)",
            )
            for n in range(90)
        ]
        + [
            _asked(n, 404, url_path=path, client_ip="203.0.113.8")
            for n in range(30)
            for path in ("/.env", "/wp-login.php")
        ]
        + [_asked(n, 404, url_path=f"/guess{n}", client_ip="203.0.113.9") for n in range(60)],
        expect=[],
    ),
    Case(
        "an old client that asks for a path that was removed is found by its address",
        rows=_HEALTHY
        + [_asked(n, 404, url_path="/v0/embed", client_ip="203.0.113.9") for n in range(60)],
        expect=[{"client_ip": "203.0.113.9", "errors": 60}],
    ),
    Case("the background of 404s is no finding", rows=_HEALTHY + _BACKGROUND, expect=[]),
    Case(
        "one address before everybody, a load balancer, is not accused",
        rows=[_asked(n, 404 if n % 10 == 0 else 200, client_ip="192.0.2.1") for n in range(600)],
        expect=[],
    ),
]
