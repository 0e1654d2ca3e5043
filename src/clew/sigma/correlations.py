"""Correlations to alerts: rows of the rules they name, windows over them, and runs of windows that fire.

A correlation on a correlation takes each moment at which the other fires as an event; one that counts
takes only the moments at which it begins to. Such an event has the fields of the event that completed
the window, and the keys of the other's group under their own names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import ibis
import ibis.expr.types as ir

from clew.sigma.conditions import Condition
from clew.sigma.detection import RuleError
from clew.sigma.fields import fields_of
from clew.sigma.known import Known
from clew.sigma.reading import Correlation, Rule, RuleSet
from clew.sigma.windows import SECOND_US, crowding, fired, keys_of

Role = Literal["text", "number"]
Wanted = tuple[str, Role]
COUNTING = ("event_count", "value_count", "value_sum", "value_avg", "value_median",
            "value_percentile")  # fmt: skip
PLACE = ("source_id", "byte_offset")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A rule at the bottom of a correlation, and what it calls the keys of the group."""

    rule: Rule
    slot: int
    keys: tuple[str, ...]


def microseconds(moment: ir.Value) -> ir.IntegerValue:
    """Microseconds since 1970."""
    epoch = ibis.timestamp("1970-01-01 00:00:00")
    return moment.delta(epoch, unit="microsecond").cast("int64")


