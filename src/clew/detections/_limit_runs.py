"""Runs of refusals: the minutes in which a rate limit refused, and who asked how much in them.

A run is from the first minute with a refusal to the last, where no two are further apart than a
quarter hour; the first and last `STRAY` of its refusals do not stretch it. It counts only with
`min_limited` refusals that are `min_share` of all its attempts.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import number
from clew.detections._attempts import CALLERS, with_more
from clew.detections._values import as_rows, option

MINUTE_US = 60_000_000
LONGEST_GAP_MIN = 15
KEYS = ("scope", "run")
STRAY = 0.02
FEWEST_BEFORE = 20
"""Attempts outside of a run, below which nothing is known of usual load."""


def in_runs(t: ir.Table, min_limited: int, min_share: float) -> ir.Table:
    """The attempts with `run`: the number of their scope's run, NULL outside of any."""
    t = t.mutate(minute=t.at_us // MINUTE_US)
    minutes = t.group_by("scope", "minute").agg(attempts=t.count(), limited=number(t.limited))
    order = {"group_by": minutes.scope, "order_by": minutes.minute}
    is_hot = minutes.limited > 0
    hot_minute = ibis.ifelse(is_hot, minutes.minute, None)
    last = hot_minute.max().over(ibis.window(**order, preceding=(None, 1)))
    minutes = minutes.mutate(
        begins=(is_hot & (last.isnull() | (minutes.minute - last > LONGEST_GAP_MIN))).fill_null(
            False
        )
    )
    so_far = ibis.window(
        group_by=minutes.scope, order_by=minutes.minute, preceding=None, following=0
    )
    minutes = minutes.mutate(run=minutes.begins.cast("int64").sum().over(so_far))
    hot = minutes.filter((minutes.limited > 0) & (minutes.run > 0))
    ends = hot.group_by("scope", "run").agg(first=hot.minute.min(), last=hot.minute.max())
    met = minutes.join(ends, ["scope", "run"])
    met = _without_strays(met.filter(met.minute <= met["last"]))
    runs = met.group_by("scope", "run").agg(
        attempts=met.attempts.sum(), limited=met.limited.sum(), first=met["first"].max(),
        last=met["last"].max(),
    )  # fmt: skip
    runs = runs.filter(
        (runs.limited >= min_limited) & (runs.limited >= option(min_share) * runs.attempts)
    )
    chosen = met.select("scope", "run", "minute").semi_join(runs, ["scope", "run"])
    return with_more(t, chosen, ("scope", "minute"))


def _without_strays(minutes: ir.Table) -> ir.Table:
    """The minutes of each run without the few refusals that lie before its onset and after its end."""
    t = minutes
    run = ibis.window(group_by=[t.scope, t.run])
    so_far = ibis.window(group_by=[t.scope, t.run], order_by=t.minute, preceding=None, following=0)
    stray = option(STRAY) * t.limited.sum().over(run)
    t = t.mutate(
        stray=stray, all_limited=t.limited.sum().over(run), so_far=t.limited.sum().over(so_far)
    )
    return t.filter((t.so_far > t.stray) & (t.so_far - t.limited < t.all_limited - t.stray))


def run_facts(t: ir.Table) -> ir.Table:
    """One row a run: its numbers, and those of its scope outside of any run."""
    inside = t.filter(t.run.notnull())
    runs = inside.group_by(*KEYS).agg(
        started=inside.timestamp.min(where=inside.limited),
        ended=inside.timestamp.max(where=inside.limited),
        started_us=inside.at_us.min(where=inside.limited),
        attempts=inside.count(),
        limited=number(inside.limited),
        all_tokens=inside.tokens.sum().fill_null(0),
        callers=inside.caller.nunique(),
        minutes=(inside.minute.max() - inside.minute.min() + 1),
        provider=inside.provider.max(),
        model=inside.model.max(),
        service=inside.service.max(),
        is_call=inside.is_call.cast("int64").max() > 0,
        out_of_requests=number(inside.rate_limit_requests_remaining <= 0),
        out_of_tokens=number(inside.rate_limit_tokens_remaining <= 0),
        rate_limit_requests=inside.rate_limit_requests.quantile(0.5).cast("int64"),
        rate_limit_tokens=inside.rate_limit_tokens.max(),
    )
    whole = t.group_by("scope").agg(
        outside=number(t.run.isnull()),
        outside_limited=number(t.run.isnull() & t.limited),
        outside_tokens=t.tokens.sum(where=t.run.isnull()).fill_null(0),
        usual_limit_requests=t.rate_limit_requests.quantile(0.5, where=t.run.isnull()).cast(
            "int64"
        ),
        scope_minutes=t.minute.max() - t.minute.min() + 1,
    )
    busy = runs.group_by("scope").agg(busy_minutes=runs.minutes.sum())
    t = runs.join(whole, "scope").join(busy, "scope")
    t = t.mutate(quiet_minutes=t.scope_minutes - t.busy_minutes)
    is_known = (t.outside >= FEWEST_BEFORE) & (t.quiet_minutes >= ibis.greatest(3, t.minutes / 10))
    quiet = t.quiet_minutes.cast("float64").nullif(0.0)
    return t.mutate(
        is_known=is_known,
        requests_per_min=t.attempts / t.minutes,
        usual_per_min=ibis.ifelse(is_known, t.outside / quiet, None),
        tokens_per_min=t.all_tokens / t.minutes,
        usual_tokens_per_min=ibis.ifelse(is_known, t.outside_tokens / quiet, None),
    )


def members(t: ir.Table, runs: ir.Table, columns: tuple[str, ...] = CALLERS) -> ir.Table:
    """One row a run and value of `columns`: its part of the load, of the refusals and of the growth.

    growth        attempts a minute in the run, by those outside; NULL where nothing is known
    growth_share  its part of what came on top of the usual, by requests or tokens, the larger
    next_share    the largest part of the load among the others that the column names
    """
    g = t.group_by(*KEYS, *columns).agg(
        own=t.count(), own_limited=number(t.limited), own_tokens=t.tokens.sum().fill_null(0)
    )
    facts = as_rows(
        g, {name: g[name] for name in columns}, *KEYS, "own", "own_limited", "own_tokens"
    )
    facts = facts.group_by(*KEYS, "name", "value").agg(
        own=facts.own.sum(), own_limited=facts.own_limited.sum(), own_tokens=facts.own_tokens.sum()
    )
    before = facts.filter(facts.run.isnull()).select(
        "scope", "name", "value", own_before="own", tokens_before="own_tokens"
    )
    m = facts.filter(facts.run.notnull())
    m = with_more(m, before, ("scope", "name", "value")).join(
        runs.select(
            *KEYS, "attempts", "limited", "all_tokens", "minutes", "quiet_minutes", "is_known",
            "requests_per_min", "usual_per_min", "tokens_per_min", "usual_tokens_per_min",
        ),
        [*KEYS],
    )  # fmt: skip
    quiet = m.quiet_minutes.cast("float64").nullif(0.0)
    usual = ibis.ifelse(m.is_known, m.own_before.fill_null(0) / quiet, None)
    usual_tokens = ibis.ifelse(m.is_known, m.tokens_before.fill_null(0) / quiet, None)
    rate, tokens = m.own / m.minutes, m.own_tokens / m.minutes
    others, others_usual = m.requests_per_min - rate, m.usual_per_min - usual
    more = (m.requests_per_min - m.usual_per_min).cast("float64")
    more_tokens = (m.tokens_per_min - m.usual_tokens_per_min).cast("float64")
    by_requests = ibis.ifelse(more > m.usual_per_min * 0.1, (rate - usual) / more, None)
    by_tokens = ibis.ifelse(
        more_tokens > m.usual_tokens_per_min * 0.1, (tokens - usual_tokens) / more_tokens, None
    )
    m = m.mutate(
        request_share=m.own / m.attempts,
        token_share=m.own_tokens / m.all_tokens.cast("float64").nullif(0.0),
        limited_share_of_caller=m.own_limited / m.limited.nullif(0),
        caller_growth=rate / ibis.greatest(usual, 1.0 / quiet),
        others_growth=others / ibis.greatest(others_usual, 1.0 / quiet),
        growth_share=ibis.greatest(by_requests.fill_null(0.0), by_tokens.fill_null(0.0)),
    )
    m = m.mutate(load_share=ibis.greatest(m.request_share, m.token_share.fill_null(0.0)))
    others = ibis.window(group_by=[m.scope, m.run, m.name], order_by=[m.load_share.desc(), m.value])
    same = ibis.window(group_by=[m.scope, m.run, m.name])
    return m.mutate(
        place=ibis.row_number().over(others),
        next_share=m.load_share.lead().over(others),
        values=m.value.count().over(same),
        grown=(m.caller_growth >= 1.2).fill_null(False).cast("int64").sum().over(same),
    ).select(
        *KEYS, "name", "value", "own", "own_limited", "request_share", "token_share", "load_share",
        "limited_share_of_caller", "caller_growth", "others_growth", "growth_share", "place", "next_share", "values",
        "grown", "is_known",
    )  # fmt: skip
