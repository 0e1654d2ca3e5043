"""An answer of the case as table, json, csv or chart."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from clew.cli.render import json
from clew.engines import Answer
from clew.model.event import filled


def print_answer(
    answer: Answer,
    output: str,
    *,
    of_events: bool = False,
    most_rows: int = 0,
) -> None:
    """Prints to standard output.

    of_events  rows are events: columns without a value are left out
    most_rows  a table shows so many, and says that there are more; 0 shows all
    """
    if output == "json":
        rows = answer.dicts()
        if of_events:
            rows = [filled(row) for row in rows]
        sys.stdout.writelines(json.lines(rows))
        return
    from clew.cli.render import table

    if output == "csv":
        table.write_csv(answer.columns, answer.rows)
        return
    if not answer.rows:
        print("No event matches." if of_events else "There are no rows.", file=sys.stderr)
        return
    shown = answer.rows[:most_rows] if most_rows else answer.rows
    if output == "chart":
        from clew.cli.render.chart import print_chart

        print_chart(answer.columns, shown)
    else:
        at = _columns_shown(answer, shown) if of_events else range(len(answer.columns))
        table.print_table(
            [answer.columns[position] for position in at],
            [[row[position] for position in at] for row in shown],
        )
    if len(shown) < len(answer.rows):
        print(f"The first {len(shown):,} rows are shown: --limit shows more.", file=sys.stderr)


def _columns_shown(answer: Answer, rows: Sequence[tuple[object, ...]]) -> list[int]:
    """Of events, the columns that a person reads first, where one row at least has a value."""
    from clew.cli.render.table import EVENT_COLUMNS

    filled = [
        answer.columns.index(name)
        for name in EVENT_COLUMNS
        if name in answer.columns
        and any(row[answer.columns.index(name)] is not None for row in rows)
    ]
    return filled or list(range(len(answer.columns)))
