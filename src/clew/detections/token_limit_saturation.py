"""A key or user whose completions sit at exactly the token limit, of the dearest model, all day long.

Reads     calls   output_tokens, max_tokens, finish_reason, cost_usd, model, api_key_hash, user_id
Returns   one row per key, or user where calls state no key; the model it saturates most
Units     at_limit: answered calls that ended at the limit; shares 0 to 1; hours_of_day: of 24;
          usd_per_mtok: what a million tokens of the model cost here, dearest_usd_per_mtok: of the
          dearest; peers_at_limit_share: median over the other owners, NULL without any
Method    at the limit is output_tokens = max_tokens or a finish_reason of length; where the log has
          neither, output_tokens = the largest of the owner and model, if that repeats
Blind to  fewer than min_calls calls; limits below min_limit tokens, as of a label or a probe; owners that
          the log does not tell apart; a log shorter than the hours that min_hours asks for is judged by
          its own length
Mistakes  a job that must write long texts, with a limit that is just right for it
Source    OWASP LLM10:2025 (unbounded consumption)
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import counted, number
from clew.correlation.clocks import microseconds
from clew.detections._call_habits import as_subject, named, owned, with_peers
from clew.detections._values import option
from clew.detections._words import clock, many, share
from clew.model.case import Case
from clew.model.finding import Description, Severity

NEEDS: dict[str, tuple[str, ...]] = {"calls": ("timestamp", "output_tokens", "model")}
NEEDS_ROWS = {
    "calls that name an api_key_hash or user_id": lambda e: (
        e.output_tokens.notnull() & (e.api_key_hash.notnull() | e.user_id.notnull())
    )
}
SUBJECT = ("api_key_hash", "user_id")
MEASURES = (
    "at_limit", "calls", "at_limit_share", "peers_at_limit_share", "limit_tokens", "output_tokens",
    "hours_active", "hours_of_day", "span_hours", "usd_per_mtok", "dearest_usd_per_mtok",
    "cost_usd", "min_calls", "min_at_limit_share", "min_hours", "min_limit",
)  # fmt: skip
REFERENCES = ("owasp.llm10-2025", "atlas.aml.t0034")
PLAYBOOK = "set a limit of output tokens for the key, notify its owner and the owner of the bill"
AT_LENGTH = r"(?i)\b(length|max_?(output_?)?tokens|model_length)\b"


def detect(
    events: ir.Table,
    *,
    min_calls: int = 50,
    min_at_limit_share: float = 0.8,
    min_hours: int = 12,
    min_limit: int = 128,
) -> ir.Table:
    t = _answered(events)
    each = t.group_by("owner_name", "owner", "model").agg(
        started=t.timestamp.min(where=t.is_at_limit),
        ended=t.timestamp.max(where=t.is_at_limit),
        calls=t.count(),
        at_limit=number(t.is_at_limit),
        stated=number(t.is_stated),
        limit_tokens=t.output_tokens.quantile(0.5, where=t.is_at_limit),
        output_tokens=t.output_tokens.sum(),
        hours_active=t.hour.nunique(where=t.is_at_limit),
        hours_of_day=t.hour_of_day.nunique(where=t.is_at_limit),
        first_us=t.at_us.min(),
        last_us=t.at_us.max(),
        cost_usd=t.cost_usd.sum().cast("float64"),
    )
    each = each.mutate(
        at_limit_share=each.at_limit / each.calls,
        span_hours=(each.last_us - each.first_us) / 3_600_000_000.0,
    )
    prices = t.filter(t.cost_usd.notnull() & (t.tokens > 0)).group_by("model").agg(
        usd_per_mtok=lambda p: p.cost_usd.sum().cast("float64") / p.tokens.sum() * 1_000_000
    )  # fmt: skip
    dearest = prices.aggregate(dearest_usd_per_mtok=prices.usd_per_mtok.max())
    found = _of_owner(each)
    found = found.left_join(prices, "model").drop("model_right").cross_join(dearest)
    whole_hours = ibis.greatest(found.span_hours.ceil().cast("int64"), 1)
    enough_hours = ibis.least(min_hours, whole_hours)
    found = found.filter(
        (found.calls >= min_calls)
        & (found.at_limit_share >= option(min_at_limit_share))
        & (found.limit_tokens >= min_limit)
        & (found.hours_of_day >= enough_hours)
        & (
            found.peers_at_limit_share.isnull()
            | (found.at_limit_share >= 2 * found.peers_at_limit_share)
        )
    )
    found = found.mutate(
        **as_subject(found),
        is_dearest=(found.usd_per_mtok >= 0.8 * found.dearest_usd_per_mtok).fill_null(False),
        cost_usd=found.cost_usd.cast("decimal(18, 9)"),
    )
    return found.select(
        *SUBJECT, *(name for name in MEASURES if name in found.columns), "started", "ended", "model",
        "is_dearest", "stated",
        min_calls=ibis.literal(min_calls),
        min_at_limit_share=option(min_at_limit_share),
        min_hours=ibis.literal(min_hours),
        min_limit=ibis.literal(min_limit),
    ).order_by(ibis.desc("at_limit"), *SUBJECT)  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """Calls at the limit, the first of each hour of the day before the second."""
    t = _answered(events)
    for name in SUBJECT:
        if row[name] is not None:
            t = t.filter(t[name] == row[name])
    t = t.filter(t.is_at_limit & (t.model == row["model"]))
    nth = ibis.window(group_by=t.hour_of_day, order_by=[t.timestamp, t.event_id])
    t = t.mutate(nth=ibis.row_number().over(nth))
    return t.order_by("nth", "timestamp", "event_id").select("event_id", "timestamp").limit(20)


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    round_the_clock = row["hours_of_day"] >= 20 and row["span_hours"] >= 20
    severity: Severity = "low"
    if row["is_dearest"]:
        severity = "high" if round_the_clock and row["at_limit"] >= 200 else "medium"
    elif round_the_clock and row["usd_per_mtok"] is None:
        severity = "medium"
    dearest = "the dearest model here, " if row["is_dearest"] else ""
    reasons = [
        f"Between {clock(row['started'])} and {clock(row['ended'])}, {row['at_limit']:,} of "
        f"{row['calls']:,} answers of {row['model']} ended at the limit, mostly of "
        f"{row['limit_tokens']:,.0f} tokens ({share(row['at_limit_share'])}).",
        f"They lie in {many(row['hours_active'], 'hour')}, at {row['hours_of_day']} of the 24 hours of the day.",
        "Nobody else is in the log to compare with."
        if row["peers_at_limit_share"] is None
        else f"Of the median of the other keys and users {share(row['peers_at_limit_share'])} end so.",
    ]
    if row["usd_per_mtok"] is None:
        reasons.append("The calls have no price, so whether the model is the dearest is not known.")
    else:
        reasons.append(
            f"A million tokens of {row['model']} cost {row['usd_per_mtok']:.2f} USD here; of the dearest "
            f"model {row['dearest_usd_per_mtok']:.2f} USD. These calls cost {row['cost_usd'] or 0:.2f} USD."
        )
    if not row["stated"]:
        reasons.append(
            "The log states no limit and no finish reason: the limit is taken from the answers, "
            "whose largest length repeats."
        )
    if not round_the_clock:
        reasons.append(
            "A batch job with a low limit looks like this too; it keeps to its own hours."
        )
    return Description(
        title=f"{named(row)} runs {share(row['at_limit_share'])} of its answers of {dearest}"
        f"{row['model']} into the token limit, at {row['hours_of_day']} of 24 hours",
        severity=severity,
        confidence=0.85 if row["stated"] and row["peers_at_limit_share"] is not None else 0.65,
        why=tuple(reasons),
        recommendations=(
            f"Ask who is behind {named(row)[0].lower()}{named(row)[1:]} what it does; if nobody knows, "
            "revoke its key.",
            "Give it a budget of tokens a day, and a lower max_tokens or a cheaper model.",
        ),
    )


def _answered(events: ir.Table) -> ir.Table:
    """Answered calls of owners, with is_at_limit and is_stated."""
    t = counted(events)
    t = t.filter(~t.failed & t.timestamp.notnull() & (t.output_tokens > 0) & t.model.notnull())
    t = owned(t.mutate(at_us=microseconds(t.timestamp)))
    t = t.select(
        "event_id", "timestamp", "at_us", "hour", "hour_of_day", "owner_name", "owner", "model",
        "api_key_hash", "user_id", "output_tokens", "max_tokens", "finish_reason", "cost_usd", "tokens",
    )  # fmt: skip
    own = ibis.window(group_by=[t.owner_name, t.owner, t.model])
    t = t.mutate(
        is_stated=t.max_tokens.notnull() | t.finish_reason.notnull(),
        largest=t.output_tokens.max().over(own),
    )
    told = (t.output_tokens >= t.max_tokens).fill_null(False) | t.finish_reason.re_search(
        AT_LENGTH
    ).fill_null(False)
    t = t.mutate(guessed=(t.output_tokens == t.largest) & (t.largest >= 256))
    return t.mutate(is_at_limit=ibis.ifelse(t.is_stated, told, t.guessed))


def _of_owner(each: ir.Table) -> ir.Table:
    """The model that each owner runs into the limit most, with the peers' share over all models."""
    most = ibis.window(
        group_by=[each.owner_name, each.owner], order_by=[each.at_limit.desc(), each.model]
    )
    each = each.mutate(nth=ibis.row_number().over(most))
    return with_peers(
        each.filter(each.nth == 0).drop("nth"), "at_limit_share", "peers_at_limit_share"
    )


