"""Wide tables of metrics: a row a time, and a column each metric of a pod, host or service.

Reads     CSV with a header, and JSON lines: a time, whom it is of (pod, service, host ...), and numbers
          of which at least one is named after CPU, memory, disk, network or the like
Returns   an event a number, with the column's name as metric_name; a unit in brackets, as in
          MemoryUsage(Mi), as metric_unit. A cell that is empty or NaN is none
Units     as in the table; `line` counts numbers, `byte_offset` is their row's
Blind to  tables with columns that are neither: they are requests or logs, which csv and jsonl read
"""

from __future__ import annotations

import contextlib
import csv
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from clew.errors import InputError
from clew.formats import Settings
from clew.formats._fields import spelling_of
from clew.formats._telemetry.batches import Message, MessageParser, lines_of
from clew.formats._telemetry.gathered import Gathered
from clew.formats._telemetry.points import OWNERS, Metric, Point, Points
from clew.formats._telemetry.signals import Rows, Scope
from clew.model.case import Sample
from clew.sources.files import Block

HEAD = 65_536
RESOURCE = re.compile(
    r"(?i)cpu|mem|heap|disk|filesystem|network|socket|(?:^|[_.])(?:fs|io|net|rx|tx|gc)(?:[_.]|$)"
)
"""What names a metric: a row of numbers without one of these may be anything."""
MEASURED = ("duration_ms", "upstream_ms", "queue_ms", "request_bytes", "response_bytes")
"""Columns that a table of metrics has as metrics."""
UNIT = re.compile(r"^(.+?)\s*[(\[]([^()\[\]]{1,20})[)\]]$")
NO_NUMBER = ("", "nan", "null", "none", "na", "n/a", "-", "inf", "-inf", "+inf")
NS_PER_DIGITS = ((18, 1), (15, 1_000), (12, 1_000_000), (0, 1_000_000_000))
"""Digits of a whole number since 1970, at least, to the nanoseconds of its unit."""
MONOTONIC = re.compile(r"\s+m=[+-][\d.]+$")
"""What Go adds to a time that it prints: 2022-08-22 03:51:19.640328427 +0000 UTC m=+0.146282408."""
ZONE_WORD = re.compile(r"\s*(?:([+-]\d{2}):?(\d{2}))?\s*(?:UTC|GMT|Z)?$")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Table:
    """What its columns are.

    time     the column of the time
    owners   column to the attribute of a resource
    metrics  column to its metric
    """

    time: str
    owners: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)


def sniff(head: bytes) -> float:
    """Sure where every column is a time, an owner or a metric, and the first rows hold numbers."""
    rows = _first_rows(head)
    if not rows or (table := _table(rows)) is None:
        return 0.0
    cells = [row[name] for row in rows for name in table.metrics if name in row]
    numbers = sum(_number(cell) is not None for cell in cells)
    return 0.96 if numbers > 0.5 * len(cells) and _is_time(rows[0].get(table.time)) else 0.0


def parse(head: bytes, settings: Settings) -> MessageParser:
    """A parser of the rows, each a message; the header of a CSV holds none."""
    is_json = head.lstrip().startswith(b"{")
    header = head.split(b"\n", 1)[0].strip()
    names = [] if is_json else _cells(_text(header), _delimiter(header))

    def messages(blocks: Iterable[Block]) -> Iterator[Message]:
        for place, line in lines_of(blocks):
            if is_json or line.strip() != header:
                yield Message(place, line, ("row",))

    def row_of(line: bytes) -> dict[str, Any]:
        return _object(line) if is_json else _row(_text(line), names, _delimiter(header))

    zone = _zone(settings.timezone)
    return MessageParser(settings, messages, {"row": lambda rows: _points(rows, row_of, zone)})


