"""Sinks are told of alerts: once when one fires, once when it is resolved.

What a sink did not take is told again in the next round: the table `alerts` says who knows what. Chats and
mailboxes get one message for many alerts of a rule that fire at once; a pager and a SIEM get each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from clew.delivery.export import Receiver, check_takes, open_sink, open_transport
from clew.delivery.sending import GaveUp, Stopped, Transport, Unreachable
from clew.model.alert import Alert
from clew.model.finding import SEVERITIES, Finding, rfc3339
from clew.sinks import Item, Sink, State

GROUPING = ("slack", "teams", "email")
MOST_ALONE = 3
"""So many alerts of a rule are told each for itself."""
MOST_EVIDENCE = 10


def tell(receiver: Receiver, alerts: Sequence[Alert], now: datetime) -> tuple[list[Alert], str]:
    """The alerts with what the sink now knows, and why it does not know the rest."""
    check_takes(receiver.sink, "findings")
    address = receiver.address
    sink = open_sink(receiver, address, now)
    told: list[Alert] = []
    problem = ""
    transport = open_transport(address, receiver, sink, 0)
    try:
        for state, group in _groups(receiver.sink, alerts):
            is_told, said = _send(transport, sink, _finding(group), state)
            problem = said or problem
            if not is_told:
                continue
            at = [state, rfc3339(now) or ""]
            told += [replace(one, notified={**one.notified, receiver.sink: at}) for one in group]
    finally:
        transport.close()
    return told, problem


def _send(transport: Transport, sink: Sink, finding: Finding, state: State) -> tuple[bool, str]:
    """Whether it need not be told again, and what went wrong. One that is refused for good is not
    told again either."""
    try:
        (verdict,) = transport.send([Item(finding.id, sink.finding(finding, state))]).verdicts
        transport.confirm()
    except (GaveUp, Unreachable, Stopped) as error:
        return False, str(error)
    return verdict.outcome in ("taken", "refused", "smaller"), verdict.reason


def _groups(sink: str, alerts: Iterable[Alert]) -> Iterable[tuple[State, list[Alert]]]:
    together: dict[tuple[str, State], list[Alert]] = {}
    for alert in alerts:
        state: State = "resolved" if alert.state == "resolved" else "firing"
        together.setdefault((alert.rule, state), []).append(alert)
    for (_, state), group in together.items():
        if sink in GROUPING and len(group) > MOST_ALONE:
            yield state, group
        else:
            yield from ((state, [alert]) for alert in group)


def _finding(group: Sequence[Alert]) -> Finding:
    """The alert's own finding, or one that stands for all of them."""
    first = group[0].finding
    if len(group) == 1:
        return replace(first, id=group[0].id)
    ids = "".join(sorted(alert.id for alert in group))
    worst = max((alert.finding for alert in group), key=lambda one: SEVERITIES.index(one.severity))
    lines = [alert.finding.evidence[0] for alert in group[:MOST_EVIDENCE]]
    return replace(
        worst,
        id=hashlib.sha256(ids.encode()).hexdigest()[:16],
        title=f"{len(group)} alerts of {group[0].rule}; the first: {first.title}",
        subject={},
        measures={"alerts": len(group)},
        evidence=tuple(lines),
        why=tuple(alert.finding.title for alert in group[:MOST_EVIDENCE]),
    )


Tell = Callable[[str, Sequence[Alert], datetime], tuple[list[Alert], str]]
"""Tells a sink by name."""
