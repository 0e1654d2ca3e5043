"""Rules over a case, to findings: rules about single events in a few scans, then each correlation.

A rule that names a field which no event has is not evaluable unless it matched without it: never "no
match". A rule whose condition cannot be made is told of, and the others run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from clew.engines import Engine
from clew.investigation import EVIDENCE_COLUMNS, proof, source_names
from clew.model.finding import Evidence, Finding, Investigation, ranked
from clew.model.views import between, events
from clew.sigma import findings as words
from clew.sigma.conditions import Condition
from clew.sigma.correlations import Correlations
from clew.sigma.detection import RuleError
from clew.sigma.fields import Fields
from clew.sigma.known import Known, known_of
from clew.sigma.narrowing import are_few, candidates, promising
from clew.sigma.reading import Correlation, Rule, RuleSet
from clew.sigma.scan import MOST_RULES, SUBJECT, each_rule, matched, subjects
from clew.sigma.windows import keys_of

MOST_SUBJECTS = 200
"""Findings of one rule: those with most events."""
EVIDENCE = 20
"""The first events of a finding that are shown; of a correlation also the first and last of each rule."""
EPOCH = datetime(1970, 1, 1)
Group = list[tuple[Rule, Condition]]
Place = tuple[str, int | None, datetime | None]


@dataclass(slots=True)
class Notes:
    """What is to be said beside findings."""

    not_evaluable: list[str] = field(default_factory=list)
    annotations: list[str] = field(default_factory=list)


def run(
    engine: Engine,
    rules: RuleSet,
    *,
    kinds: Collection[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> Investigation:
    """Runs the rules, or those whose file has one of these names, over the events of that time."""
    seen = between(events, since, until)
    known = known_of(engine, rules, seen)
    outputs = [item for item in rules.outputs() if not kinds or item.about.kind in kinds]
    notes = Notes()
    runner = Runner(engine, seen, rules, known, source_names(engine), notes)
    findings = [one for _, one in runner.singles([i for i in outputs if isinstance(i, Rule)])]
    for item in outputs:
        if isinstance(item, Correlation):
            findings += runner.correlation(item)
    return Investigation(ranked(findings), tuple(notes.not_evaluable), tuple(notes.annotations))


class Runner:
    """Rules over a table of events of a case.

    known          what the case has
    names          sources to the names of their files
    notes          where it says what is no finding
    most_evidence  events that a finding about single events shows
    """

    def __init__(
        self,
        engine: Engine,
        events: ir.Table,
        rules: RuleSet,
        known: Known,
        names: Mapping[str, str],
        notes: Notes,
        *,
        most_evidence: int = EVIDENCE,
    ) -> None:
        self.engine, self.events, self.rules, self.known = engine, events, rules, known
        self.names, self.notes, self.most_evidence = names, notes, most_evidence
        kinds = Counter(item.about.kind for item in rules.outputs())
        self.alone = {kind for kind, count in kinds.items() if count == 1}

    def singles(self, rules: Sequence[Rule]) -> Iterator[tuple[Rule, Finding]]:
        """Rules about one event, as many at once as fit into a scan."""
        able: list[tuple[Rule, Condition]] = []
        for rule in rules:
            condition = Condition(rule, self.events, self.known)
            if condition.is_possible:
                able.append((rule, condition))
            else:
                self.lacking(rule, condition.missing)
        hinted = [pair for pair in able if pair[1].hint is not None]
        others = [pair for pair in able if pair[1].hint is None]  # these need a scan of their own
        yield from self.narrowed(hinted)
        for group in _groups(others):
            yield from self.scan(group)

    def narrowed(self, able: Group) -> Iterator[tuple[Rule, Finding]]:
        """Rules with texts: where they are many, those of whose texts some event has one."""
        if len(able) <= MOST_RULES:
            for group in _groups(able):
                yield from self.scan(group)
            return
        conditions = [condition for _, condition in able]
        few = candidates(self.events, conditions, self.known)
        kept = {"sigma_candidates": few} if are_few(self.engine, self.events, few) else {}
        with self.engine.sharing(kept, is_few=True) as asked:
            few = asked.kept(few)
            over_few = [(rule, Condition(rule, few, self.known)) for rule, _ in able]
            is_there = promising(asked, few, [condition for _, condition in over_few])
            for (rule, condition), is_promising in zip(able, is_there, strict=True):
                if not is_promising and condition.missing:
                    self.lacking(rule, condition.missing)
            is_kept = bool(kept) and asked is not self.engine
            runner = self.over(asked, few) if is_kept else self
            found = zip(over_few if is_kept else able, is_there, strict=True)
            for group in _groups([pair for pair, is_promising in found if is_promising]):
                yield from runner.scan(group)

    def over(self, engine: Engine, events: ir.Table) -> Runner:
        """The same over a part of the events."""
        return Runner(
            engine, events, self.rules, self.known, self.names, self.notes,
            most_evidence=self.most_evidence,
        )  # fmt: skip

    def scan(self, able: Sequence[tuple[Rule, Condition]]) -> Iterator[tuple[Rule, Finding]]:
        part = matched(self.events, [condition for _, condition in able])
        with self.engine.sharing({"sigma_matched": part}, is_few=True) as asked:
            each = each_rule(asked.kept(part), len(able))
            found = subjects(each)
            order = ibis.window(group_by="rule", order_by=[ibis.desc("events"), ibis.asc("who")])
            of_rule = ibis.window(group_by="rule")
            found = found.mutate(
                rank=ibis.row_number().over(order), subjects=found.count().over(of_rule)
            )
            top = found.filter(found["rank"] < MOST_SUBJECTS)
            rows = asked.run(top.order_by("rule", "rank")).dicts()
            proofs = self.proofs_of_singles(asked, each, top) if rows else {}
        reported = set()
        for row in rows:
            rule, condition = able[row["rule"]]
            reported.add(row["rule"])
            evidence = proofs.get((row["rule"], row["who"]), ())
            if evidence:
                yield rule, self.of_subject(rule, condition, row, evidence)
            if row["rank"] == 0 and row["subjects"] > MOST_SUBJECTS:
                self.notes.annotations.append(
                    f"{rule.about.kind} matched events of {row['subjects']:,} subjects; the "
                    f"{MOST_SUBJECTS} with most events are reported."
                )
        for number, (rule, condition) in enumerate(able):
            if number not in reported and condition.missing:
                self.lacking(rule, condition.missing)

    def of_subject(
        self, rule: Rule, condition: Condition, row: Mapping[str, Any], evidence: Sequence[Evidence]
    ) -> Finding:
        said = words.of_rule(rule, row)
        if condition.missing:
            lacking = ", ".join(condition.missing)
            said = _with_reason(said, f"No event has {lacking}, which the rule names as well.")
        return words.finding(
            rule.about,
            said,
            subject={name: row[name] for name in SUBJECT},
            measures={"events": row["events"]},
            window=(row["started"], row["ended"]),
            evidence=evidence,
            is_alone=rule.about.kind in self.alone,
        )

    def proofs_of_singles(
        self, asked: Engine, each: ir.Table, top: ir.Table
    ) -> dict[tuple[int, str], tuple[Evidence, ...]]:
        t = each.semi_join(top, ["rule", "who"])
        order = [t.timestamp, t.source_id, t.byte_offset, t.event_id]
        t = t.mutate(
            place=ibis.row_number().over(ibis.window(group_by=["rule", "who"], order_by=order))
        )
        t = t.filter(t.place < self.most_evidence)
        chosen = asked.run(
            t.select(
                "rule", "who", "event_id", "source_id", "byte_offset", "timestamp", "place"
            ).order_by("rule", "who", "place")
        ).dicts()
        shown = self.shown({_place(row) for row in chosen})
        proofs: dict[tuple[int, str], list[Evidence]] = {}
        for row in chosen:
            own = shown.get(_place(row), {}).get(row["event_id"])
            if own is not None:
                proofs.setdefault((row["rule"], row["who"]), []).append(own)
        return {key: tuple(each) for key, each in proofs.items()}

    def shown(self, places: Collection[Place]) -> dict[Place, dict[str, Evidence]]:
        """The events at these places, by place and event."""
        found: dict[Place, dict[str, Evidence]] = {}
        listed = sorted(places, key=str)
        for begin in range(0, len(listed), 5_000):
            few = listed[begin : begin + 5_000]
            t = self.events.filter(self.events.byte_offset.isin(sorted({p[1] or 0 for p in few})))
            moments = [place[2] for place in few if place[2] is not None]
            if moments and len(moments) == len(few):
                t = t.filter(t.timestamp.between(min(moments), max(moments)))
            wanted = set(few)
            for row in self.engine.run(t.select(*EVIDENCE_COLUMNS)).dicts():
                if (place := _place(row)) in wanted:
                    found.setdefault(place, {})[row["event_id"]] = proof(row, self.names)
        return found

    def lacking(self, item: Rule | Correlation, missing: Sequence[str]) -> None:
        about = item.about
        name = about.kind if about.kind in self.alone else f"{about.kind} ({about.title})"
        if missing:
            self.notes.not_evaluable.append(f"{name} is not evaluable: needs {', '.join(missing)}.")
        else:
            self.notes.annotations.append(
                f"{name} can match no event: its conditions exclude each other."
            )

    def correlation(self, item: Correlation) -> list[Finding]:
        """The alerts of a correlation."""
        made = Correlations(self.events, self.rules, self.known)
        missing, is_able = made.needs(item)
        if not is_able:
            self.lacking(item, missing)
            return []
        try:
            findings = self.alerts(made, item)
        except RuleError as error:
            self.notes.not_evaluable.append(f"{item.about.kind} cannot run: {error}")
            return []
        if missing and not findings:
            self.lacking(item, missing)
        if excluded := self.excluded(made, item):
            keys = ", ".join(item.group_by)
            self.notes.annotations.append(
                f"{item.about.kind} leaves out {excluded:,} event{'s' * (excluded != 1)} without {keys}."
            )
        return findings

    def excluded(self, made: Correlations, item: Correlation) -> int:
        """Events that have no value for a key of the group."""
        if not item.group_by:
            return 0
        return int(self.engine.run(made.without_key(item)).rows[0][0] or 0)

    def is_dense(self, made: Correlations, item: Correlation) -> bool:
        """Whether most of its values have enough others near them."""
        asked = made.crowding(item)
        if asked is None:
            return False
        ((found, near),) = self.engine.run(asked).rows
        return bool(found) and near * 2 > found

    def alerts(self, made: Correlations, item: Correlation) -> list[Finding]:
        alerts = made.alerts(item, is_dense=self.is_dense(made, item))
        keys = keys_of(alerts)
        order = ibis.window(order_by=[ibis.desc("windows"), ibis.asc("first_at"), *keys])
        ranking = alerts.mutate(
            number=ibis.row_number().over(order), alerts=alerts.count().over(ibis.window())
        )
        top = ranking.filter(ranking.number < MOST_SUBJECTS)
        joined = _near(made.proof(item), top, keys, made.reach(item))
        with self.engine.sharing(
            {"sigma_alerts": top, "sigma_proof": joined}, is_few=True
        ) as asked:
            rows = asked.run(top.order_by("number")).dicts()
            if not rows:
                return []
            sums = joined.group_by("number").agg(
                events=joined.count(), started=joined.at.min(), ended=joined.at.max()
            )
            facts = {row["number"]: row for row in asked.run(sums).dicts()}
            chosen = asked.run(_first(joined, len(item.rules))).dicts()
        proofs = self.proofs_of_alerts(chosen)
        findings = [
            self.of_alert(item, {**row, **facts[row["number"]]}, proofs[row["number"]])
            for row in rows
            if proofs.get(row["number"])
        ]
        if rows[0]["alerts"] > MOST_SUBJECTS:
            self.notes.annotations.append(
                f"{item.about.kind} fired {rows[0]['alerts']:,} times; the {MOST_SUBJECTS} longest "
                "alerts are reported."
            )
        return findings

    def of_alert(
        self, item: Correlation, row: dict[str, Any], evidence: Sequence[Evidence]
    ) -> Finding:
        row = {**row, "started": _moment(row["started"]), "ended": _moment(row["ended"])}
        subject = {name: row[f"k{n}"] for n, name in enumerate(self.key_names(item))}
        return words.finding(
            item.about,
            words.of_alert(item, row, subject),
            subject=subject,
            measures=words.measures_of_alert(item, row),
            window=(row["started"], row["ended"]),
            evidence=evidence,
            is_alone=item.about.kind in self.alone,
        )

    def key_names(self, item: Correlation) -> list[str]:
        """The keys as findings name them: canonical columns where they stand for such."""
        leaf = Correlations(self.events, self.rules, self.known).leaves(item)[0]
        fields = Fields(self.events, leaf.rule.log_source, self.known)
        return [name if name in item.aliases else fields.column(name) for name in item.group_by]

    def proofs_of_alerts(self, chosen: Sequence[Mapping[str, Any]]) -> dict[int, list[Evidence]]:
        places = [(row["source_id"], row["byte_offset"], _moment(row["at"])) for row in chosen]
        shown = self.shown(set(places))
        proofs: dict[int, dict[str, Evidence]] = {}
        for row, place in zip(chosen, places, strict=True):
            proofs.setdefault(row["number"], {}).update(shown.get(place, {}))
        return {number: list(each.values()) for number, each in proofs.items()}


def _groups(able: Group, size: int = MOST_RULES) -> list[Group]:
    return [able[begin : begin + size] for begin in range(0, len(able), size)]


def _near(t: ir.Table, alerts: ir.Table, keys: Sequence[str], reach: int) -> ir.Table:
    """The events of each alert: of its keys, from where its first window begins to its last moment."""
    narrow = alerts.select(*keys, "number", "first_at", "last_at")
    joined = t.join(narrow, list(keys)) if keys_of(t) else t.cross_join(narrow)
    return joined.filter(
        (joined.at >= joined.first_at - reach) & (joined.at <= joined.last_at)
    ).select("number", "at", "source_id", "byte_offset", "slot", "last_at")


def _first(t: ir.Table, rules: int) -> ir.Table:
    """The first events of each alert, and the first and last of each rule in it, in order."""
    t = _maybe_first(t)
    order = [t.at, t.source_id, t.byte_offset, t.slot]
    t = t.mutate(place=ibis.row_number().over(ibis.window(group_by="number", order_by=order)))
    if rules == 1:
        ends = t["at"] == t.last_at
    else:
        of_rule = ibis.window(group_by=["number", "slot"], order_by=order)
        from_last = ibis.window(group_by=["number", "slot"], order_by=[one.desc() for one in order])
        t = t.mutate(
            in_rule=ibis.row_number().over(of_rule), from_last=ibis.row_number().over(from_last)
        )
        ends = (t.in_rule == 0) | (t.from_last == 0)
    return t.filter((t.place < EVIDENCE) | ends).order_by("number", "place")


def _maybe_first(t: ir.Table) -> ir.Table:
    """Few events that hold the first ones, and those at the moments of each rule's first and last: by time
    alone, which costs a tenth of what a full order of many events does."""
    soon = t.mutate(nth=ibis.row_number().over(ibis.window(group_by="number", order_by=t.at)))
    soon = soon.filter(soon.nth < EVIDENCE).group_by("number").agg(until=lambda s: s["at"].max())
    ends = t.group_by("number", "slot").agg(opened=t.at.min(), closed=t.at.max())
    near = t.join(soon, "number").join(ends, ["number", "slot"])
    moments = (near["at"] <= near.until) | (near["at"] == near.opened) | (near["at"] == near.closed)
    return near.filter(moments).select(*t.columns)


def _place(row: Mapping[str, Any]) -> Place:
    return row["source_id"], row["byte_offset"], row["timestamp"]


def _moment(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def _with_reason(said: Any, reason: str) -> Any:
    from dataclasses import replace

    return replace(said, why=(*said.why, reason))
