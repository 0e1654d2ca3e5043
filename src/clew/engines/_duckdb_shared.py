"""Parts that many questions share, computed once and kept while they are asked.

Detections, their evidence and their details begin with the same work: who saw a request, on which
clock, which exception belongs to it. Building and compiling that anew for every question costs more than
running it. What the model builds once (correlation/built.py) is made a table in memory when it is first asked
for, and the question is built upon that table. A part that a question already holds is replaced in it.
A big case keeps its parts unmade: there they would cost more memory than they save.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from itertools import count
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from clew.correlation.built import sharing
from clew.engines import Answer, Engine
from clew.model.fill import Fill

if TYPE_CHECKING:
    import duckdb

    from clew.engines._duckdb_derived import Derived
    from clew.engines.duckdb import DuckDBEngine

PLACES = count()
"""Numbers of the databases in memory, of which no two bear one name."""
MOST_ROWS = 200_000
"""Events of a case whose parts are made tables."""


class SharedParts:
    """An engine for the questions of one investigation. Use as a context: the tables go with it.

    parts    name to expression; a later one may hold earlier ones
    is_few   the parts are few rows, however big the case is
    """

    dialect = "duckdb"

    def __init__(
        self,
        engine: DuckDBEngine | SharedParts,
        parts: Mapping[str, ir.Table],
        *,
        is_few: bool = False,
    ) -> None:
        self.engine, self.is_few = engine, is_few
        self.parts = {part.op(): name for name, part in parts.items()}
        self.made: dict[Any, Any] = {}
        self.built: dict[object, ir.Table] = {}
        self.place = f"shared_{next(PLACES)}"
        self.is_open = False
        self.held = ExitStack()

    def __enter__(self) -> SharedParts:
        if self.is_few or self._events() <= MOST_ROWS:
            self.engine.workbench.execute(
                f"ATTACH ':memory:' AS {self.place} (READ_WRITE)"
            ).fetchall()
            self.is_open = True
            if not self.is_few:
                self.held.enter_context(sharing(self.once))
        return self

    def _events(self) -> int:
        return int(self.engine.run("SELECT count(*) FROM event_rows").rows[0][0])

    def __exit__(self, *_: object) -> None:
        self.held.close()
        if self.is_open:
            self.engine.workbench.execute(f"DETACH {self.place}").fetchall()

    def run(
        self,
        question: ir.Table | str,
        *,
        limit: int | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """The answer that the engine gives, sooner."""
        if not isinstance(question, str):
            question = self.within(question)
        return self.engine.run(question, limit=limit, timeout_s=timeout_s)

    def stream(self, question: ir.Table | str) -> Iterator[Answer]:
        """The same in parts."""
        return self.engine.stream(question if isinstance(question, str) else self.within(question))

    def sharing(
        self, parts: Mapping[str, ir.Table], *, is_few: bool = False
    ) -> AbstractContextManager[Engine]:
        """The engine itself: its parts are shared; few further ones are kept beside them."""
        return SharedParts(self, parts, is_few=True) if parts and is_few else nullcontext(self)

    def kept(self, part: ir.Table) -> ir.Table:
        """The table that the part has become: what is built on it is found without a look at the part."""
        node = part.op()
        if not self.is_open or node not in self.parts:
            return self.engine.kept(part)
        if node not in self.made:
            self._make(node, self.parts[node])
        table: ir.Table = self.made[node].to_expr()
        return table

    def compile(self, question: ir.Table) -> str:
        """DuckDB's SQL of a question, asked of the tables that the parts have become."""
        return self.engine.compile(self.within(question))

    @property
    def workbench(self) -> duckdb.DuckDBPyConnection:
        """The connection to the case."""
        return self.engine.workbench

    @property
    def derived(self) -> Derived:
        """The case's derived tables."""
        return self.engine.derived

    def fill(self, fill: Fill) -> int:
        """As the engine does."""
        return self.engine.fill(fill)

    def close(self) -> None:
        """The case stays open: it is the engine's."""

    def within(self, question: ir.Table) -> ir.Table:
        """The same question, asked of the tables that its parts have become."""
        if not self.is_open or not self.parts:
            return question
        op: Any = question.op()
        held = {node for node in op.find(lambda node: node in self.parts) if node is not op}
        for node, name in self.parts.items():
            if node in held and node not in self.made:
                self._make(node, name)
        used = {node: table for node, table in self.made.items() if node in held}
        answer: ir.Table = op.replace(used).to_expr() if used else question
        return answer

    def once(self, key: object, build: Callable[[], ir.Table]) -> ir.Table:
        """What is built under this key as a table, made when it is asked for first."""
        if key not in self.built:
            self.built[key] = self._table(build(), f"once_{len(self.built)}")
        return self.built[key]

    def _make(self, node: Any, name: str) -> None:
        self.made[node] = self._table(self.within(node.to_expr()), name).op()

    def _table(self, part: ir.Table, name: str) -> ir.Table:
        sql = self.engine.compile(part)
        with self.engine.workbench.cursor() as cursor:
            self.engine.derived.show(sql, cursor, self.engine.workbench)
            cursor.execute(f"CREATE TABLE {self.place}.{name} AS {sql}").fetchall()
        return ibis.table(part.schema(), name=name, catalog=self.place, database="main")
