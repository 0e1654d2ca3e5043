"""What stands behind a bar: each step takes a table and gives a table.

Up to the first step that makes new rows, names mean columns of events; behind it, the columns of
those rows and nothing else.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from datetime import datetime

import ibis
import ibis.expr.types as ir

from clew.errors import ConfigError, QueryError
from clew.model.buckets import seconds, time_bucket
from clew.model.event import Kind
from clew.query.compile import ORDER, Conditions, EventFields, Field, Fields
from clew.query.tree import PERCENTILE, Call, Key, Pipe, Query

MASKS = (
    (r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", "<uuid>"),
    (r"\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(:[0-9]+)?\b", "<address>"),
    (r"\b0x[0-9a-fA-F]+\b", "<hex>"),
    (r"\b[0-9a-fA-F]*[0-9][0-9a-fA-F]{7,}\b", "<hex>"),
    (r"[0-9]+(\.[0-9]+)?", "<n>"),
)
"""What changes from one message to the next of its kind."""


HIDDEN = "order_of_"
"""Prefix of columns that `fields` left out but that the order of the rows still needs."""


class RowFields:
    """The columns of rows that a pipe made."""

    def __init__(self, text: str, table: ir.Table) -> None:
        self.text, self.table = text, table

    def find(self, name: str, position: int) -> Field:
        known = [column for column in self.table.columns if not column.startswith(HIDDEN)]
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            guess = f" Did you mean '{close[0]}'?" if close else ""
            raise QueryError(
                f"There is no column '{name}' behind this pipe: there are "
                f"{', '.join(known)}.{guess}",
                self.text,
                position,
                len(name),
            )
        value = self.table[name]
        return Field(value, _kind(value), name)


class Steps:
    """The table as it is behind the steps so far, and the order that its rows are in: names of
    columns, each with whether it descends, and `tie`, which tells any two rows apart."""

    def __init__(self, query: Query, events: ir.Table, now: datetime) -> None:
        self.query, self.table, self.now = query, events, now
        self.of_events = True
        self.order: list[tuple[str, bool]] = []
        self.tie: tuple[str, ...] = ORDER

    @property
    def fields(self) -> Fields:
        if self.of_events:
            return EventFields(self.table)
        return RowFields(self.query.text, self.table)

    def value(self, key: Key) -> ir.Value:
        if key.bucket:
            return time_bucket(self.fields.find("timestamp", key.position).value, self.length(key))
        return self.fields.find(key.name, key.position).value

    def length(self, key: Key) -> str:
        try:
            seconds(key.bucket)
        except ConfigError as error:
            raise QueryError(str(error), self.query.text, key.position, 6) from error
        return key.bucket

    def rows(
        self, table: ir.Table, tie: Sequence[str], order: Sequence[tuple[str, bool]] = ()
    ) -> None:
        """New rows, told apart by the columns `tie`."""
        self.table, self.of_events = table, False
        self.tie, self.order = tuple(tie), list(order)

    def ordered(self) -> ir.Table:
        """The table in its order, which ends in a unique key."""
        order = self.order_by()
        return self.table.order_by(*order) if order else self.table

    def order_by(self) -> list[ir.Value]:
        return [
            ibis.desc(name) if is_descending else ibis.asc(name)
            for name, is_descending in self.full_order()
        ]

    def full_order(self) -> list[tuple[str, bool]]:
        """The order asked for, then what makes it unique, each name once."""
        given = {name for name, _ in self.order}
        rest = [(name, False) for name in self.tie if name not in given]
        return [item for item in (*self.order, *rest) if item[0] in self.table.columns]

    # steps

    def stats(self, pipe: Pipe) -> None:
        keys = [self.value(key).name(key.name) for key in pipe.by]
        names = _names(pipe.calls)
        taken = [key.name for key in pipe.by]
        for name, call in zip(names, pipe.calls, strict=True):
            if name in taken:
                self.fail(
                    f"Two columns would be called '{name}': add 'as'", call.position, call.function
                )
            taken.append(name)
        bucket = next((key for key in pipe.by if key.bucket), None)
        width_s = seconds(self.length(bucket)) if bucket else None
        measures = {
            name: self.measure(call, width_s) for name, call in zip(names, pipe.calls, strict=True)
        }
        table = self.table.aggregate(by=keys, **measures)
        first = ["bucket"] if bucket else []
        self.rows(table, [*first, *(key.name for key in pipe.by if not key.bucket)])

    def measure(self, call: Call, width_s: int | None) -> ir.Value:
        field = self.fields.find(call.field, call.field_position).value if call.field else None
        if call.function == "count":
            return self.table.count() if field is None else field.count()
        if call.function == "rate":
            return self.rate(field, width_s)
        assert field is not None, "BUG: a function without a field"
        if call.function == "dcount":
            return field.nunique()
        if call.function == "values":
            return field.collect(distinct=True).sort()
        if call.function in ("min", "max"):
            return getattr(field, call.function)()
        if call.function in ("first", "last"):
            moment = self.fields.find("timestamp", call.position).value
            return field.argmin(moment) if call.function == "first" else field.argmax(moment)
        number = self.number(field, call)
        if call.function == "sum":
            return number.sum()
        if call.function == "avg":
            return number.mean()
        if call.function == "median":
            return number.quantile(0.5)
        share = PERCENTILE.fullmatch(call.function)
        assert share, f"BUG: {call.function} is no function"
        return number.quantile(float(share[1]) / 100)

    def number(self, field: ir.Value, call: Call) -> ir.Value:
        if isinstance(field, ir.NumericValue) and not isinstance(field, ir.BooleanValue):
            return field.cast("float64") if isinstance(field, ir.DecimalValue) else field
        if isinstance(field, ir.StringValue):
            return field.try_cast("float64")
        self.fail(
            f"{call.function} needs numbers, and {call.field} has none",
            call.field_position,
            call.field,
        )
        raise AssertionError("BUG: fail returned")

    def rate(self, field: ir.Value | None, width_s: int | None) -> ir.Value:
        """Rows a second: over the bucket, else from the first to the last of the group."""
        count = self.table.count() if field is None else field.count()
        if width_s:
            return count / ibis.literal(float(width_s))
        moment = self.fields.find("timestamp", 0).value
        span_s = moment.max().delta(moment.min(), unit="second")
        return count / ibis.greatest(span_s, 1).cast("float64")

    def sort(self, pipe: Pipe) -> None:
        self.order = [(self.named(key), key.is_descending) for key in pipe.keys]

    def named(self, key: Key) -> str:
        """The name of a column of this table, added where the key is an attribute."""
        value = self.fields.find(key.name, key.position).value
        name: str = value.get_name()
        if name not in self.table.columns:
            self.table, name = self.table.mutate(value.name(key.name)), key.name
        return name

    def head(self, pipe: Pipe) -> None:
        self.table = self.ordered().limit(pipe.count)

    def tail(self, pipe: Pipe) -> None:
        """The last rows, still in their order."""
        place = ibis.row_number().over(order_by=self.order_by())
        count = self.table.count().over(ibis.window(preceding=None, following=None))
        numbered = self.table.mutate(tail_place=place, tail_count=count)
        last = numbered.filter(numbered.tail_place >= numbered.tail_count - pipe.count)
        self.table = last.drop("tail_place", "tail_count")

    def top(self, pipe: Pipe) -> None:
        self.most(pipe, is_descending=True)

    def rare(self, pipe: Pipe) -> None:
        self.most(pipe, is_descending=False)

    def most(self, pipe: Pipe, *, is_descending: bool) -> None:
        """The values that occur most, or least, in all or within each group; and their share."""
        keys = [self.value(key).name(key.name) for key in (*pipe.by, *pipe.keys)]
        counted = self.table.aggregate(by=keys, count=self.table.count())
        groups = [key.name for key in pipe.by]
        names = [key.name for key in pipe.keys]
        within = ibis.window(group_by=groups or None, preceding=None, following=None)
        counted = counted.mutate(share=counted["count"] / counted["count"].sum().over(within))
        counted = counted.filter(counted[names[0]].notnull())
        order = [ibis.desc("count") if is_descending else ibis.asc("count"), *names]
        place = ibis.row_number().over(ibis.window(group_by=groups or None, order_by=order))
        counted = counted.mutate(top_place=place)
        kept = counted.filter(counted.top_place < pipe.count).drop("top_place")
        kept = kept.select(*groups, *names, "count", "share")
        self.rows(kept, names, [*((name, False) for name in groups), ("count", is_descending)])

    def dedup(self, pipe: Pipe) -> None:
        """The first row of each value, in the order so far."""
        by = [self.named(key) for key in pipe.keys]
        table = self.table
        if self.of_events:  # a window over every column would carry all of them along
            ordered_by = [name for name, _ in self.order]
            table = table.select(*dict.fromkeys([*by, *ordered_by, *self.tie]))
        order = self.order_by() or by
        place = ibis.row_number().over(ibis.window(group_by=by, order_by=order))
        numbered = table.mutate(dedup_place=place)
        first = numbered.filter(numbered.dedup_place == 0).drop("dedup_place")
        self.table = self.table.semi_join(first, "event_id") if self.of_events else first

    def patterns(self, pipe: Pipe) -> None:
        """Messages of one kind: numbers, ids and addresses masked."""
        message = self.fields.find("message", pipe.position).value
        moment = self.fields.find("timestamp", pipe.position).value
        pattern = message
        for mask, name in MASKS:
            pattern = pattern.re_replace(mask, name)
        keys = [self.value(key).name(key.name) for key in pipe.by]
        told = self.table.filter(message.notnull())
        table = told.aggregate(
            by=[*keys, pattern.name("pattern")],
            count=told.count(),
            first=moment.min(),
            last=moment.max(),
            example=message.min(),
        )
        self.rows(table, [*(key.name for key in pipe.by), "pattern"], [("count", True)])

    def pick(self, pipe: Pipe) -> None:
        """Only these columns, in this order."""
        chosen = [
            self.fields.find(key.name, key.position).value.name(key.name) for key in pipe.keys
        ]
        kept = {key.name for key in pipe.keys}
        given = self.full_order()
        hidden = {name: f"{HIDDEN}{name}" for name, _ in given if name not in kept}
        order = [(hidden.get(name, name), is_descending) for name, is_descending in given]
        unseen = [self.table[name].name(alias) for name, alias in hidden.items()]
        self.rows(self.table.select(*chosen, *unseen), [], order)

    def where(self, pipe: Pipe) -> None:
        assert pipe.where is not None, "BUG: a where without a condition"
        events = self.table if self.of_events else None
        found = Conditions(self.query.text, self.fields, self.now, events).of(pipe.where)
        if found is not None:
            self.table = self.table.filter(found)

    def fail(self, sentence: str, position: int, word: str) -> None:
        raise QueryError(f"{sentence}.", self.query.text, position, len(word))


def apply(query: Query, events: ir.Table, now: datetime) -> ir.Table:
    """The table behind the last step, in an order that ends in a unique key."""
    steps = Steps(query, events, now)
    for pipe in query.pipes:
        step: Callable[[Pipe], None] = getattr(
            steps, "pick" if pipe.name == "fields" else pipe.name
        )
        step(pipe)
    answer = steps.ordered()
    return answer.drop(*(name for name in answer.columns if name.startswith(HIDDEN)))


def _names(calls: Sequence[Call]) -> list[str]:
    """The `as` name, the function's name, or function_field where one function stands twice."""
    bare = [call.function for call in calls if not call.alias]
    names = []
    for call in calls:
        is_twice = bare.count(call.function) > 1
        name = f"{call.function}_{call.field}" if is_twice and call.field else call.function
        names.append(call.alias or name.replace(".", "_"))
    return names


def _kind(value: ir.Value) -> Kind:
    if isinstance(value, ir.BooleanValue):
        return "bool"
    if isinstance(value, ir.IntegerValue):
        return "int"
    if isinstance(value, ir.DecimalValue):
        return "money"
    if isinstance(value, ir.NumericValue):
        return "float"
    return "time" if isinstance(value, ir.TimestampValue) else "text"
