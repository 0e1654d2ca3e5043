"""An agent that calls the same tool with the same arguments again and again and gets no further.

Reads     events with tool_name   tool_name, tool_arguments, tool_result, tool_call_id, trace_id, session_id,
          timestamp, status, error_type, cost_usd, agent_name, service
Returns   one row for each trace, else session, with the call that it repeats most
Units     repeats: the same call after the first; results: different results of it; failures: calls that failed;
          rounds_s: seconds from the first to the last; cost_usd: of all AI calls of the thread meanwhile; other_calls:
          calls of other tools or arguments meanwhile
Method    reported from min_repeats on, where at most one result in five was new; without results that are stored,
          where at most half of the calls meanwhile were others
Blind to  loops that change a word of the arguments each time; agents whose steps bear no trace or session id
Mistakes  polling on purpose, until something that takes long is done
Source    OWASP LLM06:2025 (excessive agency), LLM10:2025 (unbounded consumption)
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import is_failed, number
from clew.detections._money import usd
from clew.detections._prompts import few, shown
from clew.detections._threads import as_thread, thread_words, threaded
from clew.detections._words import clock, many
from clew.model.case import Case
from clew.model.finding import Description

NEEDS = {"events": ("tool_name", "timestamp")}
NEEDS_ROWS = {"trace_id or session_id": lambda e: e.trace_id.notnull() | e.session_id.notnull()}
SUBJECT = ("trace_id", "session_id", "agent_name", "service", "tool_name")
MEASURES = ("repeats", "results", "failures", "rounds_s", "other_calls", "cost_usd", "min_repeats")
REFERENCES = ("owasp.llm06-2025", "owasp.llm10-2025", "atlas.aml.t0053")
PLAYBOOK = "stop the agent's run, set a limit of steps and cost, notify its owner"


def detect(events: ir.Table, *, min_repeats: int = 5) -> ir.Table:
    t = _calls(events)
    keys = ["thread", "tool_name", "arguments"]
    each = t.group_by(keys).agg(
        calls=t.count(),
        results=t.tool_result.nunique(),
        known=t.tool_result.count(),
        failures=number(t.failed),
        agent_name=t.agent_name.max(),
        service=t.service.max(),
        started=t.timestamp.min(),
        ended=t.timestamp.max(),
    )
    each = each.filter(each.calls > min_repeats)
    near = t.select("thread", "event_id", at="timestamp")
    met = near.join(each.select(*keys, "started", "ended"), "thread")
    met = met.filter((met["at"] >= met.started) & (met["at"] <= met.ended))
    meanwhile = met.group_by(keys).agg(all_calls=met.count())
    each = each.join(meanwhile, keys).mutate(other_calls=lambda s: s.all_calls - s.calls)
    is_stuck = ibis.ifelse(
        each.known > 0, each.results * 5 <= each.calls, each.other_calls * 2 <= each.all_calls
    )
    each = each.filter(is_stuck)
    order = [each.calls.desc(), each.tool_name, each.arguments]
    each = each.mutate(
        place=ibis.row_number().over(ibis.window(group_by=each.thread, order_by=order))
    )
    each = each.filter(each.place == 0)
    spent = threaded(events.filter(events.cost_usd.notnull()))
    spent = spent.select("thread", at="timestamp", usd="cost_usd").join(
        each.select("thread", "started", "ended"), "thread"
    )
    spent = spent.filter((spent["at"] >= spent.started) & (spent["at"] <= spent.ended))
    spent = spent.group_by("thread").agg(cost_usd=spent.usd.sum())
    found = each.left_join(spent, "thread").drop("thread_right")
    t = t.semi_join(each, keys)
    found = found.join(few(t, t.event_id, [t.timestamp, t.event_id], ["thread"]), "thread")
    return found.mutate(
        **as_thread(found),
        repeats=found.calls - 1,
        rounds_s=(found.ended.epoch_seconds() - found.started.epoch_seconds()).cast("int64"),
        min_repeats=ibis.literal(min_repeats),
    ).drop("thread", "place", "all_calls", "calls").order_by(
        ibis.desc("repeats"), "trace_id", "session_id"
    )  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The first of the calls that repeat, in time order."""
    return shown(events, row)


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    who = row["agent_name"] or row["service"] or "An agent"
    arguments = " ".join((row["arguments"] or "none").split())[:160]
    results = (
        f"They gave {many(row['results'], 'different result')}; {many(row['failures'], 'call')} failed."
        if row["known"]
        else f"Their results are not stored; {many(row['failures'], 'call')} failed."
    )
    cost = (
        f" AI calls of the thread cost {usd(row['cost_usd'])} meanwhile." if row["cost_usd"] else ""
    )
    return Description(
        title=f"{who} called {row['tool_name']} {row['repeats'] + 1:,} times with the same arguments "
        f"in {thread_words(row)}",
        severity="high" if row["repeats"] >= 50 or (row["cost_usd"] or 0) >= 5 else "medium",
        confidence=0.85 if row["known"] else 0.6,
        why=(
            f"Between {clock(row['started'])} and {clock(row['ended'])} ({row['rounds_s']:,} s), with "
            f"{many(row['other_calls'], 'other call')} among them. Arguments: {arguments}",
            results + cost,
        ),
        recommendations=(
            "Stop a run after a few calls of one tool with the same arguments, and tell the model why.",
            "Give each run a limit of steps, time and money.",
        ),
    )


