"""Spans among JSON records: what a tracing library prints, or a service logs of its own.

    {"name": "charge", "context": {"trace_id": "0x5b8e...", "span_id": "0xeee1..."}, "kind":
     "SpanKind.CLIENT", "start_time": "...", "end_time": "...", "status": {"status_code": "ERROR"}}
    {"traceId": "...", "spanId": "...", "name": "GET /x", "startTimeUnixNano": "...", "duration_ms": 12}

A record is a span if it has a span's id and a name, and says how long it took or when it ended, and no
message: a log line that was written within a span stays a log line, unless it says whose child it is
and when that began and ended. Tables of calls have less sure names:

    callType,startTime,elapsedTime,success,traceId,id,pid,cmdb_id,dsName,serviceName
    service_name,trace_id,span_id,parent_id,start_time,end_time,url,status_code,message
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

from clew.formats import Settings
from clew.formats._errors import ERROR_WORDS, OK_WORDS
from clew.formats._fields import (
    MS_PER_UNIT,
    Field,
    Units,
    quoted,
    spelling_of,
)
from clew.formats._time import epoch_sql, timestamp_sql
from clew.formats._traceback import exception_struct_sql

PARTS = {
    "id": ("spanid", "context.spanid", "spancontext.spanid"),
    "trace": ("traceid", "context.traceid", "spancontext.traceid"),
    "parent": (
        "parentspanid",
        "parentid",
        "parentspancontext.spanid",
        "parent.spanid",
        "parentspan",
    ),
    "name": ("name", "spanname", "operationname", "operation"),
    "start": (
        "starttimeunixnano",
        "starttime",
        "start",
        "starttimestamp",
        "startts",
        "starttimemillis",
    ),
    "end": (
        "endtimeunixnano",
        "endtime",
        "end",
        "endtimestamp",
        "endts",
        "finishtime",
        "endtimemillis",
    ),
    "kind": ("kind", "spankind", "attr.spankind", "attributes.spankind"),
    "status": (
        "status.statuscode",
        "status.code",
        "statuscode",
        "status",
        "attr.statuscode",
        "attributes.otel.statuscode",
    ),
    "failed": ("error", "iserror", "haserror", "failed"),
    "succeeded": ("success", "succeeded", "issuccess"),
    "said": ("status.description", "status.message", "statusmessage", "statusdescription"),
    "events": ("events", "spanevents"),
    "links": ("links", "spanlinks"),
}
"""Parts of a span to the names that they go by, without case and underscores, the surest first."""
IN_TREE = {"id": ("id",), "parent": ("pid",)}
"""Names that any record may have: a trace's id beside both makes it a span."""
CALL_TYPE = "calltype"
OF_CALL = ("servicename", "dsname", CALL_TYPE)
"""What names a call of a stated type: whom it is to, which data source, else the type."""
OF_MESSAGE = ("message", "msg")
CONSUMED = (
    "id", "name", "start", "end", "kind", "status", "said", "events", "links", "parent", "succeeded"
)  # fmt: skip
KINDS = ("internal", "server", "client", "producer", "consumer")
"""Words of OTLP's numbers, from 1."""
OWN_TOO = ("operation",)
"""What names a span where nothing surer does, and stays a column of its own."""
HTTP_STATUS = "[1-5][0-9][0-9]([.]0+)?"
NO_PARENT = ("root", "none", "null", "nil")
LEAST_OF_TRACE = {"s": 30.0, "ms": 0.03, "us": 3e-5, "ns": 0.0}
"""Unit of durations to what a trace's spread of begins in ms, a unit of its longest span, exceeds.

The begins of a trace's spans spread over less than its longest span, and seldom over less than 3 %.
"""
UNIT_OF_START = {19: 1e6, 16: 1e3}
"""Digits of a begin since 1970 to what a duration beside it is divided by: both are ns, or both us."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The records in hand, as a relation that fields can be read from."""

    workbench: duckdb.DuckDBPyConnection
    name: str

    def number(self, question: str) -> float | None:
        """What one SELECT of one number answers."""
        found = self.workbench.execute(f"SELECT {question}").fetchall()
        answer: float | None = found[0][0] if found else None
        return answer

    def median(self, number: str) -> float | None:
        """The middle of a number of each record."""
        return self.number(f"median({number}) FROM {self.name}")


