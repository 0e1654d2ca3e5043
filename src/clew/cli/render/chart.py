"""An answer as a plain terminal chart: bars, or a time line where there is a column of times.

Measures  columns of numbers, except those whose name is a canonical column, such as http_status:
          those say what a row is about. Each measure is drawn for itself, on its own scale
Bars      one a row; over time one a bucket, with the empty buckets in between
Lines     several series over time, or many buckets: one line a series, from first bucket to last
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from rich.text import Text

from clew.cli.render.escape import visible
from clew.cli.render.table import console, shown
from clew.errors import ConfigError
from clew.model.event import BY_NAME
from clew.reports._figures import number

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_HEIGHTS = "▁▂▃▄▅▆▇█"
_MOST_BUCKETS = 500
_MOST_BARS = 60
_BAR_CELLS = 40

Row = Sequence[Any]


def print_chart(columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Prints to standard output. Raises ConfigError where nothing can be drawn."""
    screen = console()
    for line in draw(columns, rows, width=min(screen.width, 120)):
        screen.print(Text(line), no_wrap=True, overflow="crop")


def draw(columns: Sequence[str], rows: Sequence[Row], width: int) -> list[str]:
    """The lines of the chart, a block for each measure."""
    if not rows:
        return ["no rows"]
    numbers = [at for at in range(len(columns)) if _is_measure(rows, at)]
    measures = [at for at in numbers if columns[at] not in BY_NAME] or numbers
    if not measures:
        raise ConfigError(
            "A chart needs a column of numbers, and this answer has none. "
            "'--output table' shows it."
        )
    labels = [at for at in range(len(columns)) if at not in measures]
    time = next((at for at in labels if isinstance(rows[0][at], datetime)), None)
    lines = []
    for measure in measures:
        lines += ["", visible(columns[measure]), *_block(rows, labels, time, measure, width)]
    return lines[1:]


def _block(
    rows: Sequence[Row], labels: Sequence[int], time: int | None, measure: int, width: int
) -> list[str]:
    if time is None:
        return _bars(rows, labels, measure, width)
    series = [at for at in labels if at != time]
    filled = _with_gaps(rows, time, measure)
    if len(filled) > _MOST_BARS or len({_label(row, series) for row in rows}) > 1:
        return _lines(rows, series, time, measure, width)
    return _bars(filled, [0], 1, width)


def _bars(rows: Sequence[Row], labels: Sequence[int], measure: int, width: int) -> list[str]:
    values = [_number(row[measure]) for row in rows]
    top = max((abs(value) for value in values if value is not None), default=0.0)
    names = [_label(row, labels) for row in rows]
    figures = ["" if value is None else number(value) for value in values]
    name_width = min(max(map(len, names)), max(width // 2, 20))
    figure_width = max(map(len, figures))
    cells = max(5, min(_BAR_CELLS * 2, width - name_width - figure_width - 4))
    return [
        f"{_cut(name, name_width)}  {figure:>{figure_width}}  {_bar(value, top, cells)}".rstrip()
        for name, value, figure in zip(names, values, figures, strict=True)
    ]


def _bar(value: float | None, top: float, cells: int) -> str:
    if not value or not top:
        return ""
    eighths = max(1, round(abs(value) / top * cells * 8))
    bar = _EIGHTHS[8] * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
    return f"-{bar}" if value < 0 else bar


def _lines(
    rows: Sequence[Row], series: Sequence[int], time: int, measure: int, width: int
) -> list[str]:
    """One line a series: its name, its highest value, and its course as blocks of eight heights."""
    times = _buckets([row[time] for row in rows if row[time] is not None])
    named: dict[str, dict[datetime, float]] = {}
    for row in rows:
        value = _number(row[measure])
        of_series = named.setdefault(_label(row, series), {})
        if value is not None and row[time] is not None:
            of_series[row[time]] = value
    top = max((value for course in named.values() for value in course.values()), default=0.0)
    name_width = min(max(map(len, named)), max(width // 3, 16))
    peaks = {name: number(max(course.values())) if course else "" for name, course in named.items()}
    peak_width = max(4, *map(len, peaks.values()))
    cells = max(10, width - name_width - peak_width - 4)
    per_cell = -(-len(times) // cells)
    groups = [times[at : at + per_cell] for at in range(0, len(times), per_cell)]
    lines = [f"{'':{name_width}}  {'peak':>{peak_width}}  {shown(times[0])} to {shown(times[-1])}"]
    for name, course in named.items():
        heights = [[course[at] for at in group if at in course] for group in groups]
        blocks = "".join(_height(values, top) for values in heights)
        lines.append(f"{_cut(name, name_width)}  {peaks[name]:>{peak_width}}  {blocks}".rstrip())
    return lines


def _height(values: list[float], top: float) -> str:
    if not values or top <= 0:
        return " "
    return _HEIGHTS[round(min(1.0, max(0.0, max(values) / top)) * 7)]


def _with_gaps(rows: Sequence[Row], time: int, measure: int) -> list[Row]:
    by_time = {row[time]: row[measure] for row in rows if row[time] is not None}
    return [(at, by_time.get(at)) for at in _buckets(list(by_time))]


def _buckets(times: list[datetime]) -> list[datetime]:
    """Every bucket from first to last. The step is the smallest distance between two of them; where
    that gives too many, or buckets that do not fit it, only those that have a row."""
    known = sorted(set(times))
    step = min((b - a for a, b in itertools.pairwise(known)), default=timedelta())
    if not step or (known[-1] - known[0]) / step > _MOST_BUCKETS:
        return known
    every = [known[0] + step * at for at in range(round((known[-1] - known[0]) / step) + 1)]
    return every if set(known) <= set(every) else known


def _label(row: Row, columns: Sequence[int]) -> str:
    return "  ".join("(none)" if row[at] is None else shown(row[at]) for at in columns) or "all"


def _cut(text: str, width: int) -> str:
    return f"{text:{width}}" if len(text) <= width else text[: width - 1] + "…"


def _is_measure(rows: Sequence[Row], at: int) -> bool:
    values = [row[at] for row in rows if row[at] is not None]
    return bool(values) and all(
        isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) for value in values
    )


def _number(value: Any) -> float | None:
    if value is None:
        return None
    as_float = float(value)
    return as_float if as_float - as_float == 0 else None