def _calls(events: ir.Table) -> ir.Table:
    """Calls of tools; one that several rows tell of, by its id, once."""
    t = threaded(events.filter(events.tool_name.notnull()))
    t = t.mutate(failed=is_failed(t), arguments=t.tool_arguments.fill_null(""))
    one = ibis.coalesce(t.tool_call_id, t.event_id)
    order = ibis.window(
        group_by=[t.thread, one], order_by=[t.tool_result.isnull(), t.timestamp, t.event_id]
    )
    t = t.mutate(turn=ibis.row_number().over(order))
    return t.filter(t.turn == 0)


def _tool(
    second: int, name: str, arguments: str | None, result: str | None, **columns: Any
) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-20T10:{second // 60:02}:{second % 60:02}Z", "trace_id": "t1", "agent_name": "planner",
        "tool_name": name, "tool_arguments": arguments, "tool_result": result, **columns,
    }  # fmt: skip


CASES = [
    Case(
        "one search eight times, between calls of the model that cost money",
        rows=[
            *(_tool(10 * n, "search", '{"q": "a"}', "nothing found") for n in range(8)),
            *(
                {
                    "timestamp": f"2026-11-20T10:01:{n:02}Z",
                    "trace_id": "t1",
                    "model": "m",
                    "cost_usd": "0.5",
                }
                for n in range(3)
            ),
        ],
        expect=[
            {
                "trace_id": "t1",
                "agent_name": "planner",
                "tool_name": "search",
                "repeats": 7,
                "results": 1,
                "rounds_s": 70,
                "cost_usd": 1.5,
            }
        ],
    ),
    Case(
        "two tools in turn, in a session whose results are not stored",
        rows=[
            _tool(
                10 * n,
                ("a", "b")[n % 2],
                "{}",
                None,
                trace_id=None,
                session_id="s1",
                error_type="x",
            )
            for n in range(14)
        ],
        expect=[
            {"session_id": "s1", "tool_name": "a", "repeats": 6, "failures": 7, "other_calls": 6}
        ],
    ),
    Case(
        "the same call in many traces",
        rows=[_tool(n, "search", "{}", "nothing", trace_id=f"t{n}") for n in range(30)],
        expect=[],
    ),
    Case(
        "other arguments each time",
        rows=[_tool(n, "search", f'{{"q": {n}}}', "nothing") for n in range(30)],
        expect=[],
    ),
    Case(
        "a poll whose answer changes",
        rows=[_tool(n, "status", "{}", f"{n} % done") for n in range(30)],
        expect=[],
    ),
    Case(
        "a call and its copy in another log",
        rows=[_tool(n // 2, "search", "{}", "x", tool_call_id=f"c{n // 2}") for n in range(10)],
        expect=[],
    ),
]
