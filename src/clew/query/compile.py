"""A search's tree to an Ibis expression, the same for every engine.

Each condition is true or false, never NULL, so that NOT means what it says: a row without the field
is not `field:x`, and is `NOT field:x`.
"""

from __future__ import annotations

import functools
import ipaddress
import operator
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import ibis
import ibis.expr.types as ir

from clew.errors import ConfigError, QueryError
from clew.model.event import BY_NAME, Kind
from clew.model.views import attribute
from clew.model.vocabulary import resolve
from clew.query.times import parse_moment
from clew.query.tree import All, Any, Compare, Exists, Node, Not, Query, Range, Text, Value

SEARCHED = ("message", "prompt", "completion", "exception_message")
"""Where words without a field are looked for."""
FREE_TEXT = frozenset({
    *SEARCHED, "exception_stacktrace", "system_instructions", "status_message", "user_agent",
    "tool_result", "db_query", "retrieval_query", "input_messages", "output_messages", "tool_arguments",
})  # fmt: skip
ANY_CASE = frozenset({"severity", "http_method", "status"})
ADDRESSES = frozenset({"client_ip", "src_ip", "dst_ip", "server_address"})
ORDER = ("timestamp", "event_id")
COMPARISONS: dict[str, Callable[..., ir.BooleanValue]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
    ":": operator.eq, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip
DURATION = re.compile(r"(-?\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|min|h)")
MS_PER_UNIT = {
    "ns": 1e-6,
    "us": 1e-3,
    "µs": 1e-3,
    "ms": 1.0,
    "s": 1e3,
    "m": 6e4,
    "min": 6e4,
    "h": 3.6e6,
}
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
STATUS_CLASS = re.compile(r"([1-5])[xX]{2}")
NOT_RE2 = re.compile(r"\(\?(?:[=!>]|<[=!])|\\[1-9]")


class Fields(Protocol):
    """What names mean: the columns of events, or of the rows that a pipe made."""

    def find(self, name: str, position: int) -> Field: ...


class Field:
    """A field under a condition: its expression, its kind, and how to point at its name."""

    def __init__(self, value: ir.Value, kind: Kind, name: str, scale: float = 1.0) -> None:
        self.value, self.kind, self.name, self.scale = value, kind, name, scale
        self.is_attribute = False


class EventFields:
    """Columns of events by any of their names; what is no column is a key of `attributes`."""

    def __init__(self, events: ir.Table) -> None:
        self.events = events

    def find(self, name: str, position: int) -> Field:
        meant = resolve(name)
        if meant.column is not None:
            kind = BY_NAME[meant.column].kind
            return Field(self.events[meant.column], kind, meant.column, meant.scale)
        field = Field(attribute(self.events.attributes, meant.attribute), "text", name)
        field.is_attribute = True
        return field


def compile(query: Query, events: ir.Table, *, now: datetime) -> ir.Table:
    """The rows that a search asks for: events in time order, or what its pipes make of them."""
    from clew.query.pipes import apply

    found = Conditions(query.text, EventFields(events), now, events).of(query.where)
    table = events if found is None else events.filter(found)
    if not query.pipes:
        return table.order_by(*ORDER)
    return apply(query, table, now)


class Conditions:
    """Conditions over one table. `events` is the table to look for bare words in, or None."""

    def __init__(self, text: str, fields: Fields, now: datetime, events: ir.Table | None) -> None:
        self.text, self.fields, self.now, self.events = text, fields, now, events

    def of(self, node: Node) -> ir.BooleanValue | None:
        """The condition of a node; None where it means everything."""
        if isinstance(node, All | Any):
            parts = [self.of(item) for item in node.items]
            if isinstance(node, Any) and any(part is None for part in parts):
                return None
            some = [part for part in parts if part is not None]
            join = operator.and_ if isinstance(node, All) else operator.or_
            return functools.reduce(join, some) if some else None
        if isinstance(node, Not):
            inner = self.of(node.item)
            return ibis.literal(False) if inner is None else ~inner
        return self.leaf(node).fill_null(False)

    def leaf(self, node: Node) -> ir.BooleanValue:
        if isinstance(node, Text):
            return self.bare(node.value)
        if isinstance(node, Exists):
            return self.fields.find(node.name, node.position).value.notnull()
        if isinstance(node, Range):
            return self.range(node)
        assert isinstance(node, Compare), f"BUG: {node} is no condition"
        return self.compare(node)

    def bare(self, value: Value) -> ir.BooleanValue:
        """A word in any of the searched columns, or in every text column of a pipe's rows."""
        if self.events is None:
            self.fail("Behind a pipe a condition needs a field, such as count > 3", value)
            raise AssertionError("BUG: fail returned")
        parts = [
            self.inside(self.events[name], value).fill_null(False)
            for name in SEARCHED
            if name in self.events.columns
        ]
        return functools.reduce(operator.or_, parts)

    def inside(self, text: ir.Value, value: Value) -> ir.BooleanValue:
        """Whether a text holds a word, without regard to case."""
        if value.kind == "regex":
            return text.re_search("(?i)" + self.regex(value))
        if value.kind == "word" and ("*" in value.text or "?" in value.text):
            return text.re_search(
                "(?is)" + _wildcards(_unescaped_word(value.text, keep_wildcards=True))
            )
        word = value.text if value.kind == "phrase" else _unescaped_word(value.text)
        if re.search(r"[%_\\]", word):
            return text.lower().contains(word.lower())
        return text.ilike(f"%{word}%")

    def range(self, node: Range) -> ir.BooleanValue:
        parts = []
        for value, is_with, signs in (
            (node.low, node.with_low, (">", ">=")),
            (node.high, node.with_high, ("<", "<=")),
        ):
            if value.text != "*":
                sign = signs[is_with]
                parts.append(self.compare(Compare(node.name, sign, value, node.position)))
        if not parts:
            return self.fields.find(node.name, node.position).value.notnull()
        return functools.reduce(operator.and_, parts)

    def compare(self, node: Compare) -> ir.BooleanValue:
        name, value = node.name, node.value
        if name == "status" and self.events is not None and _is_status_code(value):
            name = "http_status"
        field = self.fields.find(name, node.position)
        if value.kind == "word" and value.text == "*" and node.operator in (":", "="):
            return field.value.notnull()
        if node.operator == "!=":
            same = self.compare(Compare(name, "=", value, node.position))
            return ~same.fill_null(False)
        if value.kind == "regex":
            return field.value.cast("string").re_search(self.regex(value))
        if field.is_attribute:
            return self.attribute(field, node)
        by_kind = {
            "int": self.number, "float": self.number, "money": self.number, "time": self.time,
            "bool": self.boolean,
        }  # fmt: skip
        return by_kind.get(field.kind, self.words)(field, node)

    def attribute(self, field: Field, node: Compare) -> ir.BooleanValue:
        """Attributes are text: compared as numbers only where order is asked for."""
        if node.operator not in (":", "="):
            if NUMBER.fullmatch(node.value.text):
                as_number = field.value.try_cast("float64")
                return COMPARISONS[node.operator](as_number, float(node.value.text))
            return COMPARISONS[node.operator](field.value, node.value.text)
        return self.words(field, node)

    def words(self, field: Field, node: Compare) -> ir.BooleanValue:
        value, text = node.value, field.value
        if node.operator in (">", ">=", "<", "<="):
            return COMPARISONS[node.operator](text, _unescaped_word(value.text))
        if value.kind == "word" and field.name in ADDRESSES and "/" in value.text:
            return self.network(text, value)
        if field.name in FREE_TEXT and node.operator == ":":
            return self.inside(text, value)
        if value.kind == "word" and ("*" in value.text or "?" in value.text):
            flags = "(?is)" if field.name in ANY_CASE else "(?s)"
            pattern = _wildcards(_unescaped_word(value.text, keep_wildcards=True))
            return text.re_search(f"{flags}^{pattern}$")
        exact = value.text if value.kind == "phrase" else _unescaped_word(value.text)
        if field.name in ANY_CASE:
            return text.lower() == _severity(field.name, exact).lower()
        return text == exact

    def number(self, field: Field, node: Compare) -> ir.BooleanValue:
        text = node.value.text
        if found := STATUS_CLASS.fullmatch(text):
            low = int(found[1]) * 100
            return (field.value >= low) & (field.value < low + 100)
        if "*" in text or "?" in text:
            return field.value.cast("string").re_search(f"^{_wildcards(text)}$")
        if (found := DURATION.fullmatch(text)) and field.name.endswith(("_ms", "_s")):
            ms = float(found[1]) * MS_PER_UNIT[found[2]]
            wanted: object = ms / 1000 if field.name.endswith("_s") else ms
        elif NUMBER.fullmatch(text):
            wanted = self.as_kind(text, field)
        else:
            self.fail(f"{field.name} is a number, and '{text}' is not", node.value)
            raise AssertionError("BUG: fail returned")
        return COMPARISONS[node.operator](field.value, wanted)

    def as_kind(self, text: str, field: Field) -> object:
        scaled = float(text) * field.scale
        if field.kind == "money":
            return ibis.literal(Decimal(text), "decimal(18, 9)")
        if field.kind == "int" and scaled.is_integer() and abs(scaled) < 2**63:
            return int(scaled)
        return scaled

    def time(self, field: Field, node: Compare) -> ir.BooleanValue:
        try:
            moment = parse_moment(node.value.text, self.now)
        except ConfigError as error:
            self.fail(str(error).rstrip("."), node.value)
            raise AssertionError("BUG: fail returned") from error
        return COMPARISONS[node.operator](field.value, ibis.literal(moment))

    def boolean(self, field: Field, node: Compare) -> ir.BooleanValue:
        truth = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        wanted = truth.get(node.value.text.lower())
        if wanted is None or node.operator not in (":", "="):
            self.fail(f"{field.name} is true or false, not '{node.value.text}'", node.value)
        return field.value == ibis.literal(bool(wanted))

    def network(self, text: ir.Value, value: Value) -> ir.BooleanValue:
        """Addresses of a network: IPv4 by number, IPv6 by the text of its whole groups."""
        try:
            network = ipaddress.ip_network(value.text, strict=False)
        except ValueError:
            self.fail(f"'{value.text}' is not a network, such as 192.0.2.0/24", value)
            raise AssertionError("BUG: fail returned") from None
        if network.version == 4:
            pattern = r"^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$"
            parts = [text.re_extract(pattern, place).try_cast("int64") for place in (1, 2, 3, 4)]
            number = parts[0] * 2**24 + parts[1] * 2**16 + parts[2] * 2**8 + parts[3]
            first, last = int(network.network_address), int(network.broadcast_address)
            return text.re_search(pattern) & number.between(first, last)
        if network.prefixlen % 16 or not network.prefixlen:
            self.fail("An IPv6 network must end on a group: /16, /32, /48 ... /112", value)
        groups = network.network_address.exploded.split(":")[: network.prefixlen // 16]
        prefix = ":".join(f"{int(group, 16):x}" for group in groups) + ":"
        return text.lower().startswith(prefix)

    def regex(self, value: Value) -> str:
        try:
            re.compile(value.text)
        except (re.error, RecursionError, OverflowError) as error:
            self.fail(f"This is not a regular expression: {error}", value)
        if NOT_RE2.search(value.text):
            self.fail("Look-around and back-references are not part of RE2", value)
        return value.text

    def fail(self, sentence: str, value: Value) -> None:
        raise QueryError(f"{sentence}.", self.text, value.position, max(1, len(value.text)))


def _is_status_code(value: Value) -> bool:
    return value.kind == "word" and bool(re.fullmatch(r"[1-5](?:\d\d|[xX]{2}|\d?\*)", value.text))


def _severity(name: str, text: str) -> str:
    """`warning` and `critical` are what people type for WARN and FATAL."""
    usual = {"warning": "WARN", "critical": "FATAL", "err": "ERROR", "information": "INFO"}
    return usual.get(text.lower(), text) if name == "severity" else text


def _unescaped_word(text: str, *, keep_wildcards: bool = False) -> str:
    """A backslash takes the next character as it is; escaped wildcards stay escaped where kept."""
    if keep_wildcards:
        return re.sub(r"\\([^*?\\])", r"\1", text)
    return re.sub(r"\\(.)", r"\1", text)


def _wildcards(text: str) -> str:
    """An RE2 pattern in which * is any text and ? one character."""
    parts = re.findall(r"\\[*?\\]|[*?]|[^*?\\]+|\\", text)
    return "".join(
        ".*" if part == "*" else "." if part == "?" else re.escape(part.lstrip("\\") or "\\")
        for part in parts
    )
