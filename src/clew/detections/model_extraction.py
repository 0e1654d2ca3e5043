"""A key or user that asks a model as one copies it: many prompts, none twice, in a system, all day.

Reads     calls   prompt or prompt_hash, model, api_key_hash, user_id, timestamp, request_params
Returns   one row per key, or user where calls state no key, over all its models
Units     distinct_share: different prompts of all; template_share: prompts with the owner's most common
          opening, its first three words with numbers taken alike; sequence_share: prompts whose first
          number goes up by 1 to 10 from the call before; gap_variation: standard deviation of the
          seconds between calls by their mean (about 1 for people, near 0 for a clock); hours_of_day:
          of 24; logprobs_share: calls that ask for log-probabilities; peers_calls: median of the others
Method    an owner with min_calls calls, min_factor times its peers' (as many, where it asks for
          log-probabilities) and min_distinct_share different prompts shows volume and diversity. Signs
          are added up: log-probabilities (3 points), a sequence or a template (1 each), an even pace (1),
          round the clock (1), calls ten times its peers' (1). Three points are a finding, which is of
          high severity only with log-probabilities; without these it must last as long as the log does
Blind to  extraction spread over many keys; logs without prompts; a slow copier among heavy users.
          A batch job (classify each document once) looks alike but for hours and log-probabilities: in
          a log no longer than itself it is found, with low severity
Mistakes  a labelling or evaluation run over a large set; a customer's own batch of documents
Source    MITRE ATLAS AML.T0024.002; Tramer et al. 2016, Stealing machine learning models via
          prediction APIs
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import counted, number
from clew.correlation.clocks import microseconds
from clew.detections._call_habits import HOUR_US, as_subject, named, owned, with_peers
from clew.detections._values import option
from clew.detections._words import clock, share
from clew.model.case import Case
from clew.model.finding import Description, Severity
from clew.model.views import attribute

NEEDS: dict[str, tuple[str, ...]] = {"calls": ("timestamp",)}
NEEDS_ROWS = {
    "calls with prompt or prompt_hash that name an api_key_hash or user_id": lambda e: (
        (e.model.notnull() | e.provider.notnull())
        & (e.prompt.notnull() | e.prompt_hash.notnull())
        & (e.api_key_hash.notnull() | e.user_id.notnull())
    )
}
SUBJECT = ("api_key_hash", "user_id")
MEASURES = (
    "calls", "peers_calls", "distinct_prompts", "distinct_share", "peers_distinct_share",
    "template_share", "sequence_share", "gap_variation", "median_gap_s", "hours_active",
    "hours_of_day", "span_hours", "logprobs_share", "input_tokens", "output_tokens", "cost_usd",
    "points", "min_calls", "min_factor", "min_distinct_share", "min_points",
)  # fmt: skip
REFERENCES = ("atlas.aml.t0024.002", "owasp.llm10-2025")
PLAYBOOK = "revoke the key, set a limit of requests, keep the prompts for review, notify the owner"
LASTING = 0.8
"""Of the log's length, from which on an owner calls all along and not in a job's hours."""
LOGPROBS = r"(?i)logprobs\\?[\"']?\s*[:=]\s*(true|[1-9])"


def detect(
    events: ir.Table,
    *,
    min_calls: int = 300,
    min_factor: float = 3.0,
    min_distinct_share: float = 0.9,
    min_points: int = 3,
) -> ir.Table:
    t = _asked(events)
    owners = _owners(t)
    every = ibis.window()
    whole_us = owners.last_us.max().over(every) - owners.first_us.min().over(every)
    owners = owners.mutate(is_as_long=owners.span_hours * HOUR_US >= LASTING * whole_us)
    found = with_peers(owners, "calls", "peers_calls")
    found = with_peers(found, "distinct_share", "peers_distinct_share")
    found = found.filter(
        (found.calls >= min_calls)
        & (found.distinct_share >= option(min_distinct_share))
        & (
            found.peers_calls.isnull()
            | (found.calls >= option(min_factor) * found.peers_calls)
            | ((found.logprobs_share >= 0.5) & (found.calls >= found.peers_calls))
        )
    )
    # only the prompts of those few are read closely
    found = found.join(
        _closely(t.semi_join(found, ["owner_name", "owner"])), ["owner_name", "owner"]
    )
    found = found.mutate(
        has_logprobs=found.logprobs_share >= 0.5,
        is_templated=found.template_share >= 0.5,
        is_sequence=(found.sequence_share >= 0.5).fill_null(False),
        is_even=(found.gap_variation <= 0.5).fill_null(False),
        is_round_the_clock=(found.hours_of_day >= 20) & (found.span_hours >= 20),
        is_heavy=(found.calls >= 10 * found.peers_calls).fill_null(False),
    )
    points = ibis.ifelse(found.has_logprobs, 3, 0)
    for sign in ("is_templated", "is_sequence", "is_even", "is_round_the_clock", "is_heavy"):
        points = points + found[sign].cast("int64")
    found = found.mutate(**as_subject(found), points=points)
    found = found.filter((found.points >= min_points) & (found.has_logprobs | found.is_as_long))
    return found.select(
        *SUBJECT, *(name for name in MEASURES if name in found.columns), "started", "ended", "opening",
        "has_logprobs", "is_round_the_clock", "is_templated", "is_sequence", "is_even",
        min_calls=ibis.literal(min_calls),
        min_factor=option(min_factor),
        min_distinct_share=option(min_distinct_share),
        min_points=ibis.literal(min_points),
    ).order_by(ibis.desc("points"), ibis.desc("calls"), *SUBJECT)  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """Calls in a row from the first: what is asked, and at which pace."""
    t = _asked(events)
    for name in SUBJECT:
        if row[name] is not None:
            t = t.filter(t[name] == row[name])
    return t.select("event_id", "timestamp").order_by("timestamp", "event_id").limit(20)


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    is_batch = not row["has_logprobs"] and not row["is_round_the_clock"]
    severity: Severity = "high" if row["has_logprobs"] and row["points"] >= 4 else "medium"
    if is_batch or not row["has_logprobs"]:
        severity = "low" if is_batch or row["points"] < 4 else "medium"
    peers = row["peers_calls"]
    reasons = [
        f"Between {clock(row['started'])} and {clock(row['ended'])} it made {row['calls']:,} calls"
        + (
            f"; the median of the others is {peers:,.0f}."
            if peers is not None
            else "; nobody else is in the log."
        ),
        f"{row['distinct_prompts']:,} of its prompts differ ({share(row['distinct_share'])})"
        + (
            f"; of the others' {share(row['peers_distinct_share'])}."
            if row["peers_distinct_share"] is not None
            else "."
        ),
    ]
    if row["is_templated"]:
        reasons.append(
            f'{share(row["template_share"])} of its prompts open alike: "{row["opening"]}".'
        )
    if row["is_sequence"]:
        reasons.append(
            f"The numbers in {share(row['sequence_share'])} of its prompts go up one after another."
        )
    pace = "as a clock does" if row["is_even"] else "unevenly"
    if row["gap_variation"] is not None:
        reasons.append(
            f"It calls {pace} (every {row['median_gap_s']:.1f} s, variation {row['gap_variation']:.2f}), at "
            f"{row['hours_of_day']} of the 24 hours of the day."
        )
    if row["has_logprobs"]:
        reasons.append(
            f"{share(row['logprobs_share'])} of its calls ask for log-probabilities, which copying a model needs."
        )
    else:
        reasons.append(
            "It does not ask for log-probabilities. A batch job that goes through documents once looks "
            "like this too, usually within some hours: ask its owner before you block it."
        )
    return Description(
        title=f"{named(row)} asks like one that copies the model: {row['calls']:,} calls, "
        f"{share(row['distinct_share'])} of the prompts different"
        + (", with log-probabilities" if row["has_logprobs"] else ""),
        severity=severity,
        confidence=0.85 if row["has_logprobs"] else 0.4 if is_batch else 0.6,
        why=tuple(reasons),
        recommendations=(
            f"Ask the owner of {named(row).lower()} what the calls are for.",
            "Limit calls a day, and refuse log-probabilities where nobody needs them.",
        ),
    )


def _asked(events: ir.Table) -> ir.Table:
    """Calls of owners with a prompt, answered or not."""
    t = counted(events)
    t = t.mutate(asked=ibis.coalesce(t.prompt_hash, t.prompt), at_us=microseconds(t.timestamp))
    t = owned(t.filter(t.timestamp.notnull() & t.asked.notnull()))
    given = [attribute(t.attributes, name) for name in ("logprobs", "top_logprobs")]
    is_given = ibis.or_(
        *(
            value.lower().isin(("true", "1", "2", "3", "4", "5", "10", "20")).fill_null(False)
            for value in given
        )
    )
    return t.select(
        "event_id", "timestamp", "at_us", "hour", "hour_of_day", "owner_name", "owner", "asked", "prompt",
        "input_tokens", "output_tokens", "cost_usd", *SUBJECT,
        has_logprobs=t.request_params.re_search(LOGPROBS).fill_null(False) | is_given,
    )  # fmt: skip


def _owners(t: ir.Table) -> ir.Table:
    each = t.group_by("owner_name", "owner").agg(
        started=t.timestamp.min(),
        ended=t.timestamp.max(),
        calls=t.count(),
        distinct_prompts=t.asked.nunique(),
        logprobs=number(t.has_logprobs),
        hours_active=t.hour.nunique(),
        hours_of_day=t.hour_of_day.nunique(),
        first_us=t.at_us.min(),
        last_us=t.at_us.max(),
        input_tokens=t.input_tokens.sum(),
        output_tokens=t.output_tokens.sum(),
        cost_usd=t.cost_usd.sum().cast("decimal(18, 9)"),
    )
    return each.mutate(
        distinct_share=each.distinct_prompts / each.calls,
        logprobs_share=each.logprobs / each.calls,
        span_hours=(each.last_us - each.first_us) / 3_600_000_000.0,
    )


def _closely(t: ir.Table) -> ir.Table:
    """Pace, common opening and sequence of the prompts of each owner."""
    said = t.prompt.lower().re_replace("[0-9]+", "0")
    own = ibis.window(group_by=[t.owner_name, t.owner], order_by=[t.at_us, t.event_id])
    t = t.mutate(
        opening=said.re_extract(r"^\s*(\S+(?:\s+\S+){0,2})", 1).nullif(""),
        first_number=t.prompt.re_extract(r"([0-9]{1,15})", 1).nullif("").cast("int64"),
        is_first=ibis.row_number().over(own) == 0,
        gap_s=(t.at_us - t.at_us.lag().over(own)) / 1_000_000.0,
    )
    t = t.mutate(step=t.first_number - t.first_number.lag().over(own))
    keys = ["owner_name", "owner"]
    later = ~t.is_first
    pace = t.group_by(keys).agg(
        all_calls=t.count(),
        gap_s_mean=t.gap_s.mean(where=later),
        gap_s_spread=t.gap_s.std(where=later, how="pop"),
        median_gap_s=t.gap_s.quantile(0.5, where=later),
        in_sequence=number((t.step.between(1, 10) & later).fill_null(False)),
    )
    openings = (
        t.filter(t.opening.notnull()).group_by(*keys, "opening").agg(found=lambda o: o.count())
    )
    most = ibis.window(
        group_by=[openings.owner_name, openings.owner],
        order_by=[openings.found.desc(), openings.opening],
    )
    openings = openings.mutate(nth=ibis.row_number().over(most))
    openings = openings.filter(openings.nth == 0).select(*keys, "opening", "found")
    t = pace.left_join(openings, keys).drop("owner_name_right", "owner_right")
    return t.select(
        *keys,
        "opening",
        "median_gap_s",
        template_share=t.found.fill_null(0) / t.all_calls,
        sequence_share=t.in_sequence / t.all_calls,
        gap_variation=t.gap_s_spread / t.gap_s_mean.nullif(0.0),
    )


def _calls(
    key: str,
    count: int,
    every_s: float,
    prompt: Any,
    *,
    from_s: float = 0,
    jitter_s: float = 0,
    **columns: Any,
) -> list[dict[str, Any]]:
    rows = []
    for n in range(count):
        s = int(from_s + n * every_s + jitter_s * ((n * 7919) % 101) / 101)
        rows.append(
            {
                "timestamp": f"2026-11-{20 + s // 86_400}T{s // 3600 % 24:02}:{s // 60 % 60:02}:{s % 60:02}Z",
                "model": "gpt-4o", "api_key_hash": key, "prompt": prompt(n), "input_tokens": 20,
                "output_tokens": 30, **columns,
            }
        )  # fmt: skip
    return rows


_WORDS = (
    "rain", "bread", "stone", "river", "lamp", "glass", "wheel", "paper", "cloud", "salt", "brick", "candle",
)  # fmt: skip
_PEERS = [
    row
    for n in range(4)
    for row in _calls(
        f"peer-{n}", 40, 1900, lambda i: f"{_WORDS[i * 5 % 12]} and {_WORDS[i % 3]}", jitter_s=1500
    )
]

CASES = [
    Case(
        "sequential prompts around the clock with log-probabilities look like a copy of the model",
        rows=_PEERS
        + _calls(
            "copier", 600, 140, lambda n: f"Question {n}: which label?",
            request_params='{"logprobs":true,"top_logprobs":5}',
        ),
        expect=[
            {
                "api_key_hash": "copier", "calls": 600, "distinct_share": 1.0, "logprobs_share": 1.0,
                "template_share": 1.0, "has_logprobs": True, "hours_of_day": 24, "peers_calls": 40,
                "points": 8,
            }
        ],
    ),
    Case(
        "hashes of prompts do, where the prompts are not kept",
        rows=[{**row, "prompt": None, "prompt_hash": row["prompt"]} for row in _PEERS]
        + [
            {**row, "prompt": None, "prompt_hash": row["prompt"]}
            for row in _calls("copier", 600, 140, lambda n: f"h{n}", request_params='{"top_logprobs": 5}')
        ],
        expect=[{"api_key_hash": "copier", "template_share": 0.0, "points": 6}],
    ),
    Case(
        "a batch job of three hours without log-probabilities is none",
        rows=_PEERS + _calls("batch", 600, 18, lambda n: f"Summarise document {n} of the archive"),
        expect=[],
    ),
    Case(
        "in a log that is no longer than it, the same is found with few points",
        rows=[row for row in _PEERS if row["timestamp"] < "2026-11-20T03"]
        + _calls("batch", 600, 18, lambda n: f"Summarise document {n} of the archive"),
        expect=[{"api_key_hash": "batch", "points": 4, "has_logprobs": False, "is_round_the_clock": False}],
    ),
    Case(
        "log-probabilities tell a copier that asks no more than busy keys do",
        rows=[row for n in range(3) for row in _calls(
            f"busy-{n}", 320, 140, lambda n: f"{_WORDS[n % 12]} is {_WORDS[n // 12 % 12]} {n}", jitter_s=200
        )]
        + _calls("copier", 600, 140, lambda n: f"Question {n}?", request_params='{"logprobs":true}'),
        expect=[{"api_key_hash": "copier", "has_logprobs": True}],
    ),
    Case(
        "a heavy user whose prompts come again and again copies nothing",
        rows=_PEERS + _calls("support", 600, 140, lambda n: f"Where is my order {n % 50}?"),
        expect=[],
    ),
    Case(
        "people who ask much, each in words of their own, are no sign",
        rows=_PEERS
        + _calls("desk", 400, 60, lambda n: f"{_WORDS[n % 12]} {_WORDS[n // 12 % 12]} {n * 37}", jitter_s=400),
        expect=[],
    ),
    Case("few calls are no volume", rows=_PEERS, expect=[]),
]  # fmt: skip
