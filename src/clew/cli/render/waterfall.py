"""A trace drawn on a terminal: a line a span, as a tree on the left and as a bar in time on the right.

    * gateway POST /score           █──────────────────█      28.0     6.0
    *   gateway POST /features       ────────────────         22.0     2.0
          + 4.0 ms INFO scored 12 items

Bars      solid where no child ran, thin where one did; an arrow where a span lies outside the picture
*         on the critical path: the last column says how much of its own time delayed the whole
!         failed, with what its status or exception says below
gap       a stretch in which no child ran, where it is long
x 240     like siblings drawn as one
Log text is hostile: every word of a source passes through `visible`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from clew.cli.render.escape import is_terminal, visible
from clew.cli.render.table import shown
from clew.cli.render.trace_lines import Gap, Line, More, Run, lines_of
from clew.correlation.trace import Row, Span, Trace
from clew.reports._figures import number

COLOURS = ("cyan", "green", "magenta", "blue", "yellow", "bright_cyan", "bright_green",
           "bright_magenta", "bright_blue", "bright_yellow")  # fmt: skip
LEAST_WIDTH, MOST_WIDTH = 60, 180
FIGURES = 10
MOST_LOGS = 8
DEEPEST, SHORTEST_NAME = 16, 16
"""Levels that are told by indenting, where so much is left for the name."""
HALF = 0.5
"""So much of what a span fills of a cell must be its own for the cell to be solid."""
FARTHEST = 2.0
"""A span that would stretch the picture to more than so many times its width lies outside it."""
SEVERE = {"ERROR": "red", "FATAL": "bold red", "WARN": "yellow"}


def print_trace(trace: Trace, most: int = 0) -> None:
    """Prints to standard output, at most so many spans; 0 prints all. A pipe gets no colours."""
    width = shutil.get_terminal_size((80, 24)).columns
    width = max(LEAST_WIDTH, min(width, MOST_WIDTH))
    screen = Console(
        highlight=False, emoji=False, markup=False, width=width, no_color=not is_terminal()
    )
    for line in draw(trace, width, most):
        screen.print(line, no_wrap=True, overflow="crop", crop=True)


def excerpt(trace: Trace, width: int, lines: int) -> Iterable[Text]:
    """The picture in so many lines at most, the last of which says how to see all of it."""
    drawn = list(draw(trace, width, max(lines // 2, 1)))
    whole = Text(f"'clew trace {visible(trace.trace_id)}' draws the whole of it")
    yield from drawn[: lines - 1]
    yield whole


def draw(trace: Trace, width: int, most: int = 0) -> Iterable[Text]:
    """The lines of the picture, none wider than that."""
    for line in _drawn(trace, width, most):
        line.truncate(width, overflow="ellipsis")
        yield line


def _drawn(trace: Trace, width: int, most: int) -> Iterable[Text]:
    yield from _header(trace, width)
    yield from _Picture(trace, width).lines(most)
    if trace.logs:
        yield Text("logs that belong to no span", style="bold")
        for log in trace.logs[: max(most, MOST_LOGS)]:
            yield _log(trace, log, "  ", width)
        if len(trace.logs) > (drawn := max(most, MOST_LOGS)):
            yield Text(f"  and {len(trace.logs) - drawn:,} more: '--output json' has them")


def _header(trace: Trace, width: int) -> Iterable[Text]:
    failed = sum(span.is_failed for span in trace.spans)
    logs = len(trace.logs) + sum(len(span.logs) for span in trace.spans)
    facts = [
        _many(len(trace.spans), "span"),
        _many(len(trace.services), "service"),
        f"{failed:,} failed",
        _many(logs, "log"),
    ]
    yield Text(f"trace {visible(trace.trace_id)}", style="bold")
    when = shown(trace.started) if trace.started else "at no stated time"
    took = "" if trace.duration_ms is None else f"{_figure(trace.duration_ms)} ms, "
    yield Text(f"{when}, {took}{', '.join(facts)}")
    yield from _services(trace)
    for problem in trace.problems:
        yield from _wrapped(f"note: {visible(problem)}", width, "yellow")


def _services(trace: Trace) -> Iterable[Text]:
    """Each service in its colour, with its part of the critical path; the largest first."""
    own = dict.fromkeys(trace.services, 0.0)
    for span in trace.spans:
        own[span.service] += span.critical_ms or 0.0
    total = sum(own.values()) or 1.0
    colours = _colours(trace)
    for name, ms in sorted(own.items(), key=lambda item: -item[1])[: len(COLOURS)]:
        yield Text.assemble(
            ("■ ", colours[name]),
            f"{visible(name)}: {_figure(ms)} ms of the critical path ({ms / total:.0%})",
        )
    if len(own) > len(COLOURS):
        yield Text(f"  and {len(own) - len(COLOURS)} more services")


class _Picture:
    """Columns: mark, tree and name; bar; duration; own time on the critical path."""

    def __init__(self, trace: Trace, width: int) -> None:
        self.trace, self.width = trace, width
        self.colours = _colours(trace)
        self.label = max(26, min(64, width * 44 // 100))
        self.bar = width - self.label - 2 * FIGURES - 2
        self.begin, self.end = _axis(trace.spans)

    def lines(self, most: int) -> Iterable[Text]:
        if not self.trace.spans:
            return
        end = f"{_figure(self.end - self.begin)} ms"
        axis = _figure(self.begin) + end.rjust(self.bar - len(_figure(self.begin)))
        figures = f"{'ms':>{FIGURES}}{'critical':>{FIGURES}}"
        yield Text(f"{'':{self.label}} {axis} {figures}", style="dim")
        hidden = 0
        for line in lines_of(self.trace, most):
            yield from self._line(line)
            hidden += line.what.spans if isinstance(line.what, More) else 0
        if hidden:
            yield Text(
                f"{hidden:,} of {_many(len(self.trace.spans), 'span')} are not drawn: "
                "'--limit 0' draws every one."
            )

    def _line(self, line: Line) -> Iterable[Text]:
        indent = _indent(line.depth, min(DEEPEST, (self.label - SHORTEST_NAME) // 2))
        match line.what:
            case Gap():
                gap = line.what
                words = f"   {indent}gap of {_figure(gap.until - gap.since)} ms"
                yield self._row(Text(words), "dim", self._bar(line.what.since, gap.until, "·"))
            case More():
                words = f"   {indent}... {_many(line.what.spans, 'more span')} below"
                yield Text(set_cell_size(words, self.width).rstrip(), style="dim")
            case Run():
                yield self._run(line.what, indent)
            case Span():
                yield self._span(line.what, line.own, indent)
                yield from self._below(line.what, indent)

    def _span(self, span: Span, own: Sequence[tuple[float, float]], indent: str) -> Text:
        colour = self.colours[span.service]
        label = Text.assemble(
            _mark(span),
            indent,
            (visible(span.service), colour),
            " ",
            (visible(span.name), "red" if span.is_failed else ""),
        )
        begin = span.offset_ms
        length = max(span.duration_ms or 0.0, 0.0)
        bar = self._bar(begin, begin + length, "─", own, "█" if span.critical_ms else "▒")
        figures = (
            "?" if span.duration_ms is None else _figure(span.duration_ms),
            _figure(span.critical_ms) if span.critical_ms else "",
        )
        return self._row(label, colour, bar, *figures)

    def _run(self, run: Run, indent: str) -> Text:
        first = run.spans[0]
        colour = self.colours[first.service]
        count = f"x {len(run.spans):,} "
        label = Text.assemble(
            _mark(first, any(span.critical_ms for span in run.spans)),
            indent,
            (count, "bold"),
            (visible(first.service), colour),
            f" {visible(first.name)}",
        )
        times = [
            (span.offset_ms, span.offset_ms + max(span.duration_ms or 0.0, 0.0))
            for span in run.spans
        ]
        whole = (min(begin for begin, _ in times), max(end for _, end in times))
        critical = sum(span.critical_ms or 0.0 for span in run.spans)
        bar = self._bar(*whole, "┄", times, "█" if critical else "▒")
        total = sum(max(span.duration_ms or 0.0, 0.0) for span in run.spans)
        return self._row(
            label, colour, bar, f"sum {_figure(total)}", _figure(critical) if critical else ""
        )

    def _below(self, span: Span, indent: str) -> Iterable[Text]:
        """What is wrong with a span, what failed in it, and its logs, each indented below it."""
        inner = f"   {indent}    "
        for said, style in _said(span):
            yield from _wrapped(f"{inner}{said}", self.width, style, hang=len(inner))
        happened = span.happened()
        for log in happened[:MOST_LOGS]:
            yield _log(self.trace, log, inner, self.width)
        if len(happened) > MOST_LOGS:
            yield Text(f"{inner}and {_many(len(happened) - MOST_LOGS, 'more log')}", style="dim")

    def _row(self, label: Text, colour: str, bar: str, ms: str = "", critical: str = "") -> Text:
        label.truncate(self.label, overflow="ellipsis", pad=True)
        line = Text.assemble(
            label, " ", (bar, colour), " ", f"{ms:>{FIGURES}}", (f"{critical:>{FIGURES}}", "bold")
        )
        line.rstrip()
        return line

    def _bar(
        self,
        begin: float,
        end: float,
        thin: str,
        solid: Sequence[tuple[float, float]] = (),
        block: str = "",
    ) -> str:
        """As many cells as the bar has: `thin` from begin to end, `block` over the solid parts."""
        if end < self.begin:
            return "◀".ljust(self.bar)
        if begin > self.end:
            return "▶".rjust(self.bar)
        cells = [" "] * self.bar
        first, last = self._cells(max(begin, self.begin), min(end, self.end))
        cells[first:last] = thin * (last - first)
        whole = self._filled([(begin, end)], first, last)
        for place, part in enumerate(self._filled(solid, first, last)):
            if solid and part >= whole[place] * HALF:
                cells[first + place] = block
        if begin < self.begin:
            cells[0] = "◀"
        if end > self.end:
            cells[-1] = "▶"
        return "".join(cells)

    def _filled(self, parts: Sequence[tuple[float, float]], first: int, last: int) -> list[float]:
        """How much of each cell, 0 to 1, the parts fill."""
        scale = self.bar / ((self.end - self.begin) or 1.0)
        filled = [0.0] * (last - first)
        for since, until in parts:
            low, high = ((edge - self.begin) * scale - first for edge in (since, until))
            for place in range(max(int(low), 0), min(int(high) + 1, last - first)):
                filled[place] += max(min(high, place + 1) - max(low, place), 0.0)
        return filled

    def _cells(self, since: float, until: float) -> tuple[int, int]:
        """First cell, and the one behind the last; one cell at least."""
        scale = self.bar / ((self.end - self.begin) or 1.0)
        first = min(int((since - self.begin) * scale), self.bar - 1)
        last = int((until - self.begin) * scale + 0.999)
        return first, max(first + 1, min(last, self.bar))


def _axis(spans: Sequence[Span]) -> tuple[float, float]:
    """What the picture shows, in ms from the trace's beginning: all spans whose clock is right, and
    the others where they do not stretch it too far."""
    sure = [span for span in spans if not span.skew_ms] or list(spans)
    begin = min((span.offset_ms for span in sure), default=0.0)
    end = max((span.offset_ms + max(span.duration_ms or 0.0, 0.0) for span in sure), default=0.0)
    room = (end - begin) * (FARTHEST - 1)
    for span in spans:
        low, high = span.offset_ms, span.offset_ms + max(span.duration_ms or 0.0, 0.0)
        if low >= begin - room and high <= end + room:
            begin, end = min(begin, low), max(end, high)
    return begin, end


def _mark(span: Span, is_critical: bool | None = None) -> Text:
    critical = span.critical_ms if is_critical is None else is_critical
    return Text.assemble(
        ("*" if critical else " ", "bold"), ("!" if span.is_failed else " ", "bold red"), " "
    )


def _indent(depth: int, deepest: int) -> str:
    return "  " * depth if depth <= deepest else "  " * (deepest - 2) + f"{depth:>3} "


def _said(span: Span) -> Iterable[tuple[str, str]]:
    """Sentences about a span, and how each is drawn."""
    event = span.event
    if span.problem and not (span.skew_ms and span.problem == "outside its parent"):
        yield f"problem: {span.problem}", "yellow"
    if span.skew_ms:
        yield f"clock: would fit {span.skew_ms:+,.1f} ms from where it is stated", "yellow"
    if span.is_failed:
        reasons = [
            event.get("status_message"),
            ": ".join(
                str(event[name])
                for name in ("exception_type", "exception_message")
                if event.get(name)
            ),
            f"HTTP {event['http_status']}" if event.get("http_status", 0) >= 400 else "",
            event.get("error_type"),
        ]
        said = list(dict.fromkeys(str(reason) for reason in reasons if reason))
        yield visible("; ".join(said) or "its status says error"), "red"


def _log(trace: Trace, log: Row, indent: str, width: int) -> Text:
    at = log.get("timestamp")
    when = ""
    if at is not None and trace.started is not None:
        when = f"{(at - trace.started).total_seconds() * 1e3:+,.1f} ms "
    severity = str(log.get("severity") or "")
    service = f"{log['service']} " if indent == "  " and log.get("service") else ""
    words = (
        log.get("message")
        or log.get("exception_message")
        or " ".join(
            str(log[name]) for name in ("http_method", "url_path", "http_status") if name in log
        )
        or log.get("event_name")
        or str(log.get("source_format", "event"))
    )
    line = Text.assemble(
        indent,
        (when, "dim"),
        (f"{visible(severity)} " if severity else "", SEVERE.get(severity, "dim")),
        visible(service),
        visible(str(words)),
    )
    line.truncate(width, overflow="ellipsis")
    return line


def _wrapped(words: str, width: int, style: str, hang: int = 2) -> Iterable[Text]:
    """One line, or several with the rest hanging below the first; `words` are visible already."""
    hang = min(hang, width // 2)
    text = words.lstrip(" ")
    line = " " * (len(words) - len(text))
    for word in text.split(" "):
        if line.strip() and cell_len(line) + cell_len(word) + 1 > width:
            yield Text(line, style=style)
            line = " " * hang + word
        else:
            line = f"{line} {word}" if line.strip() else line + word
    last = Text(line, style=style)
    last.truncate(width, overflow="ellipsis")
    yield last


def _colours(trace: Trace) -> dict[str, str]:
    return {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(trace.services)}


def _figure(ms: float) -> str:
    """
    >>> _figure(0.0123), _figure(28), _figure(1234.5), _figure(7_200_000)
    ('0.012', '28.0', '1,234', '7,200,000')
    """
    if abs(ms) >= 1e9:
        return number(ms)
    return (
        f"{ms:,.0f}" if abs(ms) >= 1000 else f"{ms:.1f}" if abs(ms) >= 1 or not ms else f"{ms:.3f}"
    )


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