IS_SPAN = "clew_is_span"


@dataclass(frozen=True, slots=True)
class JsonSpans:
    """What makes records of one block spans.

    parts    part of a span to its fields, the surest first
    stated   SQL that is true for a record that is a span
    guessed  the field of its duration whose name does not tell the unit, where there is one such
    """

    parts: Mapping[str, Sequence[Field]]
    stated: str
    guessed: Field | None = None
    test = IS_SPAN

    def told(self, rows: str) -> str:
        """The relation with the column IS_SPAN, which all that these spans say refers to: what a span
        is takes long to say, and stands in every column of one."""
        return f"(SELECT *, {self.stated} AS {IS_SPAN} FROM {rows})"

    @classmethod
    def among(cls, fields: Sequence[Field]) -> JsonSpans | None:
        """Finds the parts; None where no record of the block can be a span."""
        by_name: dict[str, list[Field]] = {}
        for item in fields:
            by_name.setdefault(_plain(item.name), []).append(item)
        found = {
            part: [item for name in names for item in by_name.get(name, ())]
            for part, names in PARTS.items()
        }
        parts = {part: items for part, items in found.items() if items}
        parts |= _less_sure(parts, by_name)
        columns: dict[str, list[Field]] = {}
        for item in fields:
            if spelling := spelling_of(item.name):
                columns.setdefault(spelling.column, []).append(item)
        taken = columns.get("duration_ms", [])
        ends = [*parts.get("end", ()), *taken]
        if "id" not in parts or "name" not in parts or not ends:
            return None
        spoken = columns.get("message", [])
        given = [f"{_first(parts[part])} IS NOT NULL" for part in ("id", "name")]
        given.append("(" + " OR ".join(f"{item.text} IS NOT NULL" for item in ends) + ")")
        named = {item.name for item in parts["name"]}
        given += [f"{item.text} IS NULL" for item in spoken if item.name not in named]
        guesses = [item for item in taken if _is_guessed(item)]
        guessed = guesses[0] if len(guesses) == 1 else None
        return cls(parts, "(" + " AND ".join(given) + ")", guessed)

    def others(self, fields: Sequence[Field]) -> list[Field]:
        """The fields, without those that make a span where a record is one. HTTP's status stays."""
        taken = {item.name for part in CONSUMED for item in self.parts.get(part, ())}
        statuses = {item.name for item in self.parts.get("status", ())}
        found = []
        for item in fields:
            is_left = f"NOT {self.test}"
            if item.name in statuses:
                is_left = f"({is_left} OR regexp_full_match({item.text}, '{HTTP_STATUS}'))"
            left = replace(
                item,
                text=f"CASE WHEN {is_left} THEN {item.text} END",
                json=f"CASE WHEN {is_left} THEN {item.json} END",
                number="",
            )
            is_own = item.name not in taken or _plain(item.name) in OWN_TOO
            found.append(item if is_own else left)
        return found

    def columns(
        self, columns: Mapping[str, str], settings: Settings, units: Units, rows: Rows
    ) -> dict[str, str]:
        """The columns, with a span's own where a record of `rows` is one."""
        own = {
            "trace_id": self._hex("trace"),
            "span_id": self._hex("id"),
            "parent_span_id": self._hex("parent"),
            "span_name": self._text("name"),
            "timestamp": self._time("start", settings),
            "timestamp_text": self._text("start"),
            "duration_ms": self._duration(settings),
            "span_kind": self._word("kind"),
            "status": self._status(),
            "status_message": self._text("said"),
            "span_events": self._list("events"),
            "span_links": self._list("links"),
            **self._exception(),
        }
        found = dict(columns)
        for name, sql in own.items():
            other = found.get(name)
            value = f"coalesce({sql}, {other})" if other else sql
            found[name] = f"CASE WHEN {self.test} THEN {value} ELSE {other or 'NULL'} END"
        if "duration_ms" in columns:
            self._settle(units, found.get("timestamp", "NULL"), rows)
            found["duration_ms"] = self._taken(columns["duration_ms"], own["duration_ms"], units)
        return found

    def _settle(self, units: Units, begin: str, rows: Rows) -> None:
        """Tells the unit of durations whose name does not, from the begins of the spans of a trace."""
        if self.guessed is None or self.guessed.name in units.settled or "trace" not in self.parts:
            return
        spread = rows.number(
            f"median(spread / longest) FROM (SELECT max({_number(self.guessed)}) AS longest, "
            f"(max(epoch_us({begin})) - min(epoch_us({begin}))) / 1e3 AS spread FROM {rows.name} "
            f"WHERE {self.test} GROUP BY {self._text('trace')} HAVING count(*) > 2) "
            "WHERE longest > 0 AND spread > 0"
        )
        if spread is not None:
            unit = next(unit for unit, least in LEAST_OF_TRACE.items() if spread >= least)
            units.guessed[self.guessed.name] = unit
            units.settled.add(self.guessed.name)

    def _taken(self, given: str, reckoned: str, units: Units) -> str:
        """The duration that is given; where its unit would be a guess, what begin and end say, or else
        in the unit that traces tell or that the begin is in."""
        if self.guessed is None:
            return f"coalesce({given}, CASE WHEN {self.test} THEN {reckoned} END)"
        number = _number(self.guessed)
        scales = " ".join(
            f"WHEN {digits} THEN {number} / {scale!r}" for digits, scale in UNIT_OF_START.items()
        )
        start = f"regexp_extract({self._text('start')}, '^[0-9]+$')"
        in_its_unit = f"CASE length({start}) {scales} END"
        if self.guessed.name in units.settled:
            scale = MS_PER_UNIT[units.guessed[self.guessed.name]]
            in_its_unit = f"CASE WHEN {number} >= 0 THEN {number} * {scale!r} END"
        return (
            f"CASE WHEN {self.test} THEN coalesce({reckoned}, {in_its_unit}, {given}) "
            f"ELSE {given} END"
        )

    def _text(self, part: str) -> str:
        return _first(self.parts[part]) if part in self.parts else "NULL::VARCHAR"

    def _hex(self, part: str) -> str:
        """An id without 0x; zeros are none."""
        plain = f"regexp_replace(lower({self._text(part)}), '^0x', '')"
        none = ", ".join(quoted(word) for word in NO_PARENT)
        return f"CASE WHEN ltrim({plain}, '0') <> '' AND {plain} NOT IN ({none}) THEN {plain} END"

    def _time(self, part: str, settings: Settings) -> str:
        if part not in self.parts:
            return "NULL::TIMESTAMP"
        text = self._text(part)
        is_number = f"regexp_full_match({text}, '[0-9.]+')"
        return (
            f"CASE WHEN {is_number} THEN {epoch_sql(text)} ELSE {timestamp_sql(text, settings)} END"
        )

    def _duration(self, settings: Settings) -> str:
        """From begin to end: exact where both are nanoseconds."""
        if "start" not in self.parts or "end" not in self.parts:
            return "NULL::DOUBLE"
        start, end = (self._text(part) for part in ("start", "end"))
        exact = f"(try_cast({end} AS BIGINT) - try_cast({start} AS BIGINT)) / 1e6"
        first, last = (f"epoch_us({self._time(part, settings)})" for part in ("start", "end"))
        is_exact = (
            f"length({start}) = 19 AND length({end}) = 19 AND try_cast({start} AS BIGINT) > 0"
        )
        return f"CASE WHEN {is_exact} THEN {exact} ELSE ({last} - {first}) / 1e3 END"

    def _word(self, part: str) -> str:
        """SpanKind.CLIENT, SPAN_KIND_CLIENT, client or 3."""
        if part not in self.parts:
            return "NULL::VARCHAR"
        text = f"lower({self._text(part)})"
        numbers = " ".join(f"WHEN '{n}' THEN '{word}'" for n, word in enumerate(KINDS, 1))
        found = f"nullif(regexp_extract({text}, '({'|'.join(KINDS)})$', 1), '')"
        return f"CASE {text} {numbers} ELSE {found} END"

    def _status(self) -> str:
        """ERROR, STATUS_CODE_ERROR, 2 or 2.0; gRPC's higher numbers and HTTP's 5xx failed too."""
        text = f"regexp_replace(lower({self._text('status')}), '[.]0+$', '')"
        word = f"regexp_extract({text}, '[a-z]+$')"
        is_failed = f"{word} IN ({_listed(ERROR_WORDS)}) OR regexp_full_match({text}, '[2-9]|1[0-6]|5[0-9][0-9]')"
        is_ok = f"{word} IN ({_listed(OK_WORDS)}) OR {text} = '1'"
        flag = f"lower({self._text('failed')}) IN ('1', 'true')"
        none = f"lower({self._text('succeeded')}) IN ('0', 'false')"
        return (
            f"CASE WHEN {is_failed} OR {flag} OR {none} THEN 'error' "
            f"WHEN {is_ok} THEN 'ok' ELSE 'unset' END"
        )

    def _list(self, part: str) -> str:
        """A list as JSON; an empty one is none."""
        if part not in self.parts:
            return "NULL::VARCHAR"
        return "coalesce(" + ", ".join(f"nullif({f.json}, '[]')" for f in self.parts[part]) + ")"

    def _exception(self) -> dict[str, str]:
        """What the last event of that name records."""
        if "events" not in self.parts:
            return {}
        events = f"CASE WHEN json_valid({self._list('events')}) THEN {self._list('events')} END"
        raised = f"list_last(list_filter(json_extract({events}, '$[*]'), lambda e: e->>'name' = 'exception'))"
        kind, said, stack = (
            f"nullif(({raised}->'attributes'->>'$.\"exception.{name}\"'), '')"
            for name in ("type", "message", "stacktrace")
        )
        parsed = exception_struct_sql(
            f"coalesce({stack}, nullif(concat_ws(': ', {kind}, {said}), ''))"
        )
        return {
            "exception_type": f"coalesce({kind}, ({parsed}).exception_type)",
            "exception_message": f"coalesce({said}, ({parsed}).exception_message)",
            "exception_stacktrace": stack,
            "exception_frame": f"({parsed}).exception_frame",
            "exception_fingerprint": f"({parsed}).exception_fingerprint",
        }


