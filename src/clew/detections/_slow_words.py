"""What slow requests show besides their time: callers' choices, sizes, statements, log lines, hours."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.calls_of_spans import of_owner
from clew.detections._contrast import RECORD, contrast, distinctions
from clew.detections._onset import change_sentences, changes_before
from clew.detections._resources import resource_sentences, resources_of
from clew.detections._slow_waits import telling, wait_sentences, waits_of
from clew.detections._words import clock, many, share
from clew.model.finding import Description, Severity

SAMPLE = 300
"""Requests of each kind that are compared in their attributes and lines."""
SIZES = ("request_bytes", "response_bytes", "input_tokens", "output_tokens", "db_rows")
VARYING = r"[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4,})*|[0-9]+(?:\.[0-9]+)?"  # an id, a count, 12.5
CALLED = ("slow", "normal")
QUIET = 20
"""Requests before the first slow one from which on it has a beginning."""
FEW = 5
"""Requests below which a cause is less sure."""
MEANT_MS = 500.0
"""What a second kind of request, or a cache's miss, may well take longer by intent."""
STEEP_TAIL = 12.0
"""Times the median that the slowest hundredth must take where slow requests do not stand apart."""


def spread_of(
    events: ir.Table, t: ir.Table, asked: ir.Table, row: dict[str, Any]
) -> dict[str, ir.Table]:
    """What `described` reads of the slow requests of a finding and their normal ones.

    `t` has the spans of the requests that are looked at, `asked` all requests of the entry point.
    """
    roots = t.filter(t.event_id == t.root_event_id)
    sample = roots.select(
        "root_event_id",
        sample_trace="trace_id",
        is_slow=roots.root_event_id.isin(row["slow_roots"]),
    )
    mine = of_owner(t, row).join(sample, "root_event_id")
    own = mine.select("event_id", "is_slow", request="root_event_id")
    said = events.filter(events.span_name.isnull() & events.trace_id.notnull())
    said = said.filter(said.service.fill_null(row["service"]) == row["service"])
    said = said.join(
        sample.select("sample_trace", "is_slow", request="root_event_id"),
        said.trace_id == sample.sample_trace,
    )
    lines = said.select("event_id", "is_slow", "request")
    labelled = ibis.union(own, lines).rename(failed="is_slow")
    return {
        "waits": waits_of(t, own),
        "facts": contrast(events, labelled).filter(lambda f: f.name != "trace_id"),
        "statements": _statements(events, own),
        "sizes": _sizes(events, own),
        "lines": _lines(said, sample),
        "times": _times(asked, row),
        "changes": changes_before(events, row["service"], row["started"]),
        "resources": resources_of(events, row),
    }


