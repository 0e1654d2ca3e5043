"""Which lines a trace is drawn as: spans in tree order, long gaps, like siblings as one, what is cut.

A trace of thousands of spans is cut to those that matter: on the critical path, failed, or long; with
each the spans above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clew.correlation.trace import Span, Trace

LEAST_ALIKE = 8
"""Like siblings from which on they are drawn as one."""
GAP_SHARE, LEAST_GAP_MS = 0.05, 1.0
"""A gap is drawn where it is such a part of the whole trace, and so long."""
VARYING = re.compile(r"[0-9a-f]{8,}|[0-9]+", re.IGNORECASE)

Stretch = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of a span in which none of its children ran, in ms from the trace's beginning."""

    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Run:
    """Like siblings without children, drawn as one."""

    spans: Sequence[Span]


@dataclass(frozen=True, slots=True)
class More:
    """Spans below that are not drawn."""

    spans: int


@dataclass(frozen=True, slots=True)
class Line:
    """What stands on a line; `own`: the stretches of a span in which no child ran."""

    what: Span | Run | Gap | More
    depth: int
    own: Sequence[Stretch] = ()


def lines_of(trace: Trace, most: int = 0) -> Iterable[Line]:
    """The lines, in tree order; at most so many spans and runs where `most` is not 0."""
    spans = trace.spans
    runs = _runs(spans)
    inside = {place for run in runs.values() for place in run[1:]}
    drawn = _kept(spans, runs, inside, most)
    least_gap = max((trace.duration_ms or 0.0) * GAP_SHARE, LEAST_GAP_MS)
    below = _counts_below(spans)
    roots = [place for place, span in enumerate(spans) if span.parent is None]
    waiting: list[Line | int] = [place for place in reversed(roots) if place in drawn]
    left_out = [place for place in roots if place not in drawn]
    if left_out:
        waiting.insert(0, Line(More(sum(1 + below[place] for place in left_out)), 0))
    while waiting:
        here = waiting.pop()
        if isinstance(here, Line):
            yield here
            continue
        span = spans[here]
        if here in runs:
            yield Line(Run([spans[place] for place in runs[here]]), span.depth)
            continue
        own = _own(spans, span)
        yield Line(span, span.depth, own)
        waiting.extend(reversed(_under(spans, span, own, drawn, inside, below, least_gap)))


def _under(
    spans: Sequence[Span],
    span: Span,
    own: Sequence[Stretch],
    drawn: set[int],
    inside: set[int],
    below: Sequence[int],
    least_gap: float,
) -> list[Line | int]:
    """Children that are drawn, with the gaps between them, and how many are not."""
    found: list[Line | int] = []
    gaps = [Gap(*part) for part in own if part[1] - part[0] >= least_gap] if span.children else []
    for child in span.children:
        while gaps and gaps[0].since <= _seen_by(span, spans[child])[0] and child in drawn:
            found.append(Line(gaps.pop(0), span.depth + 1))
        if child in drawn:
            found.append(child)
    found += [Line(gap, span.depth + 1) for gap in gaps]
    cut = [child for child in span.children if child not in drawn and child not in inside]
    if cut:
        found.append(Line(More(sum(1 + below[child] for child in cut)), span.depth + 1))
    return found


def _runs(spans: Sequence[Span]) -> dict[int, list[int]]:
    """First place to the places of like siblings, where there are many of them."""
    runs: dict[int, list[int]] = {}
    for span in spans:
        alike: dict[tuple[str, str], list[int]] = {}
        for child in span.children:
            if _is_plain(spans[child]):
                key = (spans[child].service, VARYING.sub("#", spans[child].name))
                alike.setdefault(key, []).append(child)
        runs |= {places[0]: places for places in alike.values() if len(places) >= LEAST_ALIKE}
    return runs


def _is_plain(span: Span) -> bool:
    return not (span.children or span.is_failed or span.problem or span.skew_ms or span.happened())


def _kept(
    spans: Sequence[Span], runs: dict[int, list[int]], inside: set[int], most: int
) -> set[int]:
    """The places that are drawn: all, or those that matter most and what stands above them."""
    every = [place for place in range(len(spans)) if place not in inside]
    if not most or len(every) <= most:
        return set(every)

    def weight(place: int) -> tuple[float, bool, float, int]:
        members = [spans[member] for member in runs.get(place, [place])]
        critical = sum(span.critical_ms or 0.0 for span in members)
        failed = any(span.is_failed for span in members)
        return (critical, failed, max(span.duration_ms or 0.0 for span in members), -place)

    by_weight = sorted(every, key=weight, reverse=True)
    failed_first = [place for place in by_weight if spans[place].is_failed][: most // 4]
    kept: set[int] = set()
    for place in [*failed_first, *by_weight]:
        path = [place]
        while (above := spans[path[-1]].parent) is not None and above not in kept:
            path.append(above)
        if len(kept | set(path)) <= most:
            kept.update(path)
        if len(kept) == most:
            break
    return kept or {by_weight[0]}


def _counts_below(spans: Sequence[Span]) -> list[int]:
    """How many spans hang under each, at any depth."""
    below = [0] * len(spans)
    for place in range(len(spans) - 1, -1, -1):  # a child stands behind its parent
        parent = spans[place].parent
        if parent is not None:
            below[parent] += 1 + below[place]
    return below


def _own(spans: Sequence[Span], span: Span) -> list[Stretch]:
    """The stretches of a span in which no child ran; a child's clock that stands wrong is seen through."""
    begin = span.offset_ms
    end = begin + max(span.duration_ms or 0.0, 0.0)
    own = []
    for since, until in sorted(_seen_by(span, spans[child]) for child in span.children):
        if begin < since and begin < end:
            own.append((begin, min(since, end)))
        begin = max(begin, until)
    if begin < end or not span.children:
        own.append((begin, end))
    return own


def _seen_by(parent: Span, child: Span) -> Stretch:
    """When the child ran, by its parent's clock."""
    begin = child.offset_ms + child.skew_ms - parent.skew_ms
    return begin, begin + max(child.duration_ms or 0.0, 0.0)