class Correlations:
    """The correlations of a set of rules over a table of events."""

    def __init__(self, events: ir.Table, rules: RuleSet, known: Known | None) -> None:
        self.events, self.rules, self.known = events, rules, known
        self.conditions: dict[str, Condition] = {}

    def condition(self, rule: Rule) -> Condition:
        """What a rule asks of an event."""
        key = rule.about.key
        if key not in self.conditions:
            self.conditions[key] = Condition(rule, self.events, self.known)
        return self.conditions[key]

    def named(self, correlation: Correlation) -> list[Rule | Correlation]:
        """What a correlation names, in order."""
        keys = [self.rules.places[correlation.about.key, name] for name in correlation.rules]
        return [self.rules.rules.get(key) or self.rules.correlations[key] for key in keys]

    def needs(self, correlation: Correlation) -> tuple[list[str], bool]:
        """Fields that the case does not have, and whether it can fire without them."""
        missing: dict[str, None] = {}
        able = []
        for name, item in zip(correlation.rules, self.named(correlation), strict=True):
            if isinstance(item, Correlation):
                below, can = self.needs(item)
                missing |= dict.fromkeys(below)
            else:
                found = self.condition(item)
                missing |= dict.fromkeys(found.missing)
                can = found.is_possible
            own = (*correlation.group_by, *correlation.fields)
            for field in own:
                real = _real(correlation, name, field)
                if not self._has(item, real):
                    missing[real] = None
                    can = False
            able.append(can)
        is_able = any(able) if correlation.type in COUNTING or correlation.logic else all(able)
        if correlation.type not in COUNTING and correlation.logic is None:
            is_able = sum(able) >= min(n for _, n in correlation.bounds)
        return list(missing), is_able

    def _has(self, item: Rule | Correlation, field: str) -> bool:
        if isinstance(item, Rule):
            return bool(fields_of(self.events.op(), item.log_source, self.known).find(field))
        if field == item.type or field in item.aliases:
            return True
        return any(
            self._has(below, _real(item, name, field))
            for name, below in zip(item.rules, self.named(item), strict=True)
        )

    def crowding(self, correlation: Correlation) -> ir.Table | None:
        """How dense a sample of its values is; None where that makes no difference."""
        return crowding(self._keyed(correlation, ()), correlation)

    def alerts(self, correlation: Correlation, *, is_dense: bool = False) -> ir.Table:
        """One row a run of moments that fire: keys, first_at and last_at (the first and last of them),
        windows (how many they are), most (of values, the measure that is farthest from usual)."""
        t = self._keyed(correlation, ())
        t = fired(t, correlation, is_counted=False, is_dense=is_dense)
        keys = keys_of(t)
        span = correlation.span_s * SECOND_US
        is_least = any(sign in ("<", "<=") for sign, _ in correlation.bounds)
        # moments in one block of the timespan's length belong to one run: few rows, where they may be millions
        blocks = t.group_by(*keys, block=t.at // span).agg(
            first_at=t.at.min(),
            last_at=t.at.max(),
            windows=t.count(),
            most=t.metric.min() if is_least else t.metric.max(),
        )
        order = ibis.window(group_by=keys, order_by=blocks.block)
        gap = blocks.first_at - blocks.last_at.lag().over(order)
        blocks = blocks.mutate(is_first=(gap > span).fill_null(True))
        so_far = ibis.window(group_by=keys, order_by=blocks.block, preceding=None, following=0)
        blocks = blocks.mutate(run=blocks.is_first.cast("int64").sum().over(so_far))
        return blocks.group_by(*keys, "run").agg(
            first_at=blocks.first_at.min(),
            last_at=blocks.last_at.max(),
            windows=blocks.windows.sum(),
            most=blocks.most.min() if is_least else blocks.most.max(),
        )

    def _keyed(self, correlation: Correlation, wanted: Sequence[Wanted]) -> ir.Table:
        """The rows that have all keys of the group."""
        t = self.inputs(correlation, wanted)
        for key in keys_of(t):
            t = t.filter(t[key].notnull())
        return t

    def fires(self, correlation: Correlation, wanted: Sequence[Wanted]) -> ir.Table:
        """The moments at which it fires, with what another correlation wants of them as w0 ..."""
        t = fired(self._keyed(correlation, wanted), correlation)
        keys = keys_of(t)
        span = correlation.span_s * SECOND_US
        own = ibis.window(group_by=keys, order_by=[t.at, *(t[name] for name in PLACE)])
        t = t.mutate(gap=t.at - t.at.lag().over(own))
        t = t.mutate(is_first=(t.gap > span).fill_null(True))
        return t.select(
            *keys,
            "at",
            "metric",
            *PLACE,
            "is_first",
            *(f"w{n}" for n in range(len(wanted))),
        )

    def inputs(self, correlation: Correlation, wanted: Sequence[Wanted]) -> ir.Table:
        """One row an event of the rules it names: at, keys, v, the flags f0 ..., what is wanted."""
        value: list[Wanted] = []
        if correlation.fields:
            role: Role = "text" if correlation.type == "value_count" else "number"
            if role == "number" and len(correlation.fields) > 1:
                raise RuleError(f"{correlation.type} takes the values of one field.", "field")
            value = [(name, role) for name in correlation.fields]
        asked: list[Wanted] = [(name, "text") for name in correlation.group_by] + value
        asked += list(wanted)
        items = self.named(correlation)
        real = [
            [(_real(correlation, name, field), role) for field, role in asked]
            for name in correlation.rules
        ]
        is_temporal = correlation.type not in COUNTING
        t = self._at_once(items, real) if all(isinstance(i, Rule) for i in items) else None
        if t is None:
            t = self._one_by_one(items, real, is_temporal=is_temporal)
        return _renamed(t, len(correlation.group_by), len(value), len(items))

    def _at_once(self, items: Sequence[Any], asked: list[list[Wanted]]) -> ir.Table | None:
        """One look at the events for all rules, where all of them mean the same by the fields."""
        values = [self._values(item, real) for item, real in zip(items, asked, strict=True)]
        ops = [[value.op() for value in of_rule] for of_rule in values]
        if any(of_rule != ops[0] for of_rule in ops):
            return None
        flags = [_flag(self.condition(item)) for item in items]
        e = self.events
        any_flag = flags[0]
        for flag in flags[1:]:
            any_flag = any_flag | flag
        t = e.filter(any_flag & e.timestamp.notnull())
        return t.select(
            at=microseconds(e.timestamp),
            source_id=e.source_id,
            byte_offset=e.byte_offset,
            slot=ibis.literal(0),
            **{f"x{n}": value for n, value in enumerate(values[0])},
            **{f"f{n}": flag for n, flag in enumerate(flags)},
        )

    def _one_by_one(
        self, items: Sequence[Any], asked: list[list[Wanted]], *, is_temporal: bool
    ) -> ir.Table:
        tables = []
        for number, (item, real) in enumerate(zip(items, asked, strict=True)):
            if isinstance(item, Rule):
                t = self._at_once([item], [real])
                assert t is not None, "BUG: one rule means one thing"
                t = t.drop("f0")
            else:
                t = self._of_correlation(item, real, is_temporal=is_temporal)
            flags = {f"f{n}": ibis.literal(n == number) for n in range(len(items))}
            tables.append(t.mutate(slot=ibis.literal(number), **flags))
        if len(tables) == 1:
            return tables[0]
        names = tables[0].columns
        joined = ibis.union(*(table.select(*names) for table in tables))
        # an event that several rules match is one event, unless its order among them counts
        return joined if is_temporal else _events_once(joined)

    def _of_correlation(
        self, item: Correlation, asked: Sequence[Wanted], *, is_temporal: bool
    ) -> ir.Table:
        below = [(name, role) for name, role in asked if name not in (*item.group_by, item.type)]
        t = self.fires(item, below)
        if not is_temporal:
            t = t.filter(t.is_first)
        values = {}
        for n, (name, role) in enumerate(asked):
            if name == item.type:
                value = t.metric
            elif name in item.group_by:
                value = t[f"k{item.group_by.index(name)}"]
            else:
                value = t[f"w{below.index((name, role))}"]
            kind = "string" if role == "text" else "float64"
            values[f"x{n}"] = value.try_cast(kind) if value.type() != kind else value
        return t.select("at", *PLACE, slot=ibis.literal(0), **values)

    def _values(self, rule: Rule, asked: Sequence[Wanted]) -> list[ir.Value]:
        fields = fields_of(self.events.op(), rule.log_source, self.known)
        return [fields.text(n) if role == "text" else fields.number(n) for n, role in asked]

    def leaves(self, correlation: Correlation) -> list[Leaf]:
        """The rules at the bottom, each with the slot of `correlation` that it is below."""
        return [
            leaf
            for slot, (name, item) in enumerate(
                zip(correlation.rules, self.named(correlation), strict=True)
            )
            for leaf in self._below(
                item, slot, tuple(_real(correlation, name, k) for k in correlation.group_by)
            )
        ]

    def _below(self, item: Rule | Correlation, slot: int, keys: tuple[str, ...]) -> list[Leaf]:
        if isinstance(item, Rule):
            return [Leaf(item, slot, keys)]
        return [
            leaf
            for name, below in zip(item.rules, self.named(item), strict=True)
            for leaf in self._below(below, slot, tuple(_real(item, name, key) for key in keys))
        ]

    def reach(self, correlation: Correlation) -> int:
        """How far back, in microseconds, events of an alert can lie before the moment it fires."""
        below = [i for i in self.named(correlation) if isinstance(i, Correlation)]
        return correlation.span_s * SECOND_US + max(map(self.reach, below), default=0)

    def proof(self, correlation: Correlation) -> ir.Table:
        """The events of the rules at the bottom: at, keys, slot, their place; one row an event and
        slot."""
        tables = []
        for slot in range(len(correlation.rules)):
            leaves = [leaf for leaf in self.leaves(correlation) if leaf.slot == slot]
            tables += [self._leaf(leaf) for leaf in leaves]
        t = tables[0] if len(tables) == 1 else ibis.union(*tables)
        for key in keys_of(t):
            t = t.filter(t[key].notnull())
        return t

    def _leaf(self, leaf: Leaf) -> ir.Table:
        e = self.events
        values = self._values(leaf.rule, [(key, "text") for key in leaf.keys])
        t = e.filter(_flag(self.condition(leaf.rule)) & e.timestamp.notnull())
        return t.select(
            event_id=e.event_id,
            timestamp=e.timestamp,
            at=microseconds(e.timestamp),
            source_id=e.source_id,
            byte_offset=e.byte_offset,
            slot=ibis.literal(leaf.slot),
            **{f"k{n}": value for n, value in enumerate(values)},
        )

    def without_key(self, correlation: Correlation) -> ir.Table:
        """How many events of its rules have no value for a key, and so are not correlated."""
        tables = []
        for leaf in self.leaves(correlation):
            values = self._values(leaf.rule, [(key, "text") for key in leaf.keys])
            lacking = ibis.literal(False)
            for value in values:
                lacking = lacking | value.isnull()
            e = self.events
            found = e.filter(_flag(self.condition(leaf.rule)) & lacking)
            tables.append(found.aggregate(n=found.count()))
        t = tables[0] if len(tables) == 1 else ibis.union(*tables)
        return t.aggregate(n=t.n.sum())


