"""Rules over a case that grows: each step reads only what is new, and as far back as a rule can reach.

A rule about one event reads from its watermark on; a correlation from its watermark less what its windows
reach back. Both begin `lateness_s` earlier, for events that come late; what was counted before is not
counted again. What comes later than that is found by a run over the whole case.

Reads     a case that grows between steps
Returns   findings that are new, or that have new events: with the id and the begin that they had before
Blind to  events that come more than `lateness_s` late; of an alert that goes on, `events` are those of
          the part that was read
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from clew.engines import Engine
from clew.investigation import source_names
from clew.model.finding import Finding, Investigation, finding_id, ranked
from clew.model.views import between, events
from clew.query.sides import side_of
from clew.sigma.correlations import Correlations
from clew.sigma.known import known_of
from clew.sigma.reading import Correlation, Rule, RuleSet
from clew.sigma.running import Notes, Runner

State = dict[str, Any]
"""Plain JSON: `marks` by rule, `alerts` by rule, `recent` ids of events by rule."""
MOST_RECENT = 100_000
"""Ids of events that are remembered, so that a late one is known from one that was counted."""


class Following:
    """The rules of a folder over one case, step by step. `state` is what an earlier one left."""

    def __init__(
        self,
        rules: RuleSet,
        *,
        lateness_s: float = 300.0,
        state: State | None = None,
        first: datetime | None = None,
    ) -> None:
        """first: from when on a rule looks that has not looked before; None: at everything."""
        self.rules, self.lateness = rules, timedelta(seconds=lateness_s)
        self.first = first
        self.state: State = state or {"marks": {}, "alerts": {}, "recent": {}}

    def step(self, engine: Engine, until: datetime, *, query: str = "") -> Investigation:
        """What the rules find in the events before `until` that they have not seen yet.

        query  a search: these events alone are looked at
        """
        notes = Notes()
        findings: list[Finding] = []
        outputs = self.rules.outputs()
        looked_at = events.filter(side_of(query, now=until)) if query else events
        new = between(looked_at, self._oldest(outputs), until)
        known, names = known_of(engine, self.rules, new), source_names(engine)
        by_mark: dict[datetime | None, list[Rule]] = {}
        for item in outputs:
            if isinstance(item, Rule):
                by_mark.setdefault(self.mark(item), []).append(item)
                continue
            seen = between(looked_at, self._since(self.mark(item), self._reach(item)), until)
            runner = Runner(engine, seen, self.rules, known, names, notes)
            for one in runner.correlation(item):
                findings += self._going_on(item, one)
        for mark, rules in by_mark.items():
            seen = between(looked_at, self._since(mark, 0), until)
            runner = Runner(
                engine, seen, self.rules, known, names, notes, most_evidence=MOST_RECENT
            )
            for rule, one in runner.singles(rules):
                findings += self._fresh(rule, one)
        for item in outputs:
            self.state["marks"][item.about.key] = until.isoformat()
        self._forget(until)
        return Investigation(ranked(findings), tuple(notes.not_evaluable), tuple(notes.annotations))

    def mark(self, item: Rule | Correlation) -> datetime | None:
        """Up to when the rule has looked; `first` where it has not yet."""
        said = self.state["marks"].get(item.about.key)
        return datetime.fromisoformat(said) if said else self.first

    def _reach(self, item: Rule | Correlation) -> int:
        """How far back its windows reach, in microseconds."""
        if isinstance(item, Rule):
            return 0
        return Correlations(events, self.rules, None).reach(item)

    def _oldest(self, items: Sequence[Rule | Correlation]) -> datetime | None:
        """From when on the step reads; None where a rule reads everything."""
        begins = [self._since(self.mark(item), self._reach(item)) for item in items]
        known = [begin for begin in begins if begin is not None]
        return min(known, default=None) if len(known) == len(begins) else None

    def _since(self, mark: datetime | None, reach_us: int) -> datetime | None:
        return mark and mark - self.lateness - timedelta(microseconds=reach_us)

    def _fresh(self, rule: Rule, one: Finding) -> list[Finding]:
        """The finding with the events that were not counted before."""
        recent = self.state["recent"].setdefault(rule.about.key, {})
        new = [each for each in one.evidence if each.event_id not in recent]
        if not new:
            return []
        for each in new:
            recent[each.event_id] = each.timestamp.isoformat() if each.timestamp else ""
        before = self._known(rule, one)
        events = len(new) + (before["events"] if before else 0)
        start = datetime.fromisoformat(before["start"]) if before and before["start"] else one.start
        one = replace(one, id=before["id"]) if before else one
        self._remember(rule, one, start, one.end, events)
        return [
            replace(
                one,
                start=start,
                evidence=tuple(new[:20]),
                measures={**one.measures, "events": events},
            )
        ]

    def _going_on(self, item: Correlation, one: Finding) -> list[Finding]:
        """The alert, unless all of it was told before; one that goes on keeps its id and begin."""
        before = self._known(item, one)
        span = timedelta(seconds=item.span_s)
        if before and one.start and one.start - datetime.fromisoformat(before["end"]) <= span:
            if one.end and one.end.isoformat() <= before["end"]:
                return []
            start = datetime.fromisoformat(before["start"])
            self._remember(item, replace(one, id=before["id"]), start, one.end, 0)
            return [replace(one, id=before["id"], start=start)]
        self._remember(item, one, one.start, one.end, 0)
        return [one]

    def _known(self, item: Rule | Correlation, one: Finding) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self._alerts(item).get(_subject(one))
        return found

    def _alerts(self, item: Rule | Correlation) -> dict[str, Any]:
        found: dict[str, Any] = self.state["alerts"].setdefault(item.about.key, {})
        return found

    def _remember(
        self,
        item: Rule | Correlation,
        one: Finding,
        start: datetime | None,
        end: datetime | None,
        events: int,
    ) -> None:
        self._alerts(item)[_subject(one)] = {
            "id": one.id,
            "start": start.isoformat() if start else "",
            "end": end.isoformat() if end else "",
            "events": events,
        }

    def _forget(self, until: datetime) -> None:
        """Ids of events that can come no more."""
        oldest = (until - self.lateness).isoformat()
        for key, recent in self.state["recent"].items():
            kept = {event: said for event, said in recent.items() if said >= oldest}
            self.state["recent"][key] = kept


def _subject(one: Finding) -> str:
    """Whose it is, as a key."""
    return finding_id("", one.subject, None)
