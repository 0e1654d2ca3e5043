"""Calls that went past the guardrail which calls of the same kind go through.

Reads     calls, each counted once   guardrail_id, attributes (moderation, guard and the like), trace_id, service,
          operation, model, user_id, api_key_hash, timestamp; spans of guardrails in the same trace (operation or
          name says guardrail, moderation, content safety)
Returns   one row for each service and operation, and the key, user, version or model that most of the gap shares
Units     gap: calls without a guardrail; covered: calls with one; covered_share: of all, 0 to 1, without those of the
          subject where there is one; of_subject: calls of the subject; min_share, min_calls: options
Method    reported where min_share of the calls of a service and operation pass a guardrail and min_calls do not. The
          column whose one value holds four fifths of the gap, and whose other values hardly any, is the subject
Blind to  guardrails that leave no trace in the log; services that have none at all; calls that failed do not count
Mistakes  internal calls that need no guardrail under the same operation; sampled traces
Source    OWASP LLM01:2025; MITRE ATLAS AML.M0020 (generative AI guardrails)
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import counted, number
from clew.detections._prompts import few, shown
from clew.detections._values import option
from clew.detections._words import clock, many, share
from clew.model.case import Case
from clew.model.finding import Description
from clew.model.json_lists import any_found
from clew.model.views import attribute_keys

NEEDS = {"calls": ("timestamp",)}
NEEDS_ROWS = {
    "guardrail_id, a moderation's verdict, or spans of guardrails": lambda e: (
        _is_checked(e) | _is_guard(e)
    )
}
COLUMNS = ("api_key_hash", "user_id", "service_version", "model", "client_ip")
SUBJECT = ("service", "operation", *COLUMNS)
MEASURES = ("gap", "covered", "covered_share", "of_subject", "min_share", "min_calls")
REFERENCES = ("owasp.llm01-2025", "atlas.aml.m0020", "attack.t1562")
PLAYBOOK = (
    "notify the service's owner, put the guard before the route, look at what passed without it"
)
SAID = r"^(?:moderation|guard|guardrails?|guardrail_result|content_filter_results?)(?:\.|$)"
"""Keys of attributes under which a row holds what a guardrail said of it."""
MOST_OF = 0.8


def detect(events: ir.Table, *, min_share: float = 0.8, min_calls: int = 3) -> ir.Table:
    keys = ["service_key", "operation_key"]
    t = _calls(events)
    groups = t.group_by(keys).agg(
        covered=number(t.is_covered), gap=number(~t.is_covered), calls=t.count(),
        started=t.timestamp.min(where=~t.is_covered), ended=t.timestamp.max(where=~t.is_covered),
    )  # fmt: skip
    groups = groups.filter((groups.covered > 0) & (groups.gap >= min_calls))
    t = t.semi_join(groups, keys)
    parts = []
    for rank, column in enumerate(COLUMNS):
        part = t.filter(t[column].notnull())
        each = part.group_by(*keys, value=part[column]).agg(
            of_subject=part.count(),
            own_gap=number(~part.is_covered),
            own_covered=number(part.is_covered),
        )
        parts.append(each.mutate(name=ibis.literal(column), rank=ibis.literal(rank)))
    each = ibis.union(*parts).join(groups.select(*keys, "gap", "covered", "calls"), keys)
    is_it = (each.own_gap >= each.gap * option(MOST_OF)) & (each.of_subject * 2 <= each.calls)
    each = each.filter(is_it & (each.own_covered <= each.own_gap))
    order = [each.own_gap.desc(), each["rank"], each["value"]]
    each = each.mutate(
        place=ibis.row_number().over(ibis.window(group_by=[each[k] for k in keys], order_by=order))
    )
    best = each.filter(each.place == 0).select(
        *keys, "name", "value", "of_subject", "own_gap", "own_covered"
    )
    found = groups.left_join(best, keys).drop(*(f"{key}_right" for key in keys))
    others = found.calls - found.of_subject.fill_null(0)
    found = found.mutate(
        covered_share=(found.covered - found.own_covered.fill_null(0))
        / others.nullif(0).cast("float64")
    )
    found = found.filter(found.covered_share >= option(min_share))
    gap = t.filter(~t.is_covered)
    found = found.join(few(gap, gap.event_id, [gap.timestamp, gap.event_id], keys), keys)
    none = ibis.null("string")
    return found.mutate(
        **{column: ibis.ifelse((found.name == column).fill_null(False), found["value"], none) for column in COLUMNS},
        service=found.service_key.nullif(""),
        operation=found.operation_key.nullif(""),
        min_share=option(min_share),
        min_calls=ibis.literal(min_calls),
    ).drop(*keys, "calls", "own_gap", "own_covered").order_by(
        ibis.desc("gap"), "service", "operation", "value"
    )  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The first calls without a guardrail."""
    return shown(events, row)


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    where = " ".join(filter(None, (row["service"], row["operation"]))) or "the service"
    words = {
        "api_key_hash": "key",
        "user_id": "user",
        "service_version": "version",
        "client_ip": "address",
    }
    subject = (
        f", those of {words.get(row['name'], row['name'])} {row['value']}" if row["name"] else ""
    )
    return Description(
        title=f"{many(row['gap'], 'call')} of {where} went past the guardrail{subject}",
        severity="high" if row["name"] in ("api_key_hash", "user_id", "client_ip") else "medium",
        confidence=0.75 if row["name"] else 0.55,
        why=(
            f"{share(row['covered_share'])} of the other calls of {where} pass a guardrail ({row['covered']:,} in "
            f"all); "
            f"{many(row['gap'], 'call')} between {clock(row['started'])} and {clock(row['ended'])} show none.",
            f"Most of them are {row['name']} {row['value']}, of which {many(row['of_subject'], 'call')} are in the log."
            if row["name"]
            else "No key, user, version, model or address holds most of them.",
        ),
        recommendations=(
            "Put the guardrail into the gateway, where no caller can leave it out.",
            "Run the guardrail over the prompts of these calls now.",
        ),
    )


