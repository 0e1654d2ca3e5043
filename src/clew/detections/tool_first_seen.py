"""A tool that an agent calls for the first time, long after its other tools are known.

Reads     events with tool_name   tool_name, tool_arguments, agent_name, service, service_version, user_id, timestamp
Returns   one row for each agent, else service, and tool, the riskiest first
Units     calls: of the tool since; known_calls: calls of other tools before its first; known_tools: different ones of
          these; quiet_s: seconds from the agent's first call to the tool's first; risky: 1 where the name speaks of
          running code, writing, sending, paying or deleting; released: 1 where the first calls come with a new
          version of the service
Method    reported where the agent had made min_known calls of other tools before, over min_quiet at least
Blind to  tools that were there from the beginning of the log; tools under the name of another
Mistakes  tools for rare work; new releases (released) which bring tools
Source    MITRE ATLAS AML.T0053 (LLM plugin compromise); OWASP LLM06:2025 (excessive agency)
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.detections._prompts import few, shown
from clew.detections._words import clock, many
from clew.model.buckets import seconds
from clew.model.case import Case
from clew.model.finding import Description

NEEDS = {"events": ("tool_name", "timestamp")}
SUBJECT = ("tool_name", "agent_name", "service", "user_id")
MEASURES = (
    "calls",
    "known_calls",
    "known_tools",
    "quiet_s",
    "risky",
    "released",
    "min_known",
    "min_quiet_s",
)
REFERENCES = ("atlas.aml.t0053", "owasp.llm06-2025")
PLAYBOOK = "notify the agent's owner; where it is unknown there, take the tool off its list"
RISKY = (
    r"(?i)shell|exec|bash|cmd|terminal|eval|run_|code|sql|delete|remove|drop|write|update|put_|create|send|mail|post|http|fetch|upload|transfer|pay|refund|purchase|order|"
    r"grant|permission|role|secret|credential|deploy|file"
)


def detect(events: ir.Table, *, min_known: int = 50, min_quiet: str = "1h") -> ir.Table:
    t = events.filter(events.tool_name.notnull(), events.timestamp.notnull())
    t = t.mutate(agent=ibis.coalesce(t.agent_name, t.service, ibis.literal("")))
    keys = ["agent", "tool_name"]
    tools = t.group_by(keys).agg(
        first_at=t.timestamp.min(),
        ended=t.timestamp.max(),
        calls=t.count(),
        agent_name=t.agent_name.max(),
        service=ibis.ifelse(t.service.nunique() == 1, t.service.max(), ibis.null("string")),
        user_id=ibis.ifelse(t.user_id.nunique() == 1, t.user_id.max(), ibis.null("string")),
        version=t.service_version.argmin(t.timestamp, where=t.service_version.notnull()),
    )
    begun = t.group_by("agent").agg(began=t.timestamp.min())
    tools = tools.join(begun, "agent")
    tools = tools.mutate(
        quiet_s=(tools.first_at.epoch_seconds() - tools.began.epoch_seconds()).cast("int64")
    )
    late = tools.filter(tools.quiet_s >= seconds(min_quiet))
    other = t.select(
        "agent", "event_id", other_tool="tool_name", other_version="service_version", at="timestamp"
    )
    met = other.join(late.select(*keys, "first_at", "version"), "agent")
    met = met.filter((met["at"] < met.first_at) & (met.other_tool != met.tool_name))
    before = met.group_by(keys).agg(
        known_calls=met.count(),
        known_tools=met.other_tool.nunique(),
        same_version=(met.other_version == met.version).fill_null(False).cast("int64").sum(),
        versions=met.other_version.count(),
    )
    found = late.join(before.filter(before.known_calls >= min_known), keys)
    is_released = found.version.notnull() & (found.versions > 0) & (found.same_version == 0)
    t = t.semi_join(found, keys)
    found = found.mutate(released=is_released.cast("int64"))
    found = found.join(few(t, t.event_id, [t.timestamp, t.event_id], keys, 10), keys)
    return found.rename(started="first_at").mutate(
        risky=found.tool_name.re_search(RISKY).cast("int64"),
        min_known=ibis.literal(min_known),
        min_quiet_s=ibis.literal(seconds(min_quiet), "int64"),
    ).drop("agent", "began", "same_version", "versions").order_by(
        "released", ibis.desc("risky"), ibis.desc("calls"), "tool_name", "agent_name", "service"
    )  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The first calls of the tool."""
    return shown(events, row)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    t = events.filter(events.event_id.isin(list(row["shown"]))).order_by("timestamp", "event_id")
    return {"calls": t.select("user_id", arguments=t.tool_arguments.left(160)).limit(1)}


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    who = row["agent_name"] or row["service"] or "An agent"
    reasons = [
        f"It had made {many(row['known_calls'], 'call')} of {many(row['known_tools'], 'other tool')} in "
        f"{row['quiet_s'] / 3600:,.1f} h before; {row['tool_name']} came at {clock(row['started'])}, and "
        f"{many(row['calls'], 'call')} since."
    ]
    for line in details["calls"]:
        by = f" for user {line['user_id']}" if line["user_id"] else ""
        reasons.append(
            f"The first call{by}: {' '.join((line['arguments'] or 'no arguments stored').split())}"
        )
    if row["risky"]:
        reasons.append("Its name speaks of running code, writing, sending, paying or deleting.")
    if row["released"]:
        reasons.append(
            f"It came with version {row['version']} of the service: a release may have brought it."
        )
    return Description(
        title=f"{who} called the tool {row['tool_name']} for the first time",
        severity="low" if row["released"] or not row["risky"] else "medium",
        confidence=0.4 if row["released"] else 0.6,
        why=tuple(reasons),
        recommendations=(
            "Ask the agent's owner whether the tool is meant to be there, and see what was read before its first call.",
        ),
    )


def _tool(minute: int, name: str, **columns: Any) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-20T{8 + minute // 60:02}:{minute % 60:02}:00Z", "agent_name": "planner",
        "service": "agents", "tool_name": name, **columns,
    }  # fmt: skip


_USUAL = [_tool(n, ("search", "open")[n % 2], service_version="1") for n in range(100)]

CASES = [
    Case(
        "a shell after a hundred calls of two tools",
        rows=[
            *_USUAL,
            _tool(101, "run_shell", tool_arguments='{"c": "id"}', user_id="eve"),
            _tool(102, "run_shell", user_id="eve"),
        ],
        expect=[
            {
                "tool_name": "run_shell",
                "agent_name": "planner",
                "user_id": "eve",
                "calls": 2,
                "known_calls": 100,
                "known_tools": 2,
                "risky": 1,
                "released": 0,
            }
        ],
    ),
    Case(
        "a tool that comes with a new version",
        rows=[
            *_USUAL,
            _tool(101, "weather", service_version="2"),
            _tool(102, "search", service_version="2"),
        ],
        expect=[{"tool_name": "weather", "released": 1, "risky": 0}],
    ),
    Case(
        "tools of the first hour are the agent's own",
        rows=[*_USUAL, _tool(30, "run_shell")],
        expect=[],
    ),
    Case("little is known before", rows=[*_USUAL[:20], _tool(101, "run_shell")], expect=[]),
    Case(
        "another agent's tool",
        rows=[
            *_USUAL,
            _tool(101, "search", agent_name="other"),
            _tool(500, "run_shell", agent_name="other"),
        ],
        expect=[],
    ),
]
