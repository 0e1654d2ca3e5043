"""How many requests failed, and which share of all that is.

Reads     requests   http_status, status, request_id, timestamp; in a case without HTTP rows log
                     records and AI calls count, and those of ERROR or FATAL are errors. Split by model or
          provider: AI calls, each counted once, with error_type and error_class
Returns   one row per value of the columns split by; most errors first, in time order with a bucket
Units     requests, errors (5xx, or a status that says error), client_errors (4xx): distinct
          requests; of AI calls every one that failed is an error, refusals (4xx) included, which
          client_errors tells apart; error_share: errors of requests, 0 to 1, NULL where there are no requests
Blind to  a request in two groups (proxy and application named apart): it counts once in each;
          sources that share no request_id count twice
"""

from __future__ import annotations

import ibis.expr.types as ir

from clew.analyses._by import group_keys, ordered, per_group
from clew.analyses._requests import count_requests, is_error, served
from clew.correlation.call_outcomes import counted, number
from clew.model.case import Case
from clew.model.vocabulary import resolve

RETURNS = ("requests", "errors", "client_errors", "error_share")


def error_rate(
    events: ir.Table, *, by: tuple[str, ...] = (), bucket: str | None = None
) -> ir.Table:
    if any(name in CALLED or resolve(name).column in CALLED for name in by):
        return _of_calls(events, by, bucket)
    found = served(events)
    keys = group_keys(found, by, bucket, RETURNS)
    sums = per_group(
        found,
        keys,
        requests=count_requests(found),
        errors=count_requests(found, is_error(found)),
        client_errors=count_requests(found, found.http_status.between(400, 499)),
    )
    shared = sums.mutate(error_share=sums.errors / sums.requests.nullif(0))
    return ordered(shared, list(keys), "errors", "requests")


CALLED = ("model", "provider", "response_model")
"""Columns that AI calls alone have: split by one of them, these are what is counted."""


def _of_calls(events: ir.Table, by: tuple[str, ...], bucket: str | None) -> ir.Table:
    calls = counted(events)
    keys = group_keys(calls, by, bucket, RETURNS)
    found = per_group(
        calls,
        keys,
        requests=calls.count(),
        errors=number(calls.failed),
        client_errors=number(calls.http_status.between(400, 499)),
    )
    found = found.mutate(error_share=found.errors / found.requests.nullif(0))
    return ordered(found, list(keys), "errors", "requests")


CASES = [
    Case(
        "the share of 5xx is told per service, worst first",
        options={"by": ("service",)},
        rows=[
            {"service": "api", "http_status": 200},
            {"service": "api", "http_status": 500},
            {"service": "api", "http_status": 404},
            {"service": "api", "http_status": 200},
            {"service": "web", "http_status": 200},
        ],
        expect=[
            {"service": "api", "requests": 4, "errors": 1, "client_errors": 1, "error_share": 0.25},
            {"service": "web", "requests": 1, "errors": 0, "client_errors": 0, "error_share": 0.0},
        ],
    ),
    Case(
        "a request that proxy and application both saw counts once, and failed if either says so",
        rows=[
            {"request_id": "r1", "http_status": 502, "source_format": "nginx_access"},
            {"request_id": "r1", "http_status": None, "http_method": "GET", "severity": "ERROR"},
            {"request_id": "r2", "http_status": 200, "source_format": "nginx_access"},
            {"request_id": "r2", "http_status": 200, "source_format": "jsonl"},
        ],
        expect=[{"requests": 2, "errors": 1, "client_errors": 0, "error_share": 0.5}],
    ),
    Case(
        "by model and provider AI calls count, each once; a refusal is an error of a call",
        options={"by": ("provider", "model")},
        rows=[
            {"provider": "openai", "model": "a", "http_status": 429},
            {"provider": "openai", "model": "a", "error_type": "APITimeoutError"},
            {"provider": "openai", "model": "a", "input_tokens": 5},
            {"provider": "openai", "model": "a", "response_id": "r1", "source_id": "log"},
            {"provider": "openai", "model": "a", "response_id": "r1", "source_id": "trace"},
            {"provider": "mistral", "model": "b", "http_status": 200},
            {"http_method": "GET", "http_status": 500},
        ],
        expect=[
            {
                "provider": "openai",
                "model": "a",
                "requests": 4,
                "errors": 2,
                "client_errors": 1,
                "error_share": 0.5,
            },
            {"provider": "mistral", "model": "b", "requests": 1, "errors": 0, "error_share": 0.0},
        ],
    ),
    Case(
        "rows without a request_id are requests of their own",
        rows=[{"http_status": 200}, {"http_status": 200}, {"http_status": 503}],
        expect=[{"requests": 3, "errors": 1}],
    ),
    Case(
        "log records count only where the case has no HTTP rows",
        rows=[
            {"message": "ready", "severity": "INFO"},
            {"message": "no disk", "severity": "FATAL"},
            {"message": "odd", "severity": "WARN"},
            {"message": "broken", "severity": "ERROR"},
        ],
        expect=[{"requests": 4, "errors": 2, "client_errors": 0, "error_share": 0.5}],
    ),
    Case(
        "beside HTTP rows an error in the log is no request",
        rows=[{"http_status": 200}, {"message": "broken", "severity": "ERROR"}],
        expect=[{"requests": 1, "errors": 0, "error_share": 0.0}],
    ),
    Case(
        "a span whose status says error is an error without a status code",
        rows=[{"http_method": "GET", "status": "error"}, {"http_method": "GET", "status": "ok"}],
        expect=[{"requests": 2, "errors": 1}],
    ),
    Case(
        "buckets stand in time order, before 1970 too; rows without a time come last",
        options={"bucket": "5m"},
        rows=[
            {"timestamp": "2026-01-05T10:04:59.999999Z", "http_status": 500},
            {"timestamp": "2026-01-05T10:05:00Z", "http_status": 200},
            {"timestamp": "1969-12-31T23:59:59.5Z", "http_status": 200},
            {"timestamp": None, "http_status": 200},
        ],
        expect=[
            {"bucket": "1969-12-31T23:55:00Z", "requests": 1, "errors": 0},
            {"bucket": "2026-01-05T10:00:00Z", "requests": 1, "errors": 1},
            {"bucket": "2026-01-05T10:05:00Z", "requests": 1, "errors": 0},
            {"bucket": None, "requests": 1, "errors": 0},
        ],
    ),
    Case(
        "a key of attributes splits like a column; rows without it stand under NULL",
        options={"by": ("deploy.ring",)},
        rows=[
            {"http_status": 500, "attributes": {"deploy.ring": "canary"}},
            {"http_status": 200, "attributes": {"deploy.ring": "main"}},
            {"http_status": 200, "attributes": {"other": "x"}},
        ],
        expect=[
            {"deploy.ring": "canary", "requests": 1, "errors": 1},
            {"deploy.ring": "main", "requests": 1, "errors": 0},
            {"deploy.ring": None, "requests": 1, "errors": 0},
        ],
    ),
    Case(
        "no events: no requests, and no share of them",
        rows=[],
        expect=[{"requests": 0, "errors": 0, "client_errors": 0, "error_share": None}],
    ),
    Case("no events have no groups", options={"by": ("service",)}, rows=[], expect=[]),
]
