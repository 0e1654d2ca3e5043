"""What stands behind a bar: each pipe takes a table and gives a table.

Up to the first pipe that makes new rows, names mean columns of events; behind it, the columns of
those rows and nothing else. Rows always have an order that tells any two apart: events that of time,
new rows that of their keys, until `sort` says otherwise. NULL comes last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn

import ibis
import ibis.expr.types as ir

from clew.errors import QueryError
from clew.model.buckets import seconds, time_bucket
from clew.query.compile import EVENT_ORDER, condition
from clew.query.language import PERCENTILE
from clew.query.scope import Events, Rows, Scope, Subject
from clew.query.tree import (
    Bucket,
    Dedup,
    Field,
    Fields,
    Head,
    Measure,
    Node,
    Patterns,
    Pipe,
    Query,
    Sort,
    SortKey,
    Stats,
    Tail,
    Top,
    Where,
)

MASKS = (
    (r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "<id>"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?", "<time>"),
    (r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b", "<address>"),
    (r"\b[0-9a-fA-F]{1,4}:(?:[0-9a-fA-F]{0,4}:){2,6}[0-9a-fA-F]{1,4}\b", "<address>"),
    (r"\b(?:0x[0-9a-fA-F]+|(?:[0-9]+[a-fA-F]|[a-fA-F]+[0-9])[0-9a-fA-F]{6,})\b", "<hex>"),
    (r"\"[^\"]*\"", "<text>"),
    (r"(^|[\s=:,(\[{])'[^']*'", r"\1<text>"),
    (r"\d+(?:\.\d+)*", "<number>"),
)
"""What differs between like messages: 0a1b2c3d-...-0a1b2c3d4e5f, 2026-01-05T10:00:00Z, 192.0.2.1:80,
2001:db8::1, 0x7f3a and 9f86d081884c, "a name", =' a name', 3.14. An apostrophe inside a word is none."""
ORDER_COLUMN = "clew_order_"


@dataclass(frozen=True)
class Step:
    """Rows on their way through the pipes.

    table    the rows, with hidden columns (clew_order_...) that only the order needs
    columns  those that are shown
    order    columns that rows are sorted by, each with whether it descends
    origins  result column to the subject its values are of; None while rows are events
    """

    table: ir.Table
    columns: tuple[str, ...]
    order: tuple[tuple[str, bool], ...]
    origins: dict[str, Subject] | None
    query: Query
    now: datetime
    is_deduplicated: bool = False

    def scope(self) -> Scope:
        if self.origins is None:
            return Events(self.table, self.query.text)
        return Rows(self.table, self.columns, self.query.text, self.origins)

    def find(self, field: Field) -> Subject:
        return self.scope().find(field)

    def hidden(self) -> bool:
        return len(self.columns) != len(self.table.columns)

    def sorted_by(self, *, backwards: bool = False) -> list[ir.Value]:
        return [
            self.table[name].desc(nulls_first=backwards)
            if is_descending != backwards
            else self.table[name].asc(nulls_first=backwards)
            for name, is_descending in self.order
        ]

    def with_columns(self, values: dict[str, ir.Value]) -> Step:
        """Adds columns that are not shown."""
        return replace(self, table=self.table.mutate(**values)) if values else self

    def place(self, within: Sequence[ir.Value] = ()) -> ir.IntegerValue:
        """The place of a row in the order, from 0, among those with the same values of `within`."""
        window = ibis.window(group_by=list(within) or None, order_by=self.sorted_by())
        return ibis.row_number().over(window)

    def fail(self, sentence: str, node: Node) -> NoReturn:
        raise QueryError(sentence, self.query.text, node.position, node.length)


def apply(query: Query, events: ir.Table, now: datetime) -> ir.Table:
    """The table behind the last pipe, in its order."""
    order = tuple((name, False) for name in EVENT_ORDER)
    step = Step(events, tuple(events.columns), order, None, query, now)
    for pipe in query.pipes:
        step = _piped(step, pipe)
    table = step.table.order_by(step.sorted_by()) if step.order else step.table
    return table.select(*step.columns) if step.hidden() else table


def _piped(step: Step, pipe: Pipe) -> Step:
    match pipe:
        case Stats():
            return _stats(step, pipe)
        case Sort():
            return _sort(step, pipe)
        case Head():
            return replace(step, table=step.table.order_by(step.sorted_by()).limit(pipe.count))
        case Tail():
            last = step.table.order_by(step.sorted_by(backwards=True)).limit(pipe.count)
            return replace(step, table=last)
        case Top():
            return _top(step, pipe)
        case Dedup():
            return _dedup(step, pipe)
        case Patterns():
            return _patterns(step, pipe)
        case Fields():
            return _fields(step, pipe)
        case Where():
            return _where(step, pipe)


def _stats(step: Step, pipe: Stats) -> Step:
    keys = _keys(step, pipe.by)
    step = step.with_columns(_first_marks(step, pipe.measures, keys))
    subjects = {m.label: step.find(m.field) for m in pipe.measures if m.field}
    width_s = next((seconds(key.width) for key in pipe.by if isinstance(key, Bucket)), None)
    values = {m.label: _measured(step, m, subjects.get(m.label), width_s) for m in pipe.measures}
    named = [value.name(label) for label, value in _keys(step, pipe.by).items()]
    table = step.table.aggregate(by=named, **values)
    origins = {
        measure.label: subjects[measure.label]
        for measure in pipe.measures
        if measure.label in subjects and measure.function not in ("count", "dcount", "rate")
    }
    origins |= {key.label: step.find(key) for key in pipe.by if isinstance(key, Field)}
    return _rows(step, table, [key.label for key in pipe.by], origins)


def _measured(
    step: Step, measure: Measure, subject: Subject | None, width_s: int | None
) -> ir.Value:
    function, table = measure.function, step.table
    if function == "rate":
        return _rate(step, measure, subject, width_s)
    if subject is None:
        return table.count()
    value = subject.shown()
    match function:
        case "count":
            return value.count()
        case "dcount":
            return value.nunique()
        case "values":
            return value.collect(distinct=True).sort()
        case "first" | "last":
            mark = table[f"clew_{function}_{measure.label}"]
            return value.max(where=(mark == 0) & value.notnull())
        case "min" | "max" if subject.kind != "attribute":
            ordered = ir.NumericValue | ir.StringValue | ir.TimestampValue
            if not isinstance(value, ordered) or isinstance(value, ir.BooleanValue):
                step.fail(
                    f"{function} needs values in an order, and {subject.name} has none.", measure
                )
            return value.min() if function == "min" else value.max()
    number = _number(step, measure, subject)
    match function:
        case "sum":
            return number.sum()
        case "avg":
            return number.cast("float64").mean()
        case "min":
            return number.min()
        case "max":
            return number.max()
        case "median":
            return number.cast("float64").quantile(0.5)
    share = PERCENTILE.fullmatch(function)
    assert share, f"BUG: {function} is no function of stats"
    return number.cast("float64").quantile(float(share[1]) / 100)


def _number(step: Step, measure: Measure, subject: Subject) -> ir.NumericValue:
    value = subject.shown()
    if subject.kind == "attribute":
        return value.try_cast("float64")
    if not isinstance(value, ir.NumericValue) or isinstance(value, ir.BooleanValue):
        step.fail(f"{measure.function} needs numbers, and {subject.name} holds none.", measure)
    return value


def _rate(
    step: Step, measure: Measure, subject: Subject | None, width_s: int | None
) -> ir.FloatingValue:
    """Rows a second, or the sum of a field a second: over the bucket, else from the first row of the
    group to its last, which counts as one second at least."""
    amount = _number(step, measure, subject).sum() if subject else step.table.count()
    amount = amount.cast("float64")
    if width_s:
        return amount / float(width_s)
    time = _time(step, measure)
    elapsed_s = time.max().delta(time.min(), unit="second")
    return amount / ibis.greatest(elapsed_s, 1).cast("float64")


def _first_marks(
    step: Step, measures: Sequence[Measure], keys: dict[str, ir.Value]
) -> dict[str, ir.Value]:
    """For `first` and `last`: the place in time of each row among those of its group that have the
    field; 0 is the one. NULL values are passed over."""
    marks = {}
    for measure in measures:
        if measure.function not in ("first", "last") or measure.field is None:
            continue
        is_last = measure.function == "last"
        time = _time(step, measure)
        tie = step.table["event_id"] if "event_id" in step.table.columns else None
        order = [value for value in (time, tie) if value is not None]
        has = step.find(measure.field).value.notnull()
        within = ibis.window(
            group_by=[*keys.values(), has],
            order_by=[value.desc() if is_last else value.asc() for value in order],
        )
        marks[f"clew_{measure.function}_{measure.label}"] = ibis.row_number().over(within)
    return marks


def _sort(step: Step, pipe: Sort) -> Step:
    order: list[tuple[str, bool]] = []
    for key in pipe.keys:
        subject = step.find(_column_of(step, key))
        name = subject.value.get_name() if subject.kind != "attribute" else ""
        if name not in step.table.columns:
            for part, value in zip("nt", _as_sorted(subject), strict=False):
                name = f"{ORDER_COLUMN}{len(step.table.columns)}{part}"
                step = step.with_columns({name: value})
                order.append((name, key.is_descending))
        elif name not in dict(order):
            order.append((name, key.is_descending))
    rest = [(name, is_descending) for name, is_descending in step.order if name not in dict(order)]
    return replace(step, order=(*order, *rest))


def _as_sorted(subject: Subject) -> tuple[ir.Value, ...]:
    """Attributes by their number where they have one, then by their text."""
    return subject.value.try_cast("float64"), subject.value


def _column_of(step: Step, key: SortKey) -> Field:
    """`sort -p99(duration_ms)` means the column p99, or p99_duration_ms."""
    function, opened, field = key.field.name.partition("(")
    if not opened:
        return key.field
    inner = replace(key.field, name=field.rstrip(")").strip())
    for name in (f"{function}_{inner.label}", function):
        if name in step.columns:
            return replace(key.field, name=name)
    return key.field


def _top(step: Step, pipe: Top) -> Step:
    """The values that occur most, or least, in all or within each group; and their share there."""
    groups, keys = _keys(step, pipe.by), _keys(step, pipe.fields)
    if both := groups.keys() & keys.keys():
        step.fail(f"'{both.pop()}' stands twice.", pipe)
    if "count" in {*groups, *keys} or "share" in {*groups, *keys}:
        step.fail("count and share are columns that this pipe makes itself.", pipe)
    held = step.table.filter([value.notnull() for value in keys.values()])
    step = replace(step, table=held)
    named = [value.name(label) for label, value in _keys(step, (*pipe.by, *pipe.fields)).items()]
    counted = held.aggregate(by=named, count=held.count())
    within = ibis.window(group_by=list(groups) or None, preceding=None, following=None)
    rank = ibis.window(
        group_by=list(groups) or None,
        order_by=[
            counted["count"].asc() if pipe.is_rare else counted["count"].desc(),
            *(counted[name].asc() for name in keys),
        ],
    )
    counted = counted.mutate(
        share=counted["count"] / counted["count"].sum().over(within),
        clew_rank=ibis.row_number().over(rank),
    )
    kept = counted.filter(counted.clew_rank < pipe.count)
    origins = {
        key.label: step.find(key) for key in (*pipe.by, *pipe.fields) if isinstance(key, Field)
    }
    made = _rows(step, kept.select(*groups, *keys, "count", "share"), [*groups], origins)
    order = [*((name, False) for name in groups), ("count", not pipe.is_rare)]
    return replace(made, order=(*order, *((name, False) for name in keys)))


def _dedup(step: Step, pipe: Dedup) -> Step:
    """The first row of each value, in the order so far; rows that lack a field are all kept."""
    values = [step.find(field).value for field in pipe.fields]
    lacks = ibis.or_(*(value.isnull() for value in values))
    if step.origins is not None or step.is_deduplicated:
        places = step.table.mutate(clew_place=step.place(values), clew_lacks=lacks)
        kept = places.filter((places.clew_place == 0) | places.clew_lacks)
        return replace(step, table=kept.drop("clew_place", "clew_lacks"))
    # A window over whole events would carry all their columns along; a second join would double
    # what stands before it once more.
    places = step.table.select("event_id", clew_place=step.place(values), clew_lacks=lacks)
    kept = places.filter((places.clew_place == 0) | places.clew_lacks)
    return replace(step, table=step.table.semi_join(kept, "event_id"), is_deduplicated=True)


def _patterns(step: Step, pipe: Patterns) -> Step:
    """Messages of one kind together: what varies stands in angle brackets."""
    subject = step.find(pipe.field)
    if not isinstance(subject.value, ir.StringValue):
        step.fail(f"patterns needs text, and {subject.name} is none.", pipe.field)
    step = replace(step, table=step.table.filter(subject.value.notnull()))
    time, text = _time(step, pipe), step.find(pipe.field).value
    pattern = text
    for mask, word in MASKS:
        pattern = pattern.re_replace(mask, word)
    groups = _keys(step, pipe.by)
    named = [value.name(label) for label, value in groups.items()]
    table = step.table.aggregate(
        by=[*named, pattern.name("pattern")],
        count=step.table.count(),
        first=time.min(),
        last=time.max(),
        example=text.min(),
    )
    table = table.select(*groups, "pattern", "count", "first", "last", "example")
    origins = {key.label: step.find(key) for key in pipe.by if isinstance(key, Field)}
    made = _rows(step, table, [*groups], origins)
    order = [*((name, False) for name in groups), ("count", True), ("pattern", False)]
    return replace(made, order=tuple(order))


def _fields(step: Step, pipe: Fields) -> Step:
    """Only these columns; the rows keep their order, though its columns may be gone."""
    subjects = {field.label: step.find(field) for field in pipe.fields}
    if step.origins is not None:
        names = tuple(subject.name for subject in subjects.values())
        return replace(step, columns=tuple(dict.fromkeys(names)))
    hidden = {f"{ORDER_COLUMN}{name}": step.table[name] for name, _ in step.order}
    shown = {label: subject.shown() for label, subject in subjects.items()}
    order = tuple((f"{ORDER_COLUMN}{name}", down) for name, down in step.order)
    table = step.table.select(**shown, **hidden)
    return replace(step, table=table, columns=tuple(shown), order=order, origins=subjects)


def _where(step: Step, pipe: Where) -> Step:
    found = condition(pipe.search, step.scope(), step.now)
    return step if found is None else replace(step, table=step.table.filter(found))


def _rows(step: Step, table: ir.Table, keys: Sequence[str], origins: dict[str, Subject]) -> Step:
    """New rows, which their keys tell apart; buckets come first in the order."""
    first = sorted(keys, key=lambda name: name != "bucket")
    order = tuple((name, False) for name in first)
    return replace(step, table=table, columns=tuple(table.columns), order=order, origins=origins)


def _keys(step: Step, keys: Sequence[Field | Bucket]) -> dict[str, ir.Value]:
    """Result column to what rows are grouped by."""
    found = {}
    for key in keys:
        if isinstance(key, Bucket):
            found[key.label] = time_bucket(_time(step, key), key.width)
        else:
            subject = step.find(key)
            label = key.label if step.origins is None else subject.name
            found[label] = subject.shown()
    return found


def _time(step: Step, node: Node) -> ir.TimestampValue:
    if "timestamp" not in step.columns:
        step.fail("This needs the time of events, which is gone behind an earlier pipe.", node)
    return step.table["timestamp"]