def _is_checked(t: ir.Table) -> ir.BooleanValue:
    """Whether the call's own row tells of a guardrail, by name or by what it said."""
    said: ir.BooleanValue = any_found(attribute_keys(t.attributes), SAID)
    return t.guardrail_id.notnull() | said.fill_null(False)


def _is_guard(t: ir.Table) -> ir.BooleanValue:
    names = r"guard_?rail|moderation|content_?safety|prompt_?shield|llama_?guard"
    found = t.operation.lower().re_search(names).fill_null(False)
    is_guard: ir.BooleanValue = found | t.span_name.lower().re_search(names).fill_null(False)
    return is_guard


def _calls(events: ir.Table) -> ir.Table:
    t = counted(events)
    t = t.filter(~t.failed, t.timestamp.notnull(), ~_is_guard(t))
    t = t.filter(~t.operation.lower().re_search("embed|rerank|tool|agent").fill_null(False))
    guarded = events.filter(_is_guard(events), events.trace_id.notnull())
    guarded = guarded.select(guarded_trace="trace_id").distinct()
    t = t.left_join(guarded, t.trace_id == guarded.guarded_trace)
    return t.mutate(
        is_covered=_is_checked(t) | t.guarded_trace.notnull(),
        service_key=t.service.fill_null(""),
        operation_key=t.operation.fill_null(""),
    )


def _call(minute: int, guard: str | None = "g1", **columns: Any) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-20T10:{minute:02}:00Z", "service": "chat", "operation": "chat", "model": "m",
        "user_id": f"u{minute % 9}", "guardrail_id": guard, **columns,
    }  # fmt: skip


CASES = [
    Case(
        "one key whose calls never see the guardrail",
        rows=[_call(n, api_key_hash=f"k{n % 3}") for n in range(30)]
        + [_call(30 + n, None, api_key_hash="dev") for n in range(5)],
        expect=[
            {
                "service": "chat",
                "operation": "chat",
                "api_key_hash": "dev",
                "user_id": None,
                "gap": 5,
                "covered": 30,
                "covered_share": 1.0,
                "of_subject": 5,
            }
        ],
    ),
    Case(
        "a guardrail is a span of the trace here, and nobody in particular goes past it",
        rows=[
            row
            for n in range(40)
            for row in (
                _call(n, None, trace_id=f"t{n}", span_id="a", span_name="chat"),
                _call(
                    n,
                    None,
                    trace_id=f"t{n}",
                    span_id="b",
                    span_name="guardrail.check",
                    operation=None,
                    model=None,
                ),
            )
        ]
        + [_call(n, None, trace_id=f"x{n}") for n in range(5)],
        expect=[{"gap": 5, "covered": 40, "api_key_hash": None, "user_id": None}],
    ),
    Case(
        "a verdict under a key of its own is a guardrail, and nothing names the operation",
        rows=[
            {**_call(n, None, operation=None), "attributes": {"moderation.flagged": False}}
            for n in range(40)
        ]
        + [_call(40 + n, None, operation=None) for n in range(5)],
        expect=[{"gap": 5, "covered": 40, "operation": None}],
    ),
    Case(
        "half of the calls have one: that is how it is",
        rows=[_call(n, ("g1", None)[n % 2]) for n in range(40)],
        expect=[],
    ),
    Case(
        "embeddings need none",
        rows=[_call(n) for n in range(30)]
        + [_call(n, None, operation="embeddings") for n in range(9)],
        expect=[],
    ),
    Case(
        "two calls are few",
        rows=[_call(n) for n in range(30)] + [_call(40, None), _call(41, None)],
        expect=[],
    ),
]
