"""An answer as a table on a terminal, or as CSV."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from clew.cli.render import json
from clew.cli.render.escape import cell, is_terminal, visible
from clew.model.finding import rfc3339
from clew.reports._figures import number

EVENT_COLUMNS = (
    "timestamp",
    "severity",
    "service",
    "host",
    "http_method",
    "url_path",
    "http_status",
    "span_name",
    "status",
    "duration_ms",
    "metric_name",
    "metric_value",
    "model",
    "user_id",
    "exception_type",
    "message",
)
"""What a table of events shows of the columns that have a value; `--output json` shows all."""

_WIDE = 10_000
_LONGEST_CELL = 400
_NARROW = 24
_GAP = 3


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Prints to standard output; a pipe gets whole lines, a terminal what fits."""
    screen = console()
    cells = [[visible(name), *(shown(row[at]) for row in rows)] for at, name in enumerate(columns)]
    least = [min(max(map(len, column)), _NARROW) for column in cells]
    fitting = _fitting(least, screen.width)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for at in range(fitting):
        table.add_column(
            Text(cells[at][0]),
            justify="right" if _are_numbers([row[at] for row in rows]) else "left",
            min_width=least[at],
            overflow="fold",
        )
    for place, row in enumerate(rows, 1):
        table.add_row(*(Text(cells[at][place], style=_style(row[at])) for at in range(fitting)))
    screen.print(table)
    if fitting < len(columns):
        print(
            f"{fitting} of {len(columns)} columns fit the screen: '--output json' shows all.",
            file=sys.stderr,
        )


def _fitting(widths: Sequence[int], screen_width: int) -> int:
    """How many columns, from the left, have room for their least width; one at least."""
    used = 0
    for at, width in enumerate(widths):
        used += width + _GAP
        if used - _GAP > screen_width:
            return max(at, 1)
    return len(widths)


def _are_numbers(values: Sequence[Any]) -> bool:
    kinds = {type(value) for value in values if value is not None}
    return bool(kinds) and kinds <= {int, float, Decimal}


def console() -> Console:
    """Standard output. What is not a terminal gets no colours and no folded lines."""
    if is_terminal():
        return Console(highlight=False, emoji=False, markup=False)
    return Console(highlight=False, emoji=False, markup=False, width=_WIDE, no_color=True)


def shown(value: Any) -> str:
    """One value for a person: short, on one line, nothing in it acts."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="milliseconds" if value.microsecond else "seconds")
    if isinstance(value, (float, Decimal)):
        return number(value)
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g} s"
    text = value if isinstance(value, (str, int)) else json.dumps(value)
    text = visible(str(text))
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "…"


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Writes to standard output. NULL is an empty field; times are RFC 3339."""
    on_terminal = is_terminal()
    writer = csv.writer(_UnixLines())
    writer.writerow([cell(name, on_terminal=on_terminal) for name in columns])
    for row in rows:
        writer.writerow([_field(value, on_terminal) for value in row])


class _UnixLines:
    """Ends rows in a newline only. The writer itself is told CR LF, or it would leave a CR within a
    field without quotes."""

    def write(self, row: str) -> None:
        sys.stdout.write(row.removesuffix("\r\n") + "\n")


def _field(value: Any, on_terminal: bool) -> Any:
    if isinstance(value, str):
        return cell(value, on_terminal=on_terminal)
    if value is None:
        return None
    if isinstance(value, int):
        return shown(value)
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else None
    if isinstance(value, datetime):
        return rfc3339(value)
    return json.dumps(value).strip('"')


def _style(value: Any) -> str:
    if value in ("ERROR", "FATAL"):
        return "red"
    return "yellow" if isinstance(value, str) and value == "WARN" else ""
