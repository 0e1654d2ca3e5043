"""The place of each span in its trace, by numpy: level by level, all spans of a level at once.

placed     parent, depth and root; cycles cut; clocks that stand wrong seen through; own time and
           time on the critical path; what is wrong with a span
Half a million spans take about a second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PROBLEMS = (
    None,
    "missing parent",
    "cycle",
    "second root",
    "ends before it starts",
    "no duration",
    "outside its parent",
)
MISSING_PARENT, CYCLE, SECOND_ROOT, BACKWARDS, NO_DURATION, OUTSIDE = range(1, len(PROBLEMS))
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Places:
    """Where each span stands; all arrays have one value a span.

    parent       number of the parent, -1 for a root
    root         number of the span at the top of its tree
    depth        0 for a root
    self_ms      time in which no child ran; NaN without a duration
    critical_ms  own time on the critical path of its root; NaN without a duration
    skew_ms      what a clock that stands wrong was taken to be off, so that the span lies inside its
                 parent; times are stated as found, only self_ms and critical_ms use it
    problem      index into PROBLEMS
    """

    parent: Ints
    root: Ints
    depth: Ints
    self_ms: NDArray[np.float64]
    critical_ms: NDArray[np.float64]
    skew_ms: NDArray[np.float64]
    problem: Ints


def placed(
    *,
    trace: Ints,
    parent: Ints,
    is_remote: Bools,
    states_parent: Bools,
    answers: Bools,
    started_us: Ints,
    duration_ms: NDArray[np.float64],
) -> Places:
    """The place of every span.

    trace          spans of one trace share a number
    parent         index of the parent, -1 where there is none
    is_remote      the parent is in another service
    states_parent  the span names a parent, there or not
    answers        it is a server's or a consumer's half
    started_us     microseconds since 1970
    duration_ms    NaN where it is not stated
    """
    size = len(trace)
    parent = parent.copy()
    problem = np.zeros(size, dtype=np.int64)
    started = started_us * 1000
    is_timed = duration_ms >= 0
    ended = started + np.where(is_timed, np.round(duration_ms * 1e6), 0).astype(np.int64)
    depth, root, levels = _levels(parent, started, problem)
    shift = _shifts(parent, levels, started, ended, is_remote & answers)
    begin, end = started + shift, ended + shift
    inner = parent >= 0
    at = np.where(inner, parent, 0)
    is_outside = inner & ((begin < begin[at]) | (begin > end[at])) & ~(answers & (begin > end[at]))
    _say(problem, OUTSIDE, (is_outside | (shift != shift[at]) & inner) & is_timed & is_timed[at])
    _say(problem, NO_DURATION, np.isnan(duration_ms))
    _say(problem, BACKWARDS, duration_ms < 0)
    _say(problem, SECOND_ROOT, _second_roots(trace, parent, states_parent, started))
    _say(problem, MISSING_PARENT, (parent < 0) & states_parent & (problem != CYCLE))
    own, critical = _own_times(parent, levels, begin, end)
    own, critical = own / 1e6, critical / 1e6
    own[~is_timed] = np.nan
    critical[~is_timed] = np.nan
    return Places(parent, root, depth, own, critical, (shift / 1e6), problem)


def _say(problem: Ints, what: int, where: Bools) -> None:
    """The last thing said stands, but a cycle is always said."""
    problem[where & (problem != CYCLE)] = what


def _levels(parent: Ints, started: Ints, problem: Ints) -> tuple[Ints, Ints, list[Ints]]:
    """depth, root and the spans of each depth; a cycle is cut, in `parent`, above its first span."""
    size = len(parent)
    depth, root = np.full(size, -1, dtype=np.int64), np.arange(size, dtype=np.int64)
    children, first = _by_parent(parent)
    levels: list[Ints] = []
    level, number = np.flatnonzero(parent < 0), 0
    left = size
    while True:
        while len(level):
            depth[level] = number
            left -= len(level)
            if number == len(levels):
                levels.append(level)
            else:
                levels[number] = np.concatenate([levels[number], level])
            below = _children_of(level, children, first)
            root[below] = root[parent[below]]
            level, number = below, number + 1
        if not left:
            return depth, root, levels
        level, number = _cut_cycles(parent, depth, started, problem), 0
        children, first = _by_parent(parent)


def _by_parent(parent: Ints) -> tuple[Ints, Ints]:
    """Spans with a parent in the order of their parents, and where each parent's begin, and one more."""
    order = np.argsort(parent, kind="stable")
    first = np.searchsorted(parent[order], np.arange(len(parent) + 1))
    return order, first


def _children_of(level: Ints, children: Ints, first: Ints) -> Ints:
    counts = first[level + 1] - first[level]
    return children[_ranges(first[level], counts)]


def _ranges(begins: Ints, counts: Ints) -> Ints:
    """begin, begin + 1 ... for each pair.

    >>> _ranges(np.array([5, 9]), np.array([2, 3])).tolist()
    [5, 6, 9, 10, 11]
    """
    total = int(counts.sum())
    before = np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(begins, counts) + np.arange(total) - before


def _cut_cycles(parent: Ints, depth: Ints, started: Ints, problem: Ints) -> Ints:
    """Cuts every cycle above its earliest span; gives those spans."""
    cut: list[int] = []
    seen: dict[int, int] = {}
    for begin in np.flatnonzero(depth < 0).tolist():
        here, path = begin, list[int]()
        while here not in seen:
            seen[here] = begin
            path.append(here)
            here = int(parent[here])
        if seen[here] == begin:
            cycle = path[path.index(here) :]
            problem[cycle] = CYCLE
            cut.append(min(cycle, key=lambda n: (int(started[n]), n)))
    found = np.array(cut, dtype=np.int64)
    parent[found] = -1
    return found