def described(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    name, where = f"{row['span_name']} of {row['service']}", _entry(row)
    told = [*_slow_sentences(row), *_own_sentences(row, details["statements"])]
    told += wait_sentences(row, details["waits"])
    sizes = [_size_sentence(size) for size in details["sizes"] if _is_larger(size)]
    by_size = [size for size in details["sizes"] if _is_larger(size) and _grows_alike(size, row)]
    facts = distinctions(details["facts"], called=CALLED, most=3)
    told += [*facts, *_carried(details["facts"]), *_line_sentences(details["lines"]), *sizes]
    told += _time_sentences(row, details["times"])
    told += resource_sentences(details["resources"], row)
    is_steady = _is_steady(row, details["times"])
    if is_steady:
        told.append(
            "They come all the time: a fault that was there from the beginning looks like this, and so do "
            "two kinds of requests, or a cache that misses as often as it is meant to."
        )
    if details["times"] and (details["times"][0]["before"] or 0) >= QUIET:
        own = [change for change in details["changes"] if change["is_own"]]
        told += change_sentences(own, row["started"])
    if by_size:
        told.append(
            "The time grows as the size does: large requests, not a slow dependency, may be all it is."
        )
    return Description(
        title=_title(row, name, where, details),
        severity=_severity(row, is_size=bool(by_size), is_steady=is_steady),
        confidence=_confidence(row, is_size=bool(by_size)),
        why=tuple(told),
        recommendations=_recommendations(row, name, details),
    )


def _statements(events: ir.Table, own: ir.Table) -> ir.Table:
    """What the slow spans asked whom, the commonest first."""
    t = events.join(own.filter(own.is_slow), "event_id")
    t = t.group_by("db_system", "db_query", "server_address", "model").agg(spans=t.count())
    return t.order_by(ibis.desc("spans"), "db_query", "server_address", "model").limit(1)


def _sizes(events: ir.Table, own: ir.Table) -> ir.Table:
    """The median of each size that both kinds of spans state."""
    t = events.join(own, "event_id")
    pairs = [
        ibis.struct({"size": ibis.literal(name), "amount": t[name].cast("float64")})
        for name in SIZES
    ]
    t = t.select("is_slow", pair=ibis.array(pairs).unnest())
    t = t.select("is_slow", size=t.pair["size"], amount=t.pair["amount"])
    t = t.filter(t.amount.notnull())
    t = t.group_by("size").agg(
        slow_amount=t.amount.quantile(0.5, where=t.is_slow),
        normal_amount=t.amount.quantile(0.5, where=~t.is_slow),
    )
    return t.filter(t.slow_amount.notnull() & t.normal_amount.notnull()).order_by("size")


def _lines(said: ir.Table, sample: ir.Table) -> ir.Table:
    """Log lines, alike but for numbers, that more of the slow requests have than of the normal."""
    t = said.filter(said.message.notnull())
    t = t.mutate(pattern=t.message.re_replace(VARYING, "#").substr(0, 300))
    t = t.group_by("pattern").agg(
        slow=t.request.nunique(where=t.is_slow),
        normal=t.request.nunique(where=~t.is_slow),
        example=t.message.min(where=t.is_slow),
    )
    of = sample.agg(
        slow_requests=sample.is_slow.cast("int64").sum(),
        normal_requests=(~sample.is_slow).cast("int64").sum(),
    )
    t = t.cross_join(of)
    slow = t.slow / ibis.greatest(t.slow_requests, 1)
    normal = t.normal / ibis.greatest(t.normal_requests, 1)
    t = t.mutate(gap=slow - normal)
    t = t.filter((t.gap >= 0.3) & (t.normal_requests > 0))
    return t.order_by(ibis.desc("gap"), "pattern").limit(3)


def _times(asked: ir.Table, row: dict[str, Any]) -> ir.Table:
    """Requests of the entry point before, while and after they were slow."""
    slow = asked.duration_ms > row["threshold_ms"]
    before, after = asked.started < row["started"], asked.started > row["ended"]
    return asked.agg(
        before=before.cast("int64").sum(),
        meanwhile=(~before & ~after).cast("int64").sum(),
        slow_meanwhile=(~before & ~after & slow).cast("int64").sum(),
        after=after.cast("int64").sum(),
    )


def _entry(row: dict[str, Any]) -> str:
    return f"{row['entry_span_name']} of {row['entry_service']}"


def _title(
    row: dict[str, Any], name: str, where: str, details: dict[str, list[dict[str, Any]]]
) -> str:
    if row["basis"] == "all":
        return (
            f"{name} takes {row['slow_own_ms']:.0f} ms of every request to {where}, "
            f"{share(row['extra_share'])} of its time"
        )
    title = (
        f"{name} makes {row['explained_requests']:,} of {many(row['slow_requests'], 'slow request')} "
        f"to {where} slow: {row['slow_own_ms']:.0f} ms instead of {row['normal_own_ms']:.0f} ms"
    )
    if waited := telling(row, details["waits"]):
        return f"{title}, waiting between attempts of '{waited['called']}', which fails"
    lines = [line for line in details["lines"] if line["normal"] <= 0.1 * line["normal_requests"]]
    if row["is_statement"] or not lines:
        return title
    return f"{title}, logging '{lines[0]['example'][:80]}'"


def _slow_sentences(row: dict[str, Any]) -> list[str]:
    of = f"{many(row['requests'], 'request')} to {_entry(row)}"
    times = f"median {row['p50_ms']:.0f} ms, p99 {row['p99_ms']:.0f} ms"
    if row["basis"] == "all":
        return [
            f"All {of} take about as long ({times}), so there are no normal ones to compare with; "
            f"{share(row['extra_share'])} of their time is in this operation."
        ]
    what = (
        f"stand apart, above {row['threshold_ms']:.0f} ms"
        if row["basis"] == "apart"
        else f"are the slowest twentieth, above {row['threshold_ms']:.0f} ms"
    )
    return [
        f"{row['slow_requests']:,} of {of} ({share(row['slow_share'])}) {what} ({times}).",
        f"This operation holds most of the extra time in {row['explained_requests']:,} of the "
        f"{row['slow_requests']:,} ({share(row['explained_share'])}), and {share(row['extra_share'])} "
        f"of all their extra time: {row['slow_own_ms']:.1f} ms of its own in a slow request, "
        f"{row['normal_own_ms']:.1f} ms in a normal one.",
    ]


def _own_sentences(row: dict[str, Any], statements: list[dict[str, Any]]) -> list[str]:
    said = []
    asked = statements[0] if statements else {}
    if asked.get("db_query"):
        said.append(f"The statement{_whom(asked)} is: {' '.join(asked['db_query'].split())[:300]}")
    elif asked.get("db_system"):
        said.append(f"It is a call of the database {asked['db_system']}.")
    elif asked.get("model"):
        said.append(f"It is a call of the model {asked['model']}.")
    if row["gap_ms"] >= 0.5 * row["slow_own_ms"]:
        said.append(
            f"{row['gap_ms']:.0f} ms of it pass between the caller's span and its own: in the network, "
            f"or in {row['service']}'s queue before the work begins."
        )
    if _is_absent(row):
        said.append(
            "Normal requests hardly call it: they find what they need before, or ask for less. A cache "
            "that misses looks like this."
        )
    elif row["slow_calls"] >= 1.5 * row["normal_calls"] > 0:
        said.append(
            f"It is called {row['slow_calls']:.1f} times in a slow request, {row['normal_calls']:.1f} "
            "times in a normal one."
        )
    if row["spread_requests"]:
        said.append(
            f"In {row['spread_requests']:,} of them the extra time is spread over several operations "
            f"of {row['service']}: it is slow as a whole."
        )
    if row["entry_points"] > 1:
        others = many(row["entry_points"] - 1, "other entry point")
        said.append(f"It delays {others} besides.")
    return said


def _is_absent(row: dict[str, Any]) -> bool:
    """Whether normal requests do without the operation."""
    return bool(row["basis"] != "all" and row["normal_calls"] < 0.05)


def _whom(asked: dict[str, Any]) -> str:
    parts = [
        f" of {asked['db_system']}" if asked.get("db_system") else "",
        f" at {asked['server_address']}" if asked.get("server_address") else "",
    ]
    return "".join(parts)


def _carried(facts: list[dict[str, Any]]) -> list[str]:
    """Fields that nearly only slow requests have."""
    return [
        f"{fact['failing']:,} of {fact['failing_stated']:,} slow requests carry '{fact['value']}', and "
        f"{fact['succeeding']:,} of {fact['succeeding_stated']:,} normal ones."
        for fact in facts
        if fact["name"] == f"fields of {RECORD}"
        and fact["failing"] >= 0.5 * fact["failing_stated"]
        and fact["succeeding"] <= 0.1 * fact["succeeding_stated"]
    ][:2]


def _line_sentences(lines: list[dict[str, Any]]) -> list[str]:
    return [
        f"{line['slow']:,} of {line['slow_requests']:,} slow requests logged such a line, and "
        f"{line['normal']:,} of {line['normal_requests']:,} normal ones: {line['example'][:200]}"
        for line in lines
    ]


def _is_larger(size: dict[str, Any]) -> bool:
    return bool(size["slow_amount"] >= 2 * max(size["normal_amount"], 1.0))


def _grows_alike(size: dict[str, Any], row: dict[str, Any]) -> bool:
    """Whether time per byte, token or row is about the same in slow and normal requests."""
    by_size = size["slow_amount"] / max(size["normal_amount"], 1.0)
    by_time = row["slow_own_ms"] / max(row["normal_own_ms"], 0.001)
    return bool(0.5 <= by_time / by_size <= 1.5)


def _size_sentence(size: dict[str, Any]) -> str:
    return (
        f"Its median {size['size']} is {size['slow_amount']:,.0f} in slow requests, "
        f"{size['normal_amount']:,.0f} in normal ones."
    )


def _time_sentences(row: dict[str, Any], times: list[dict[str, Any]]) -> list[str]:
    if not times or row["basis"] == "all" or not times[0]["meanwhile"]:
        return []
    seen = times[0]
    quiet = [
        f"{seen[side]:,} requests {side}" for side in ("before", "after") if seen[side] >= QUIET
    ]
    said = f"The slow ones came between {clock(row['started'])} and {clock(row['ended'])}, "
    said += f"{seen['slow_meanwhile']:,} of {seen['meanwhile']:,} requests of that time"
    return [said + (f"; none of the {' and '.join(quiet)}." if quiet else ".")]


def _severity(row: dict[str, Any], *, is_size: bool, is_steady: bool) -> Severity:
    """By how much slower how many requests are; what may be as it should be is low or medium."""
    if is_size:
        return "low"
    if row["basis"] == "all":
        return "medium" if row["is_statement"] or row["extra_share"] >= 0.75 else "low"
    if row["basis"] == "tail":
        is_steep = row["p99_ms"] >= STEEP_TAIL * row["p50_ms"] and row["extra_ms"] >= 500
        return "medium" if is_steep and not row["is_model"] else "low"
    if row["extra_ms"] < 50:
        return "low"
    is_many = row["explained_requests"] >= max(0.01 * row["requests"], FEW)
    may_be_meant = _is_absent(row) or (is_steady and row["extra_ms"] < MEANT_MS)
    return "high" if is_many and row["extra_ms"] >= 100 and not may_be_meant else "medium"


def _is_steady(row: dict[str, Any], times: list[dict[str, Any]]) -> bool:
    """Whether a good part of the requests are slow, from the first to the last."""
    is_throughout = all((seen[side] or 0) < QUIET for seen in times for side in ("before", "after"))
    # a statement that is quick in other requests is not slow by intent
    is_quick_else = row["is_statement"] and not _is_absent(row)
    return bool(
        row["basis"] == "apart" and row["slow_share"] >= 0.1 and is_throughout and not is_quick_else
    )


def _confidence(row: dict[str, Any], *, is_size: bool) -> float:
    """Surer where it explains more of the slow requests, and where there are more of them."""
    if is_size:
        return 0.5
    if row["basis"] == "all":
        return float(round(0.45 + 0.2 * min(row["extra_share"], 1.0), 3))
    sure = 0.7 + 0.2 * float(row["explained_share"])
    sure += 0.05 if row["explained_requests"] >= 20 else 0.0
    sure -= 0.1 if row["explained_requests"] < FEW else 0.0
    sure -= 0.1 if _is_absent(row) else 0.0
    return round(sure - (0.15 if row["basis"] == "tail" else 0.0), 3)


def _recommendations(
    row: dict[str, Any], name: str, details: dict[str, list[dict[str, Any]]]
) -> tuple[str, ...]:
    if waited := telling(row, details["waits"]):
        return (
            f"Find out why '{waited['called']}' fails; until then give up sooner, or back off less.",
        )
    if row["is_statement"]:
        return (
            f"Look at the plan of {name} and at what locks or grows its table.",
            "Compare before with after once it is changed.",
        )
    if row["gap_ms"] >= 0.5 * row["slow_own_ms"]:
        return (
            f"Look at the queue and the workers of {row['service']}, and at the network before it.",
        )
    if row["is_model"]:
        return (
            f"Look at the model behind {name}: its queue, its batch, the size of what it is asked.",
        )
    if details["lines"]:
        return (f"Look at what {row['service']} says in the slow traces, then profile {name}.",)
    return (f"Profile {name}, or give the work inside it spans of its own.",)