def _flag(condition: Condition) -> ir.BooleanValue:
    return condition.holds if condition.is_possible else ibis.literal(False)


def _real(correlation: Correlation, rule: str, field: str) -> str:
    """What a rule calls a field that the correlation may have an alias for."""
    return correlation.aliases.get(field, {}).get(rule, field)


def _renamed(t: ir.Table, keys: int, values: int, rules: int) -> ir.Table:
    """x0 ... as the keys k0 ..., the value v, and what is wanted as w0 ..."""
    x = [name for name in t.columns if name[0] == "x" and name[1:].isdecimal()]
    named = {f"k{n}": t[f"x{n}"] for n in range(keys)} or {"k0": ibis.literal("")}
    wanted = {f"w{n}": t[f"x{keys + values + n}"] for n in range(len(x) - keys - values)}
    value = [t[f"x{keys + n}"] for n in range(values)]
    if values:
        wanted["v"] = value[0] if values == 1 else _several(value)
    flags = [f"f{n}" for n in range(rules)]
    return t.select("at", *PLACE, "slot", *flags, **named, **wanted)


def _several(values: Sequence[ir.StringValue]) -> ir.StringValue:
    """Several fields as one text; NULL where one of them is."""
    text = values[0]
    for value in values[1:]:
        text = text + "\x1f" + value
    return text


def _events_once(t: ir.Table) -> ir.Table:
    """Rows of one event that several rules match, as one row."""
    flags = [name for name in t.columns if name[0] == "f" and name[1:].isdecimal()]
    others = [name for name in t.columns if name not in (*flags, "slot")]
    return t.group_by(*others).agg(slot=t.slot.min(), **{name: t[name].any() for name in flags})