def _less_sure(
    parts: Mapping[str, list[Field]], by_name: Mapping[str, list[Field]]
) -> dict[str, list[Field]]:
    """The parts that go by a less sure name, where all else says that the records are spans."""
    more: dict[str, list[Field]] = {}
    has_tree = "trace" in parts and all(
        part in parts or n[0] in by_name for part, n in IN_TREE.items()
    )
    if has_tree and "id" not in parts:
        for part, names in IN_TREE.items():
            more[part] = [*parts.get(part, ()), *by_name.get(names[0], ())]
    found = {**parts, **more}
    if "name" in parts or not {"id", "parent", "start"} <= set(found):
        return more
    said = OF_CALL if CALL_TYPE in by_name else OF_MESSAGE if "end" in found else ()
    named = [item for name in said for item in by_name.get(name, ())]
    return more | ({"name": named} if named else {})


def _is_guessed(item: Field) -> bool:
    spelling = spelling_of(item.name)
    return spelling is not None and spelling.unit == "guess"


def _number(item: Field) -> str:
    return item.number or f"try_cast({item.text} AS DOUBLE)"


def _first(fields: Sequence[Field]) -> str:
    """SQL of the text of the first that has some."""
    return "coalesce(" + ", ".join(f"nullif({item.text}, '')" for item in fields) + ")"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(quoted(word) for word in words)


def _plain(name: str) -> str:
    return name.lower().replace("_", "")