def _shifts(
    parent: Ints, levels: list[Ints], started: Ints, ended: Ints, is_other_clock: Bools
) -> Ints:
    """Nanoseconds by which a server's half is moved, with all below it, to lie inside its client's.

    Only one that fits is moved, to the middle of what the client waited beyond it.
    """
    shift = np.zeros(len(parent), dtype=np.int64)
    for level in levels[1:]:
        above = parent[level]
        shift[level] = shift[above]
        begin, end = started[level] + shift[level], ended[level] + shift[level]
        outer, outer_end = started[above] + shift[above], ended[above] + shift[above]
        room = (outer_end - outer) - (end - begin)
        wrong = is_other_clock[level] & (room >= 0) & ((begin < outer) | (end > outer_end))
        moved = level[wrong]
        shift[moved] += outer[wrong] + room[wrong] // 2 - begin[wrong]
    return shift


def _second_roots(trace: Ints, parent: Ints, states_parent: Bools, started: Ints) -> Bools:
    """Roots of a trace beside its first one; a span whose parent is missing is no root of its own."""
    found = np.zeros(len(trace), dtype=np.bool_)
    roots = np.flatnonzero((parent < 0) & ~states_parent)
    roots = roots[np.lexsort((roots, started[roots], trace[roots]))]
    found[roots[1:]] = trace[roots[1:]] == trace[roots[:-1]]
    return found


def _own_times(
    parent: Ints, levels: list[Ints], begin: Ints, end: Ints
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nanoseconds in which no child ran, and those that each span adds to its root's critical path."""
    own = (end - begin).astype(np.float64)
    inner = np.flatnonzero(parent >= 0)
    above = parent[inner]
    low, high = np.maximum(begin[inner], begin[above]), np.minimum(end[inner], end[above])
    inside = high > low
    covered = _union(above[inside], low[inside], high[inside], len(parent))
    return own - covered, _critical(parent, levels, begin, end)


def _union(group: Ints, low: Ints, high: Ints, size: int) -> NDArray[np.float64]:
    """Length of the union of each group's intervals."""
    if not len(group):
        return np.zeros(size)
    order = np.lexsort((low, group))
    group, low, high = group[order], low[order], high[order]
    # the rank of an end, below its group, makes one running maximum serve all groups
    ends, rank = np.unique(high, return_inverse=True)
    latest = np.maximum.accumulate(group * len(ends) + rank)
    is_first = np.concatenate(([True], group[1:] != group[:-1]))
    before = ends[np.concatenate(([0], latest[:-1])) % len(ends)]
    reached = np.where(is_first, low, np.maximum(before, low))
    lengths = np.maximum(high - reached, 0).astype(np.float64)
    return np.bincount(group, weights=lengths, minlength=size).astype(np.float64)


def _critical(parent: Ints, levels: list[Ints], begin: Ints, end: Ints) -> NDArray[np.float64]:
    """Own time on the critical path, walked from each root's end to its beginning.

    At any moment the path is in the child that had begun by then and ended last; what no child fills
    is the parent's own. A child that outlasts its parent counts up to the parent's end.
    """
    critical = np.zeros(len(parent))
    siblings = _Siblings(parent, begin, end)
    level = levels[0] if levels else np.zeros(0, dtype=np.int64)
    low, high = begin[level], end[level]
    while len(level):
        critical[level] += high - low
        chosen: list[tuple[Ints, Ints, Ints]] = []
        of, since, until = level, low, high
        while len(of):
            child = siblings.last_before(of, until)
            is_there = child >= 0
            child, of, since, until = (
                child[is_there],
                of[is_there],
                since[is_there],
                until[is_there],
            )
            from_, to = np.maximum(begin[child], since), np.minimum(end[child], until)
            is_on = to > from_
            critical[of[is_on]] -= (to - from_)[is_on]
            chosen.append((child[is_on], from_[is_on], to[is_on]))
            goes_on = (to > since) & (from_ > since)
            of, since, until = of[goes_on], since[goes_on], from_[goes_on]
        level, low, high = (np.concatenate([part[i] for part in chosen]) for i in range(3))
    return critical


class _Siblings:
    """Of each parent's children, by when they began: which of them ended last."""

    def __init__(self, parent: Ints, begin: Ints, end: Ints) -> None:
        self._order = np.lexsort((begin, parent))
        self._times, rank = np.unique(np.concatenate([begin, end]), return_inverse=True)
        self._first = np.searchsorted(parent[self._order], np.arange(len(parent) + 1))
        group = (parent[self._order] + 1) * (len(self._times) + 1)
        self._keys = group + rank[: len(parent)][self._order]
        ends = group + rank[len(parent) :][self._order]
        is_last_yet = ends == np.maximum.accumulate(ends)
        self._last = np.maximum.accumulate(np.where(is_last_yet, np.arange(len(ends)), 0))

    def last_before(self, parents: Ints, moments: Ints) -> Ints:
        """The child that ended last of those that began before the moment; -1 where none did."""
        key = (parents + 1) * (len(self._times) + 1) + np.searchsorted(self._times, moments)
        place = np.searchsorted(self._keys, key) - 1
        is_there = place >= self._first[parents]
        return np.where(is_there, self._order[self._last[np.where(is_there, place, 0)]], -1)
