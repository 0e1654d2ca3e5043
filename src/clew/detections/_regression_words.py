"""What is said of an operation that became slower: by how much, with what, who waits for it."""

from __future__ import annotations

from typing import Any

from clew.detections._contrast import distinctions
from clew.detections._onset import change_sentences
from clew.detections._resources import resource_sentences
from clew.detections._words import clock, is_much_slower, many
from clew.model.finding import Description, Severity


def described(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    name = _name(row)
    by_median = row["p50_after_ms"] >= row["min_slowdown"] * row["p50_before_ms"]
    word, figure = ("median", "p50") if by_median else ("p95", "p95")
    before, after = row[f"{figure}_before_ms"], row[f"{figure}_after_ms"]
    changes = details["changes"]
    own = [change for change in changes if change["is_own"]]
    with_what = f" with {own[0]['version']}" if own and own[0]["version"] else ""
    return Description(
        title=f"{name} slowed from {before:.0f} to {after:.0f} ms ({word}) at "
        f"{clock(row['started'])}{with_what}",
        severity=_severity(row),
        confidence=_confidence(row, is_known=bool(own)),
        why=(
            *_number_sentences(row),
            *change_sentences(changes, row["started"]),
            *resource_sentences(details["resources"], row),
            *_end_sentences(row, details["rest"]),
            *_waiting_sentences(details["waiting"]),
            *distinctions(details["facts"], most=2, called=("later", "earlier")),
        ),
        recommendations=(
            f"Compare what {own[0]['what'].replace('_', ' ')} {own[0]['version']} changed, or roll it "
            "back and measure again."
            if own
            else f"Find out what changed about {clock(row['started'])}: code, data, load, or what "
            f"{row['service'] or 'the service'} runs on.",
        ),
    )


def _name(row: dict[str, Any]) -> str:
    what = row["span_name"] or row["http_route"]
    return f"{what} of {row['service']}"


def _number_sentences(row: dict[str, Any]) -> list[str]:
    what = "Own time" if row["span_name"] else "Time"
    said = [
        f"{what} of {many(row['calls_before'], 'call')} before: median {row['p50_before_ms']:.1f} ms, "
        f"p95 {row['p95_before_ms']:.1f} ms; of {row['calls_after']:,} since: median "
        f"{row['p50_after_ms']:.1f} ms, p95 {row['p95_after_ms']:.1f} ms.",
        f"The median rose by {row['median_change_ms']:.1f} ms (95 % interval "
        f"{row['median_change_low_ms']:.1f} to {row['median_change_high_ms']:.1f}); the ranks of both "
        f"are {row['errors_apart']:.0f} standard errors apart, and it began within a few calls.",
    ]
    if row["is_gap"]:
        said.append(
            f"The time is between the caller's span and its own: in the network, or in {row['service']}'s "
            "queue before the work begins."
        )
    if row["other_operations"]:
        others = many(row["other_operations"], "other operation")
        said.append(f"{others} of {row['service']} slowed at the same time, by less in all.")
    return said


def _end_sentences(row: dict[str, Any], rest: list[dict[str, Any]]) -> list[str]:
    if row["is_over"] and rest and rest[0]["calls"]:
        return [
            f"It ended at {clock(row['ended'])}: the median of {many(rest[0]['calls'], 'call')} after it is "
            f"{rest[0]['median_ms']:.1f} ms."
        ]
    return []


def _waiting_sentences(waiting: list[dict[str, Any]]) -> list[str]:
    if not waiting:
        return []
    told = ", ".join(
        f"{each['span_name']} of {each['service']} ({each['before_ms']:.0f} to {each['after_ms']:.0f} ms)"
        for each in waiting
    )
    return [f"Slower only since they wait for it, their own time being as before: {told}."]


def _severity(row: dict[str, Any]) -> Severity:
    """By the time added to a call, and by how many times it became slower."""
    change, before = row["median_change_ms"], max(row["p50_before_ms"], 0.001)
    if is_much_slower(change, before):
        return "high"
    if row["p95_after_ms"] - row["p95_before_ms"] >= 250:
        return "high"
    return "medium" if change >= 20 else "low"


def _confidence(row: dict[str, Any], *, is_known: bool) -> float:
    """Surer the farther the ranks are apart, and where the service changed just then."""
    sure: float = 0.7 + min(row["errors_apart"], 25.0) * 0.008
    return float(round(min(sure + (0.05 if is_known else 0.0), 0.95), 3))