def _points(
    payloads: Sequence[bytes], row_of: Callable[[bytes], dict[str, Any]], zone: tzinfo
) -> Rows:
    points = Points(Gathered())
    tables: dict[tuple[str, ...], Table | None] = {}
    scopes: dict[tuple[str, ...], int] = {}
    for number, payload in enumerate(payloads):
        row = row_of(payload)
        names = tuple(row)
        if names not in tables:
            tables[names] = _table([row], needs_resource=False)
        if (table := tables[names]) is None:
            raise InputError("no row of metrics: it has no time, or columns that are no metrics")
        time_ns = _nanoseconds(row[table.time], zone)
        owner = tuple(str(row[name] or "") for name in table.owners)
        key = (*table.owners.values(), *owner)
        if key not in scopes:
            said = dict(zip(table.owners.values(), owner, strict=True))
            points.gathered.scopes.append(Scope({k: v for k, v in said.items() if v}))
            scopes[key] = len(points.gathered.scopes) - 1
        for name, metric in table.metrics.items():
            value = _number(row[name])
            if value is not None:
                points.add(number, metric, [Point(time_ns, value=value)], scope=scopes[key])
    return points.rows()


def _table(rows: Sequence[dict[str, Any]], *, needs_resource: bool = True) -> Table | None:
    """What the columns of these rows are; None where one of them is something else."""
    times: list[str] = []
    table = Table("")
    for name in dict.fromkeys(name for row in rows for name in row):
        cells = [row[name] for row in rows if not _is_empty(row.get(name))]
        spelling = spelling_of(name)
        column = spelling.column if spelling else ""
        if column == "timestamp":
            times.append(name)
        elif column in OWNERS and not all(_number(cell) is not None for cell in cells):
            table.owners[name] = OWNERS[column]
        elif column and column not in MEASURED and column not in OWNERS:
            return None
        elif all(_number(cell) is not None for cell in cells):
            found = UNIT.match(name)
            label, unit = (found[1], found[2]) if found else (name, "")
            table.metrics[name] = Metric(label, unit, "", "gauge")
        else:
            return None
    is_named = any(RESOURCE.search(name) for name in table.metrics)
    if not times or not table.metrics or (needs_resource and not is_named):
        return None
    table.time = next((name for name in times if _is_time(rows[0].get(name))), times[0])
    return table


def _first_rows(head: bytes) -> list[dict[str, Any]]:
    """Up to fifty rows; none where it is no table."""
    lines = [line.strip() for line in head[:HEAD].split(b"\n")]
    lines = [line for line in (lines[:-1] if len(lines) > 1 else lines) if line][:51]
    if not lines:
        return []
    if lines[0].startswith(b"{"):
        return _whole(lines, _object)
    delimiter = _delimiter(lines[0])
    names: list[str] = []
    with contextlib.suppress(InputError):
        names = _cells(_text(lines[0]), delimiter)
    if not delimiter or len(set(names)) < len(names) or not all(names):
        return []
    return _whole(lines[1:], lambda line: _row(_text(line), names, delimiter))


def _whole(
    lines: Sequence[bytes], row_of: Callable[[bytes], dict[str, Any]]
) -> list[dict[str, Any]]:
    """The rows, where most lines are one."""
    rows = []
    for line in lines:
        with contextlib.suppress(InputError):
            rows.append(row_of(line))
    return rows if len(rows) > len(lines) / 2 else []


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON: {error}") from error
    if not isinstance(found, dict):
        raise InputError("no JSON object")
    return found


def _row(line: str, names: Sequence[str], delimiter: str) -> dict[str, Any]:
    cells = _cells(line, delimiter)
    if len(cells) != len(names):
        raise InputError(f"{len(cells)} fields, but the header has {len(names)}")
    return dict(zip(names, cells, strict=True))


def _cells(line: str, delimiter: str) -> list[str]:
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter or ",")]
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter or ","))]
    except (csv.Error, StopIteration) as error:
        raise InputError(f"no row of CSV: {error}") from error


def _delimiter(header: bytes) -> str:
    best = max(",;\t|", key=lambda mark: header.count(mark.encode()))
    return best if best.encode() in header else ""


def _text(line: bytes) -> str:
    return line.decode(errors="replace").lstrip("\ufeff")


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in NO_NUMBER)


def _number(cell: Any) -> float | None:
    if isinstance(cell, bool) or _is_empty(cell) or not isinstance(cell, int | float | str):
        return None
    try:
        found = float(cell)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _is_time(cell: Any) -> bool:
    try:
        return _nanoseconds(cell, UTC) > 0
    except InputError:
        return False


