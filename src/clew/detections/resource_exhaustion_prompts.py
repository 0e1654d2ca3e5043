"""Long or endless prompts, and the errors, timeouts and slow answers that follow them.

Reads     events with a prompt or input_tokens   input_tokens, prompt, client_ip, user_id, request_id, trace_id,
          timestamp; errors of any source: http_status, severity, exception_type, error_class; duration_ms
Returns   one row for each address, else user, that sent such prompts, the largest share of the errors first
Units     heavy: prompts of at least min_tokens and min_times the median, or that ask for endless output; calls: of
          the caller; median_tokens: of all prompts; largest_tokens: of the caller's; errors: failures of the case;
          tied: failures of heavy prompts' own requests; near: other failures within `after` of one; expected: that
          many of these by chance, by the time that is near one; explained_share: tied and what of near is
          above chance, of errors, 0 to 1; slowdown: median duration of others' requests near one by that elsewhere
Method    a failure is tied by request_id or trace_id, whatever source tells of it; a request that several lines tell
          of is one. Times count in steps of ten seconds. A caller's address is taken from any line of its request
Blind to  failures without a time; prompts that are stored neither as text nor as tokens; many callers of
          one heavy prompt each
Mistakes  long documents that are read on purpose while something else fails
Source    OWASP LLM10:2025 (unbounded consumption); MITRE ATLAS AML.T0029 (denial of ML service)
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.detections._exhaustion_cases import EXHAUSTION_CASES
from clew.detections._prompts import few, shown
from clew.detections._values import option
from clew.detections._words import clock, many, share
from clew.model.buckets import seconds
from clew.model.finding import Description

NEEDS: dict[str, tuple[str, ...]] = {"events": ("timestamp",)}
NEEDS_ROWS = {
    "prompt or input_tokens": lambda e: e.prompt.notnull() | e.input_tokens.notnull(),
    "client_ip or user_id": lambda e: e.client_ip.notnull() | e.user_id.notnull(),
}
SUBJECT = ("client_ip", "user_id")
MEASURES = (
    "heavy",
    "calls",
    "median_tokens",
    "largest_tokens",
    "errors",
    "tied",
    "near",
    "expected",
    "explained_share",
    "slowdown",
    "min_tokens",
    "min_times",
    "min_heavy",
    "min_errors",
    "after_s",
)
REFERENCES = ("atlas.aml.t0029", "owasp.llm10-2025", "attack.t1499.003")
PLAYBOOK = "add the addresses to the block list, set a limit of tokens and requests, notify on-call"
STEP_S = 10
CALLER = ["caller_name", "caller"]
CHARACTERS_A_TOKEN = 4
ENDLESS = (
    r"\b(?:repeat|print|write|say|output|list|generate|count)\b.{0,60}\b(?:forever|endlessly|infinitely|without "
    r"(?:end|stopping)|never stop|[0-9]{5,} (?:times|words|lines|numbers|items)|"
    r"(?:to|until) [0-9]{6,}|a (?:million|billion) (?:times|words|lines|numbers|items)|as (?:long|many) as "
    r"(?:possible|you can))\b"
)
BROKEN = (
    r"(?i)out of memory|\boom\b|oom-?kill|cuda error|timed? ?out|timeout|deadline exceeded|context length"
    r"|too many tokens|resource exhausted|queue is full|overloaded|worker .{0,20}(?:killed|died)"
)


def detect(
    events: ir.Table,
    *,
    min_tokens: int = 2_000,
    min_times: float = 4.0,
    min_heavy: int = 3,
    min_errors: int = 3,
    min_share: float = 0.1,
    after: str = "30s",
) -> ir.Table:
    prompts = _prompts(events, min_tokens, min_times)
    heavy = prompts.filter(prompts.is_heavy)
    often = heavy.group_by(CALLER).agg(found=heavy.count())
    heavy = heavy.semi_join(often.filter(often.found >= min_heavy), CALLER)
    errors = _errors(events)
    tied = _tied(errors, heavy)
    steps_near = _near_steps(heavy, max(1, seconds(after) // STEP_S))
    loose = errors.anti_join(tied, "failure")
    near = loose.join(steps_near, "step")
    found = _counted(prompts, heavy, tied, near, steps_near)
    found = found.cross_join(_whole(prompts, errors, loose))
    share_of_time = ibis.least(found.covered / found.length.cast("float64"), 1.0)
    found = found.mutate(expected=(found.untied * share_of_time).round(3))
    is_above = (found.near >= 2 * found.expected) & (found.near >= min_errors)
    found = found.mutate(excess=ibis.ifelse(is_above, found.near - found.expected, 0.0))
    found = found.mutate(
        explained_share=((found.tied + found.excess) / found.errors.nullif(0)).round(4)
    )
    found = found.filter(
        ((found.tied >= min_errors) | (found.excess > 0))
        & (found.explained_share >= option(min_share))
    )
    found = found.left_join(_slowdown(events, steps_near, heavy), CALLER)
    found = found.drop(*(f"{key}_right" for key in CALLER))
    found = found.join(_proof(found, heavy, tied, near), CALLER)
    none = ibis.null("string")
    return found.mutate(
        client_ip=ibis.ifelse(found.caller_name == "client_ip", found.caller, none),
        user_id=ibis.ifelse(found.caller_name == "user_id", found.caller, none),
        min_tokens=ibis.literal(min_tokens),
        min_times=option(min_times),
        min_heavy=ibis.literal(min_heavy),
        min_errors=ibis.literal(min_errors),
        after_s=ibis.literal(seconds(after), "int64"),
    ).drop("caller_name", "caller", "covered", "length", "untied", "excess").order_by(
        ibis.desc("explained_share"), ibis.desc("heavy"), "client_ip", "user_id"
    )  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """Heavy prompts and the failures that go with them, in time order."""
    return shown(events, row)


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    name = row["client_ip"] or row["user_id"]
    who = f"Address {name}" if row["client_ip"] else f"User {name}"
    reasons = [
        f"{row['heavy']:,} of its {many(row['calls'], 'prompt')} are heavy, up to {row['largest_tokens']:,} tokens "
        f"(the median of all is {row['median_tokens']:,.0f}), between {clock(row['started'])} and "
        f"{clock(row['ended'])}.",
        f"{many(row['tied'], 'failure')} are of these requests themselves, tied by request or trace id; "
        f"{many(row['near'], 'other failure')} came within {row['after_s']} s of one, where {row['expected']:.1f} "
        f"would by chance: {share(row['explained_share'])} of {row['errors']:,} in all.",
    ]
    if row["slowdown"] is not None:
        reasons.append(
            f"Other requests took {row['slowdown']:.1f} times as long within {row['after_s']} s of a heavy prompt "
            "as elsewhere."
        )
    is_high = row["explained_share"] >= 0.5 or (row["slowdown"] or 0) >= 3
    block = f"{name}/{128 if ':' in name else 32}" if row["client_ip"] else name
    return Description(
        title=f"{who} sent {many(row['heavy'], 'heavy prompt')}; {share(row['explained_share'])} of the failures "
        "go with them",
        severity="high" if is_high else "medium",
        confidence=0.85 if row["tied"] >= row["near"] else 0.65,
        why=tuple(reasons),
        recommendations=(
            f"Block list: {block}",
            f"Refuse prompts above {max(row['min_tokens'], int(row['median_tokens'] * row['min_times'])):,} tokens "
            "before they reach the model, and limit max_tokens and time for each request.",
        ),
    )


def _prompts(events: ir.Table, min_tokens: int, min_times: float) -> ir.Table:
    """Prompts with their caller; one row for each request, whatever number of lines tells of it."""
    t = events.filter(
        events.timestamp.notnull(), events.prompt.notnull() | events.input_tokens.notnull()
    )
    tokens = ibis.coalesce(t.input_tokens, t.prompt.length() // CHARACTERS_A_TOKEN)
    endless = t.prompt.left(2_000).lower().re_search(ENDLESS).fill_null(False)
    t = t.select(
        "event_id", "timestamp", "client_ip", "user_id", "request_id", "trace_id", tokens=tokens, endless=endless,
        request=ibis.coalesce(t.request_id, t.response_id, t.trace_id, t.event_id),
    )  # fmt: skip
    first = ibis.row_number().over(
        ibis.window(group_by=t.request, order_by=[t.tokens.desc(), t.event_id])
    )
    t = t.mutate(first=first).filter(lambda s: s["first"] == 0).drop("first")
    for key in ("request_id", "trace_id"):
        told = events.filter(events[key].notnull(), events.client_ip.notnull())
        told = told.group_by(told_key=told[key]).agg(told_ip=told.client_ip.min())
        t = t.left_join(told, t[key] == told.told_key).drop("told_key")
        t = t.mutate(client_ip=ibis.coalesce(t.client_ip, t.told_ip)).drop("told_ip")
    t = t.filter(t.client_ip.notnull() | t.user_id.notnull())
    middle = t.aggregate(median_tokens=t.tokens.cast("float64").quantile(0.5))
    t = t.cross_join(middle)
    is_long = (t.tokens >= min_tokens) & (t.tokens >= t.median_tokens * option(min_times))
    return t.mutate(
        caller_name=ibis.ifelse(
            t.client_ip.notnull(), ibis.literal("client_ip"), ibis.literal("user_id")
        ),
        caller=ibis.coalesce(t.client_ip, t.user_id),
        is_heavy=is_long.fill_null(False) | t.endless,
        step=t.timestamp.epoch_seconds() // STEP_S,
    )


def _errors(events: ir.Table) -> ir.Table:
    """Failures, one row for each line of one; `failure` is the same for the lines of one request."""
    t = events.filter(events.timestamp.notnull())
    words = ibis.coalesce(t.message, t.exception_message, t.status_message, t.error_type)
    failed = (
        (t.http_status >= 500)
        | t.exception_type.notnull()
        | (t.status == "error")
        | t.error_class.isin(("timeout", "server_error", "overloaded", "network"))
        | ((t.severity_number >= 13) & words.re_search(BROKEN))
        | (t.severity_number >= 17)
    )
    t = t.filter(failed.fill_null(False))
    return t.select(
        "event_id", "timestamp", "request_id", "trace_id", step=t.timestamp.epoch_seconds() // STEP_S,
        failure=ibis.coalesce(t.request_id, t.trace_id, t.event_id),
    )  # fmt: skip


def _counted(
    prompts: ir.Table, heavy: ir.Table, tied: ir.Table, near: ir.Table, steps_near: ir.Table
) -> ir.Table:
    """One row a caller of heavy prompts: its prompts, the failures that go with them, the time they cover."""
    found = heavy.group_by(CALLER).agg(
        heavy=heavy.count(), largest_tokens=heavy.tokens.max(), median_tokens=heavy.median_tokens.max(),
        started=heavy.timestamp.min(), ended=heavy.timestamp.max(),
    )  # fmt: skip
    found = found.join(prompts.group_by(CALLER).agg(calls=prompts.count()), CALLER)
    counts = {
        "tied": tied.group_by(CALLER).agg(tied=tied.failure.nunique()),
        "near": near.group_by(CALLER).agg(near=near.failure.nunique()),
        "covered": steps_near.group_by(CALLER).agg(covered=steps_near.count()),
    }
    for name, part in counts.items():
        found = found.left_join(part, CALLER).drop(*(f"{key}_right" for key in CALLER))
        found = found.mutate(**{name: found[name].fill_null(0)})
    return found


def _whole(prompts: ir.Table, errors: ir.Table, loose: ir.Table) -> ir.Table:
    """One row: failures in all, those that are tied to no heavy prompt, and the length of the time, in steps."""
    span = errors.aggregate(
        first=errors.step.min(), last=errors.step.max(), errors=errors.failure.nunique()
    )
    span = span.cross_join(prompts.aggregate(p_first=prompts.step.min(), p_last=prompts.step.max()))
    length = ibis.greatest(span.last, span.p_last) - ibis.least(span.first, span.p_first) + 1
    span = span.select("errors", length=length)
    return span.cross_join(loose.aggregate(untied=loose.failure.nunique()))


def _tied(errors: ir.Table, heavy: ir.Table) -> ir.Table:
    parts = []
    for key in ("request_id", "trace_id"):
        of = (
            heavy.filter(heavy[key].notnull())
            .select("caller_name", "caller", of_key=key)
            .distinct()
        )
        met = errors.join(of, errors[key] == of.of_key)
        parts.append(met.select("failure", "event_id", "timestamp", "caller_name", "caller"))
    own = errors.join(heavy.select("event_id", "caller_name", "caller"), "event_id")
    parts.append(own.select("failure", "event_id", "timestamp", "caller_name", "caller"))
    return ibis.union(*parts, distinct=True)


def _near_steps(heavy: ir.Table, steps: int) -> ir.Table:
    """The steps of ten seconds in and after which a caller's heavy prompts ran."""
    starts = heavy.select("caller_name", "caller", "step").distinct()
    parts = [starts.mutate(step=starts.step + ahead) for ahead in range(steps + 1)]
    return ibis.union(*parts, distinct=True)


