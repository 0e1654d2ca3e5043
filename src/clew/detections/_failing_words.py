"""What is said of an operation where errors start: the error, its reach, since when, what to do."""

from __future__ import annotations

from typing import Any

from clew.detections._contrast import distinctions
from clew.detections._onset import change_sentences
from clew.detections._words import clock, many, share
from clew.model.finding import Description, Severity

QUIET = 20
"""Calls before the first error, or after the last, that are worth a word."""


def described(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    name = f"{row['span_name']} of {row['service']}"
    told = [_origin_sentence(row), *_kind_sentences(row, details["kinds"])]
    told += [
        f"{many(line['lines'], 'log line')} of these traces, of {row['service']}, "
        f"{'say' if line['lines'] > 1 else 'says'}: "
        f"{line['exception_type'] or 'error'}: {(line['message'] or '')[:200]}"
        for line in details["lines"]
    ]
    if row["unanswered"] >= 0.5 * row["errors"]:
        told.append(
            f"In {row['unanswered']:,} of them {row['service']} has no failed span of its own: it was "
            "not reached, or did not answer in time."
        )
    told += _reach_sentences(row, details["passed"])
    told += _since_sentences(row)
    told += change_sentences(details["changes"], row["started"])
    told += distinctions(details["facts"], most=2)
    return Description(
        title=f"{name} fails in {row['errors']:,} of {many(row['calls'], 'call')} "
        f"({share(row['error_share'])})" + _effect(row) + f" since {clock(row['started'])}",
        severity=_severity(row),
        confidence=_confidence(row),
        why=tuple(told),
        recommendations=_recommendations(row, name, details),
    )


def _origin_sentence(row: dict[str, Any]) -> str:
    return (
        f"{many(row['errors'], 'span')} of it failed in {many(row['traces'], 'trace')} with no failed "
        f"span below: the errors start here ({share(row['error_share'])} of its "
        f"{many(row['calls'], 'call')}, at least {share(row['error_share_low'])})."
    )


def _kind_sentences(row: dict[str, Any], kinds: list[dict[str, Any]]) -> list[str]:
    said = []
    for kind in kinds:
        words = ": ".join(
            str(part)[:200]
            for part in (kind["exception_type"], kind["message"] or kind["status_message"])
            if part
        )
        words = words or (
            f"HTTP {kind['http_status']}" if (kind["http_status"] or 0) >= 400 else ""
        )
        peer = kind["database"] or kind["peer"]
        if words:
            said.append(
                f"{kind['errors']:,} of {many(len(row['start_ids']), 'error')}"
                f"{f', calling {peer}' if peer else ''}: {words}"
            )
    return said


def _effect(row: dict[str, Any]) -> str:
    if row["recovered_share"] > row["tolerated"]:
        return " without failing what called it,"
    if not row["failed_requests"]:
        return ""
    return (
        f" and with it {share(row['failed_share'])} of the failed requests to "
        f"{row['entry_span_name']} of {row['entry_service']},"
    )


def _reach_sentences(row: dict[str, Any], passed: list[dict[str, Any]]) -> list[str]:
    said = []
    if row["failed_requests"]:
        said.append(
            f"It explains {row['failed_requests']:,} of {many(row['all_failed_requests'], 'failed request')} "
            f"({share(row['failed_share'])})."
        )
    if row["recovered_share"] > 0:
        said.append(
            f"{share(row['recovered_share'])} of its errors made nothing above fail: they were tried "
            "again or done without."
        )
    others = [line["service"] for line in passed if line["service"] != row["service"]]
    if others and row["recovered_share"] <= row["tolerated"]:
        said.append(f"Failed spans of {', '.join(others)} in the same traces only pass it on.")
    return said


def _since_sentences(row: dict[str, Any]) -> list[str]:
    quiet = [
        f"{row[f'calls_{side}']:,} {side} it"
        for side in ("before", "after")
        if row[f"calls_{side}"] >= QUIET
    ]
    return [
        f"The first came at {clock(row['started'])}, the last at {clock(row['ended'])}"
        + (f"; calls without any: {' and '.join(quiet)}." if quiet else ".")
    ]


def _severity(row: dict[str, Any]) -> Severity:
    if row["recovered_share"] > row["tolerated"]:
        return "low"
    if row["failed_requests"] >= 50 or row["error_share"] >= 0.05:
        return "high" if row["errors"] >= 5 else "medium"
    return "medium"


def _confidence(row: dict[str, Any]) -> float:
    sure: float = (
        0.85 + (0.045 if row["errors"] >= 10 else 0.0) + 0.1 * min(row["failed_share"], 1.0)
    )
    return float(round(sure - (0.1 if row["logged"] == row["errors"] else 0.0), 3))


def _recommendations(
    row: dict[str, Any], name: str, details: dict[str, list[dict[str, Any]]]
) -> tuple[str, ...]:
    if row["unanswered"] >= 0.5 * row["errors"]:
        return (
            f"Look at whether {row['service']} was up and reachable at {clock(row['started'])}.",
        )
    kinds = [kind["exception_type"] for kind in details["kinds"] if kind["exception_type"]]
    what = kinds[0] if kinds else "the error"
    if row["recovered_share"] > row["tolerated"]:
        return (f"Nothing fails by it yet: mend {what} in {name} before something does.",)
    if row["is_statement"]:
        return (f"Look at {what} of {name}: locks, limits and the reachability of the database.",)
    return (f"Mend {what} in {name}; the services above it need no change.",)