def _day(
    key: str,
    *,
    every_s: int,
    tokens: Any,
    model: str = "gpt-4o",
    hours: range = range(24),
    **columns: Any,
) -> list[dict[str, Any]]:
    return [
        {
            "timestamp": f"2026-11-20T{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}Z", "model": model,
            "api_key_hash": key, "input_tokens": 50, "output_tokens": tokens(s),
            "cost_usd": "0.04" if model == "gpt-4o" else "0.001", **columns,
        }
        for s in range(0, 86_400, every_s)
        if s // 3600 in hours
    ]  # fmt: skip


_PEERS = [
    row
    for n in range(4)
    for row in _day(f"peer-{n}", every_s=600, tokens=lambda s: 40 + s * 31 % 900, max_tokens=1024)
] + _day("cheap", every_s=600, tokens=lambda s: 40 + s * 7 % 300, model="gpt-4o-mini")

CASES = [
    Case(
        "a key whose answers all sit at the limit of the dearest model around the clock",
        rows=_PEERS + _day("greedy", every_s=300, tokens=lambda s: 4096, max_tokens=4096),
        expect=[
            {
                "api_key_hash": "greedy", "at_limit": 288, "calls": 288, "at_limit_share": 1.0,
                "hours_of_day": 24, "is_dearest": True, "peers_at_limit_share": 0.0,
            }
        ],
    ),
    Case(
        "a finish reason of length says it too, of a user where there are no keys",
        rows=_PEERS
        + [
            {**row, "api_key_hash": None, "user_id": "ann"}
            for row in _day("", every_s=600, tokens=lambda s: 512, finish_reason="length")
        ],
        expect=[{"user_id": "ann", "api_key_hash": None, "at_limit": 144}],
    ),
    Case(
        "where the log states neither limit nor reason, answers of one length tell",
        rows=[{**row, "max_tokens": None} for row in _PEERS]
        + _day("greedy", every_s=600, tokens=lambda s: 4096),
        expect=[{"api_key_hash": "greedy", "stated": 0, "at_limit": 144}],
    ),
    Case(
        "a nightly batch with a low limit keeps to its hours",
        rows=_PEERS
        + _day("batch", every_s=60, tokens=lambda s: 16, max_tokens=16, hours=range(1, 4))
        + _day("batch", every_s=3600, tokens=lambda s: 200, max_tokens=1024),
        expect=[],
    ),
    Case(
        "a health check that asks for one token around the clock is none",
        rows=_PEERS + _day("probe", every_s=300, tokens=lambda s: 1, max_tokens=1),
        expect=[],
    ),
    Case("answers below the limit are no saturation", rows=_PEERS, expect=[]),
]  # fmt: skip