def _slowdown(events: ir.Table, steps_near: ir.Table, heavy: ir.Table) -> ir.Table:
    """Median duration of others' requests near heavy prompts, by that of the time without any."""
    t = events.filter(
        events.duration_ms.notnull(),
        events.timestamp.notnull(),
        events.http_status.notnull() | events.model.notnull(),
    )
    t = t.select("event_id", "duration_ms", at="timestamp").anti_join(heavy, "event_id")
    t = t.mutate(step=t["at"].epoch_seconds() // STEP_S)
    near = steps_near.select("caller_name", "caller", near_step="step")
    met = t.join(near, t.step == near.near_step)
    calm = t.anti_join(met.select("event_id").distinct(), "event_id")
    calm = calm.aggregate(calm_ms=calm.duration_ms.quantile(0.5))
    near = met.group_by("caller_name", "caller").agg(near_ms=met.duration_ms.quantile(0.5))
    near = near.cross_join(calm)
    return near.select(
        "caller_name", "caller", slowdown=(near.near_ms / near.calm_ms.nullif(0.0)).round(3)
    )


def _proof(found: ir.Table, heavy: ir.Table, tied: ir.Table, near: ir.Table) -> ir.Table:
    keys = CALLER
    parts = [
        part.select(*keys, "event_id", "timestamp", kind=ibis.literal(kind))
        for kind, part in enumerate((heavy, tied, near))
    ]
    t = ibis.union(*parts).semi_join(found, keys)
    t = t.group_by(*keys, "event_id").agg(timestamp=t.timestamp.min(), kind=t.kind.min())
    turn = ibis.row_number().over(
        ibis.window(
            group_by=[*(t[key] for key in keys), t.kind], order_by=[t.timestamp, t.event_id]
        )
    )
    t = t.mutate(turn=turn)
    return few(t, t.event_id, [t.turn, t.kind, t.timestamp, t.event_id], keys)


CASES = EXHAUSTION_CASES
