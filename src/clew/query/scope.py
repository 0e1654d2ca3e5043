"""What names mean: columns of events, or columns of the rows that a pipe made.

Events    canonical columns by any of their names; any other name is a key of `attributes`
Rows      the columns that are there, and no others
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal, Protocol

import ibis
import ibis.expr.types as ir

from clew.errors import QueryError
from clew.model.event import BY_NAME, Kind
from clew.model.views import attribute
from clew.model.vocabulary import resolve
from clew.query.tree import Field

WORDS = ("message", "prompt", "completion", "exception_message")
SEARCHED = (*WORDS, "exception_type")
"""Where a word without a field is looked for."""
FREE_TEXT = frozenset({
    *WORDS, "exception_stacktrace", "system_instructions", "status_message", "user_agent",
    "prompt_template", "tool_result", "db_query", "retrieval_query", "eval_explanation",
})  # fmt: skip
"""Columns in which `field:word` looks for the word inside; so it does in all of kind json."""
ANY_CASE = frozenset({
    "severity", "http_method", "status", "span_kind", "stage_status", "transport", "protocol",
    "action", "change_type",
})  # fmt: skip
"""Columns of few words, which sources write in capitals or not as they like."""
NUMBERS = ("int", "float", "money")


@dataclass(frozen=True, slots=True)
class Subject:
    """A field: what it is called, its value and how to compare it.

    name    as a person knows it
    column  the canonical column that its values come from; "" where there is none
    kind    of the column; `attribute` is text that may hold a number
    scale   what a number typed under this name is multiplied by to be in the column's unit
    """

    name: str
    value: ir.Value
    kind: Kind | Literal["attribute"]
    column: str = ""
    scale: float = 1.0

    @property
    def is_free(self) -> bool:
        return self.column in FREE_TEXT or self.kind == "json"

    @property
    def is_any_case(self) -> bool:
        return self.column in ANY_CASE

    def as_text(self) -> ir.StringValue:
        return self.value if isinstance(self.value, ir.StringValue) else self.value.cast("string")

    def number(self) -> ir.NumericValue:
        """Its value as a number in the column's unit; NULL where the text is none."""
        if isinstance(self.value, ir.StringValue):
            return self.value.try_cast("float64")
        return self.value.cast("float64") if self.kind == "money" else self.value

    def shown(self) -> ir.Value:
        """Its value as a result: in the unit of the name that was typed."""
        return self.value if self.scale == 1 else self.value / self.scale


class Scope(Protocol):
    """The rows that a name is looked up in. `query`: the text, for errors to point into."""

    query: str

    def find(self, field: Field) -> Subject: ...

    def column(self, name: str) -> Subject | None: ...

    def searched(self) -> list[ir.StringValue]: ...


class Events:
    """Events: any name means something."""

    def __init__(self, table: ir.Table, query: str) -> None:
        self.table, self.query = table, query

    def find(self, field: Field) -> Subject:
        meant = resolve(field.name)
        if meant.column is not None:
            kind = BY_NAME[meant.column].kind
            return Subject(field.label, self.table[meant.column], kind, meant.column, meant.scale)
        value = attribute(self.table.attributes, meant.attribute)
        if meant.otherwise is not None:
            value = ibis.coalesce(value, self.table[meant.otherwise].cast("string"))
        return Subject(field.label, value, "attribute")

    def column(self, name: str) -> Subject | None:
        return Subject(name, self.table[name], BY_NAME[name].kind, name)

    def searched(self) -> list[ir.StringValue]:
        return [self.table[name] for name in SEARCHED]


class Rows:
    """Rows that a pipe made: a name that is no column is an error.

    columns  those of the table that can be named
    origins  result column to the subject that its values are of: a p99 of duration_ms is one too
    """

    def __init__(
        self,
        table: ir.Table,
        columns: tuple[str, ...],
        query: str,
        origins: dict[str, Subject],
    ) -> None:
        self.table, self.columns, self.query, self.origins = table, columns, query, origins

    def find(self, field: Field) -> Subject:
        for name in (field.name, field.label):
            if found := self.column(name):
                return found
        close = difflib.get_close_matches(field.name, self.columns, n=1, cutoff=0.5)
        guess = f" Did you mean '{close[0]}'?" if close else ""
        names = ", ".join(self.columns)
        raise QueryError(
            f"There is no column '{field.name}' behind this pipe, only {names}.{guess}",
            self.query,
            field.position,
            field.length,
        )

    def column(self, name: str) -> Subject | None:
        if name not in self.columns:
            return None
        value, origin = self.table[name], self.origins.get(name)
        if origin is None:
            return Subject(name, value, _kind(value))
        kind = origin.kind if isinstance(value, ir.StringValue) else _kind(value)
        return Subject(name, value, kind, origin.column)

    def searched(self) -> list[ir.StringValue]:
        values = (self.table[name] for name in self.columns)
        return [value for value in values if isinstance(value, ir.StringValue)]


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
