"""ClickHouse's SQL: what Ibis compiles, mended where the answer would not be DuckDB's.

compile_tree   an Ibis expression as a syntax tree of ClickHouse
taken_apart    a tree as tables to make first and the SQL asked of them
only_question  SQL in text, if it is one statement that reads
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import uuid4

import ibis.expr.operations as ops
import ibis.expr.types as ir
import sqlglot.expressions as sge
from ibis.backends.sql.compilers import ClickHouseCompiler
from sqlglot import TokenType, tokenize
from sqlglot.errors import TokenError

from clew.errors import EngineError

MOST_READS = 12
"""Reads of tables in one question, its parts put in, above which the parts are made first."""

QUESTIONS = ("SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN")
"""The first words of statements that read."""


def compile_tree(expression: ir.Table) -> sge.Query:
    """The expression as a syntax tree of ClickHouse."""
    tree: sge.Query = _COMPILER.to_sqlglot(expression)
    return tree


def taken_apart(tree: sge.Query) -> tuple[list[tuple[str, str]], str]:
    """The parts of a question's WITH as tables to make first, by name, and the SQL asked of them.

    ClickHouse puts a part's text in wherever the part is named, MATERIALIZED or not, so that parts
    which name one another grow as their product: a question of 130 reads took 8 s to plan. Few
    reads stay one SELECT, which needs no right but to read.
    """
    reads: dict[str, int] = {}
    for part in tree.ctes:
        reads[part.alias] = _reads(part.this, reads)
    if _reads(tree, reads) - sum(reads.values()) <= MOST_READS:
        return [], tree.sql("clickhouse", pretty=True)
    unique = uuid4().hex
    names = {alias: f"clew_{unique}_{alias}" for alias in reads}
    for table in tree.find_all(sge.Table):
        if table.name in names:
            table.set("alias", table.args.get("alias") or sge.TableAlias(this=table.this.copy()))
            table.set("this", sge.to_identifier(names[table.name]))
    parts = [(names[part.alias], part.this.sql("clickhouse")) for part in tree.ctes]
    tree.set("with_", None)
    return parts, tree.sql("clickhouse", pretty=True)


def _reads(query: sge.Query, reads: dict[str, int]) -> int:
    """How many tables the query reads once every part is put in where it is named."""
    return sum(reads.get(table.name, 1) for table in query.find_all(sge.Table))


def only_question(sql: str) -> str:
    """The one statement of `sql`, which must read. Raises EngineError otherwise.

    readonly=1 refuses what writes, but chdb runs every statement of a text with the settings on
    the last one only, and keeps readonly for good once a statement that is no question had it.

    >>> only_question("SELECT ';' AS a; -- the end")
    "SELECT ';' AS a"
    """
    try:
        tokens = tokenize(sql, read="clickhouse")
    except TokenError as error:
        raise EngineError(f"This is not SQL that ClickHouse reads: {error}") from error
    ends = [place for place, token in enumerate(tokens) if token.token_type is TokenType.SEMICOLON]
    if not tokens or ends[:1] == [0]:
        raise EngineError("There is no statement in this SQL. Ask one SELECT.")
    if ends and ends[0] != len(tokens) - 1:
        raise EngineError("This SQL has more than one statement. Ask one at a time.")
    first = next(token.text.upper() for token in tokens if token.text != "(")
    # WITH ... INSERT, SELECT ... INTO OUTFILE
    writes = [
        token.text for token in tokens if token.token_type in (TokenType.INSERT, TokenType.INTO)
    ]
    first = writes[0].upper() if writes else first
    if first not in QUESTIONS:
        raise EngineError(f"A question only reads, and {first} does not. Ask one SELECT.")
    return sql[: tokens[ends[0]].start].rstrip() if ends else sql


class _Compiler(ClickHouseCompiler):  # type: ignore[misc]  # Ibis states no types
    """Ibis's compiler, where its ClickHouse SQL would not give DuckDB's answer."""

    __slots__ = ()

    SIMPLE_OPS: ClassVar[dict[type[ops.Value], str]] = {
        # quantile, uniq: samples and sketches in ClickHouse
        ops.CountDistinct: "uniqExact",
        ops.Median: "quantileExactInclusive",
        # upper, lower, length, right, reverse, translate: bytes in ClickHouse
        ops.Lowercase: "lowerUTF8",
        ops.Uppercase: "upperUTF8",
        ops.StringLength: "lengthUTF8",
        ops.StrRight: "rightUTF8",
        ops.Reverse: "reverseUTF8",
        ops.Translate: "translateUTF8",
    }

    def visit_Quantile(self, op, *, arg, quantile, where):  # type: ignore[no-untyped-def]
        return self._visit_quantile("quantileExactInclusive", arg, quantile, where)

    def visit_MultiQuantile(self, op, *, arg, quantile, where):  # type: ignore[no-untyped-def]
        return self._visit_quantile("quantilesExactInclusive", arg, quantile, where)

    def visit_Substring(self, op, *, arg, start, length):  # type: ignore[no-untyped-def]
        rest = () if length is None else (length,)
        return self.f.anon.substringUTF8(arg, start + 1, *rest)

    def visit_RegexExtract(self, op, *, arg, pattern, index):  # type: ignore[no-untyped-def]
        """NULL stays NULL (Ibis casts it to String, which fails); no match is empty text."""
        groups = self.f.extractGroups(self.f.ifNull(arg, ""), self.f.concat("(", pattern, ")"))
        found = self.f.anon.arrayElement(groups, 1 if index is None else index + 1)
        return self.if_(self.f.isNull(arg), sge.null(), found)

    def visit_HexDigest(self, op, *, arg, how):  # type: ignore[no-untyped-def]
        """Only MD5 is asked for: a name for a text."""
        assert how == "md5", f"BUG: no digest '{how}' on ClickHouse"
        return self.f.lower(self.f.hex(self.f.anon.MD5(arg)))

    def visit_LagLead(self, op, *, arg, offset, default):  # type: ignore[no-untyped-def]
        """Where there is no row, the answer is NULL, not 0 or empty text."""
        arg = self.f.toNullable(arg)
        return super().visit_LagLead(op, arg=arg, offset=offset, default=default)

    visit_Lag = visit_Lead = visit_LagLead

    def visit_Cast(self, op, *, arg, to):  # type: ignore[no-untyped-def]
        """DuckDB rounds a float that becomes an integer; ClickHouse would cut it."""
        if op.arg.dtype.is_floating() and to.is_integer() and not isinstance(op.arg, ops.Floor):
            arg = self.f.round(arg)
        return super().visit_Cast(op, arg=arg, to=to)

    def visit_NonNullLiteral(self, op, *, value, dtype):  # type: ignore[no-untyped-def]
        """Times as DateTime64 in UTC: DateTime ends at seconds and in 2106."""
        if dtype.is_timestamp():
            return self.f.toDateTime64(value.isoformat(sep=" "), 6, "UTC")
        if dtype.is_interval():
            return self._interval(sge.convert(value), dtype.unit)
        return super().visit_NonNullLiteral(op, value=value, dtype=dtype)

    def visit_IntervalFromInteger(self, op, *, arg, unit):  # type: ignore[no-untyped-def]
        return self._interval(arg, unit)

    def visit_ExtractEpochSeconds(self, op, *, arg):  # type: ignore[no-untyped-def]
        """toRelativeSecondNum, Ibis's choice, has no seconds before 1970."""
        return self.f.anon.dateDiff("second", self.f.toDateTime64("1970-01-01", 6, "UTC"), arg)

    def visit_TimestampFromUNIX(self, op, *, arg, unit):  # type: ignore[no-untyped-def]
        per_second = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[unit.short]
        micros = arg * (1_000_000 // per_second) if per_second <= 1_000_000 else arg / 1_000
        return self.f.anon.fromUnixTimestamp64Micro(self.f.toInt64(micros), "UTC")

    def _interval(self, count: Any, unit: Any) -> Any:
        return self.f.anon[f"toInterval{unit.singular.capitalize()}"](count)


_COMPILER = _Compiler()