def _nanoseconds(cell: Any, zone: tzinfo) -> int:
    """Nanoseconds since 1970, of a number in whichever unit, or of a date and time."""
    number = _number(cell)
    if number is not None:
        whole = int(number)
        scale = next(ns for digits, ns in NS_PER_DIGITS if abs(whole) >= 10**digits or not digits)
        is_exact = isinstance(cell, int) or str(cell).isdigit()
        return int(cell) * scale if is_exact else round(number * scale / 1000) * 1000
    text = MONOTONIC.sub("", str(cell or "").strip())
    moved = ZONE_WORD.search(text)
    bare = text[: moved.start()] if moved and moved[0] else text
    try:
        found = datetime.fromisoformat(bare.replace("/", "-"))
    except ValueError:
        raise InputError(f"no time: {text[:40]!r}") from None
    if moved and moved[1]:
        shift = timedelta(hours=int(moved[1]), minutes=int(moved[1][0] + moved[2]))
        zone = timezone(shift)
    elif moved and moved[0].strip():
        zone = UTC
    since = (found if found.tzinfo else found.replace(tzinfo=zone)) - EPOCH
    return (since // timedelta(microseconds=1)) * 1000


def _zone(name: str) -> tzinfo:
    if found := re.fullmatch(r"([+-]\d{2}):?(\d{2})", name):
        return timezone(timedelta(hours=int(found[1]), minutes=int(found[1][0] + found[2])))
    return ZoneInfo(name)


SAMPLES = [
    Sample(
        "TimeStamp,PodName,CpuUsageRate(%),MemoryUsage(Mi)\n"
        "1763629200,cart-7d9c6b5f48-x2x7k,10.5,200\n2025-11-20 09:01:00 +0000 UTC,cart-1,,NaN\n"
        "soon,cart-1,1,2\n1763629320,cart-1,7,x,y\n1763629380,cart-1,8,300\n",
        [
            {
                "timestamp": "2025-11-20T09:00:00Z",
                "k8s_pod": "cart-7d9c6b5f48-x2x7k",
                "metric_name": "CpuUsageRate",
                "metric_value": 10.5,
                "metric_unit": "%",
            },
            {"metric_name": "MemoryUsage", "metric_value": 200.0, "metric_unit": "Mi"},
            {"timestamp": "2025-11-20T09:03:00Z", "k8s_pod": "cart-1", "metric_value": 8.0},
            {"metric_value": 300.0},
        ],
        name="a pod's metrics side by side",
        rejects=2,
    ),
    Sample(
        "Time,TimeStamp,PodName,CpuUsage(m),NetworkReceiveBytes\n"
        "2022-08-22 03:51:19.640328427 +0000 UTC m=+0.146282408,1661140279,cart-0,2.84,5991.08\n"
        "2022-08-22 03:52:19.628690331 +0000 UTC m=+60.134644323,1661140339,cart-0,3.1,\n",
        [
            {
                "timestamp": "2022-08-22T03:51:19.640328Z",
                "k8s_pod": "cart-0",
                "metric_name": "CpuUsage",
                "metric_value": 2.84,
            },
            {"metric_name": "NetworkReceiveBytes"},
            {"timestamp": "2022-08-22T03:52:19.628690Z", "metric_value": 3.1},
        ],
        name="times as Go prints them were none",
    ),
    Sample(
        "time,cart_cpu,cart_latency-90\n1763629200,0.25,12\n1763629260.5,0.5,13\n",
        [
            {"metric_name": "cart_cpu", "metric_value": 0.25, "service": None},
            {"metric_name": "cart_latency-90", "metric_value": 12.0},
            {"timestamp": "2025-11-20T09:01:00.500000Z", "metric_value": 0.5},
            {"metric_value": 13.0},
        ],
        name="metrics named after their service",
    ),
    Sample(
        '{"ts":"2025-11-20T09:00:00Z","pod":"cart-0","service":"cart","cpu":0.5,"memory":null}\n'
        '{"ts":"2025-11-20T09:01:00Z","pod":"cart-0","service":"cart","cpu":1,"memory":2e8}\n',
        [
            {"service": "cart", "k8s_pod": "cart-0", "metric_name": "cpu", "metric_value": 0.5},
            {"metric_name": "cpu", "metric_value": 1.0},
            {"metric_name": "memory", "metric_value": 200000000.0},
        ],
        name="JSON lines of numbers",
    ),
]
