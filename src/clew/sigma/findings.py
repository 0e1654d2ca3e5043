"""What rules found, in words: one finding a subject of a rule, one an alert of a correlation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from clew.model.event import BY_NAME
from clew.model.finding import Description, Evidence, Finding, finding_id
from clew.sigma.counting import EVER_D
from clew.sigma.reading import About, Correlation, Rule
from clew.sigma.scan import SUBJECT

MEASURE_NAMES = {
    "value_count": "distinct_values",
    "value_sum": "sum",
    "value_avg": "average",
    "value_median": "median",
    "value_percentile": "percentile_value",
}
SIGNS = {">=": "at least", ">": "more than", "<": "fewer than", "<=": "at most", "==": "exactly"}
_WORDS = {
    "user_id": "user", "api_key_hash": "key", "client_ip": "address", "src_ip": "address",
    "host": "host", "service": "service",
}  # fmt: skip


def of_rule(rule: Rule, row: Mapping[str, Any]) -> Description:
    """One subject of a rule: `row` has the subject, events, started and ended."""
    about = rule.about
    subject = {name: row[name] for name in SUBJECT if row.get(name) is not None}
    count = _many(row["events"], "event")
    title = f"{_sentence(about.title)}: {count}{_of(subject)}, {_window(row)}"
    return Description(title, about.severity, about.confidence, _why(about, ()), _next(about))


def of_alert(
    correlation: Correlation, row: Mapping[str, Any], subject: Mapping[str, Any]
) -> Description:
    """One alert of a correlation: `row` has events, most, started and ended."""
    about = correlation.about
    title = f"{_sentence(about.title)}: {_facts(correlation, row)}{_of(subject)}, {_window(row)}"
    why = (_asked(correlation),)
    return Description(title, about.severity, about.confidence, _why(about, why), _next(about))


def measures_of_alert(correlation: Correlation, row: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers of an alert, and those it was compared with."""
    found: dict[str, Any] = {"events": row["events"]}
    if name := MEASURE_NAMES.get(correlation.type):
        found[name] = _number(row["most"])
    if correlation.logic is None:
        found |= {f"threshold{'' if n == 0 else n + 1}": _number(bound)
                  for n, (_, bound) in enumerate(correlation.bounds)}  # fmt: skip
    found["timespan_s"] = correlation.span_s
    return found


def finding(
    about: About,
    said: Description,
    *,
    subject: Mapping[str, Any],
    measures: Mapping[str, Any],
    window: tuple[datetime | None, datetime | None],
    evidence: Sequence[Evidence],
    is_alone: bool,
) -> Finding:
    """The finding. Where a file has several rules that report, its id tells which one did."""
    typed = {name: typed_as(name, value) for name, value in subject.items() if value is not None}
    identity = about.kind if is_alone else f"{about.kind} {about.id or about.name or about.key}"
    return Finding(
        kind=about.kind,
        title=said.title,
        severity=said.severity,
        confidence=said.confidence,
        start=window[0],
        end=window[1],
        subject=typed,
        measures=dict(measures),
        evidence=tuple(evidence),
        why=said.why,
        recommendations=said.recommendations,
        references=about.references,
        id=finding_id(identity, typed, window[0]),
    )


def typed_as(name: str, value: Any) -> Any:
    """The text of a key as its column's type."""
    kind = BY_NAME[name].kind if name in BY_NAME else "text"
    if kind in ("int", "float", "money") and isinstance(value, str):
        number = float(value)
        return int(number) if number.is_integer() else number
    return value


def _facts(correlation: Correlation, row: Mapping[str, Any]) -> str:
    events = _many(row["events"], "event")
    if correlation.type == "event_count":
        return events
    if correlation.logic is not None:
        return events
    if correlation.type.startswith("temporal"):
        count = len(correlation.rules)
        order = ", in order" if correlation.type == "temporal_ordered" else ""
        return f"{events} of {count} rules{order}"
    field = ", ".join(correlation.fields)
    most = f"{row['most']:,.6g}"
    words = {
        "value_count": f"{most} values of {field}",
        "value_sum": f"{field} sums up to {most}",
        "value_avg": f"{field} is {most} on average",
        "value_median": f"the median of {field} is {most}",
        "value_percentile": f"the {correlation.percentile:g}th percentile of {field} is {most}",
    }
    return f"{words[correlation.type]} in {events}"


def _asked(correlation: Correlation) -> str:
    span = _span(correlation.span_s)
    names = ", ".join(correlation.rules)
    if correlation.logic is not None:
        return f"The rules {names} met its condition {span}."
    bounds = " and ".join(
        f"{SIGNS.get(sign, 'not')} {_number(n):,}" for sign, n in correlation.bounds
    )
    if correlation.type == "event_count":
        return f"It asks for {bounds} events of {names} {span}."
    if correlation.type.startswith("temporal"):
        order = " in this order" if correlation.type == "temporal_ordered" else ""
        return f"It asks for {bounds} of the rules {names}{order} {span}."
    field = ", ".join(correlation.fields)
    if correlation.type == "value_count":
        return f"It asks for {bounds} values of {field} {span}."
    percentile = f"{correlation.percentile:g}th percentile"
    what = "percentile" if correlation.type == "value_percentile" else correlation.type[6:]
    words = {"percentile": percentile, "avg": "average"}
    return f"It asks for {bounds} as the {words.get(what, what)} of {field} {span}."


def _why(about: About, facts: Sequence[str]) -> tuple[str, ...]:
    named = " ".join(part for part in (about.id, f"in {about.file}, line {about.line}") if part)
    said = [f"The Sigma rule '{about.title}' ({named}) matched.", *facts]
    if about.description:
        said.append(" ".join(about.description.split()))
    return tuple(said)


def _next(about: About) -> tuple[str, ...]:
    said = [str(one) for one in about.clew.get("recommendations") or ()]
    known = [
        one for one in about.false_positives if one.lower() not in ("unknown", "none", "unlikely")
    ]
    if known:
        said.append(f"Rule out what is known to look the same: {'; '.join(known)}.")
    return tuple(said)


def _of(subject: Mapping[str, Any]) -> str:
    parts = [f"{_WORDS.get(name, name)} {value}" for name, value in subject.items()
             if value is not None]  # fmt: skip
    return f" of {', '.join(parts)}" if parts else ""


def _window(row: Mapping[str, Any]) -> str:
    began, ended = row.get("started"), row.get("ended")
    if began is None or ended is None:
        return "at an unknown time"
    if began == ended:
        return f"at {began:%Y-%m-%d %H:%M:%S} UTC"
    return f"{began:%Y-%m-%d %H:%M:%S} to {ended:%Y-%m-%d %H:%M:%S} UTC"


def _sentence(title: str) -> str:
    return " ".join(title.split()).rstrip(".:")


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def _span(seconds: int) -> str:
    if seconds >= EVER_D * 86_400:
        return "over all of the case"
    for size, word in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"within {seconds // size:,} {word}"
    return f"within {seconds:,} s"


def _number(value: Any) -> int | float | None:
    if value is None:
        return None
    number = round(float(value), 6)
    return int(number) if number.is_integer() else number
