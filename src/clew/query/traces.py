"""A trace by its id, or by as much of the id as no other trace has; and the trace that shows a finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from clew import registry
from clew.correlation import trace
from clew.engines import Engine
from clew.errors import ConfigError
from clew.model.finding import Finding
from clew.model.views import events, spans

MOST_NAMED = 5
LEAST_ALIKE = 4
"""Characters that ids must share to be alike."""


@dataclass(frozen=True, slots=True)
class Example:
    """A trace that shows what a finding tells of."""

    finding_id: str
    trace: trace.Trace


def example_of(
    engine: Engine, findings: Iterable[Finding], *, timeout_s: float | None = None
) -> Example | None:
    """The trace of the longest span that proves the first finding about spans, None without one."""
    told = (f for f in findings if "spans" in registry.load("detections", f.kind).NEEDS)
    finding = next(told, None)
    if finding is None:
        return None
    proof = spans(events).filter(
        events.event_id.isin([evidence.event_id for evidence in finding.evidence])
        & events.trace_id.notnull()
    )
    longest = proof.order_by(proof.duration_ms.desc(), proof.event_id).select("trace_id")
    rows = engine.run(longest, limit=1, timeout_s=timeout_s).rows
    if not rows:
        return None
    return Example(finding.id, trace_of(engine, str(rows[0][0]), timeout_s=timeout_s))


def trace_of(engine: Engine, text: str, *, timeout_s: float | None = None) -> trace.Trace:
    """The trace whose id is, or begins with, the text. Raises ConfigError where it is not one."""
    trace_id = _only(engine, text.strip(), timeout_s)
    places = engine.run(trace.question(events, trace_id), timeout_s=timeout_s)
    records = engine.run(trace.records(events, trace_id), timeout_s=timeout_s)
    return trace.laid_out(trace_id, places.dicts(), records.dicts())


def _only(engine: Engine, text: str, timeout_s: float | None) -> str:
    """The one id that is the text or begins with it."""
    known = _ids(engine, text, timeout_s) if text else []
    exact = [name for name in known if name.lower() == text.lower()]
    if len(known) == 1 or exact:
        return text if text in exact else (exact or known)[0]
    if known:
        more = " and more" if len(known) > MOST_NAMED else ""
        raise ConfigError(
            f"More than one trace begins with '{text}': {', '.join(known[:MOST_NAMED])}{more}."
        )
    for length in (len(text) - 1, len(text) * 3 // 4, len(text) // 2, LEAST_ALIKE):
        if length >= LEAST_ALIKE and (near := _ids(engine, text[:length], timeout_s)):
            raise ConfigError(
                f"There is no trace '{text}' in the case. Did you mean {' or '.join(near[:3])}?"
            )
    raise ConfigError(
        f"There is no trace '{text}' in the case. 'clew show slow_requests' names the slowest, "
        "'clew search \"exists(trace_id) | top 20 trace_id\"' those with most events."
    )


def _ids(engine: Engine, prefix: str, timeout_s: float | None) -> list[str]:
    rows = engine.run(
        trace.ids_like(events, prefix), limit=MOST_NAMED + 1, timeout_s=timeout_s
    ).rows
    return [str(row[0]) for row in rows]
