"""Unusual callers that load, pull or delete models of an inference server, or administer it.

Reads     requests   url_path, http_method, http_status, client_ip, user_id, user_agent, service, timestamp
Returns   one row for each caller, those who changed something first
Units     requests: to such paths; changes: of these, that load, pull, push, create, copy or delete a model, or
          change the server, and were not refused; refused: answered with 4xx or 5xx; listings: of models and state;
          paths: different ones; others: callers of such paths beside it; is_public: 1 for an address outside private
          networks; days: different days on which it asked, 0 where the log has no times
Method    paths of Ollama, vLLM, SGLang, Triton, TGI, TorchServe, llama.cpp and LocalAI. A caller is usual, and left
          out, where it asked on usual_days days and more from a private address; listings alone are reported from
          min_listings on, from a public address, where at most max_others others ask such things: a service whose
          clients all list its models is used, not abused
Blind to  administration over another port that is not logged; callers behind a proxy that keeps no addresses; many
          addresses that list and change nothing
Mistakes  a deployment from a new address; a scanner of one's own
Source    MITRE ATLAS AML.T0040 (AI model inference API access), AML.T0049; MITRE ATT&CK T1190
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import number
from clew.detections._prompts import few, shown
from clew.detections._words import clock, many
from clew.model.case import Case
from clew.model.finding import Description

NEEDS = {"requests": ("url_path",)}
NEEDS_ROWS = {"client_ip or user_id": lambda e: e.client_ip.notnull() | e.user_id.notnull()}
SUBJECT = ("client_ip", "user_id", "service")
MEASURES = (
    "requests",
    "changes",
    "refused",
    "listings",
    "paths",
    "others",
    "is_public",
    "days",
    "usual_days",
    "min_listings",
    "max_others",
)
REFERENCES = ("atlas.aml.t0040", "atlas.aml.t0049", "attack.t1190", "owasp.llm10-2025")
PLAYBOOK = (
    "add the address to the block list, close the admin paths at the proxy, compare the models"
)
CHANGING = (
    r"^/api/(?:pull|push|create|copy|delete|blobs/)"  # Ollama
    r"|^/v1/(?:un)?load_lora_adapter|^/(?:sleep|wake_up|collective_rpc|reset_prefix_cache|update_weights|"
    r"init_weight_transfer|pause|resume)(?:/|$)"  # vLLM
    r"|^/(?:flush_cache|update_weights_from_[a-z]+|release_memory_occupation|resume_memory_occupation|"
    r"load_lora_adapter|unload_lora_adapter)$"  # SGLang
    r"|^/v2/repository/models/[^/]+/(?:un)?load|^/v2/(?:systemsharedmemory|cudasharedmemory)/.*(?:register)|"
    r"^/v2/(?:logging|trace/setting)|^/v2/models/[^/]+/trace/setting"  # Triton
    r"|^/models/(?:apply|delete/|import)|^/slots/[0-9]+|^/lora-adapters|^/(?:api/)?admin/"  # LocalAI, llama.cpp
)
LISTING = (
    r"^/api/(?:tags|ps|show|version)$|^/v1/models$|^/v2/repository/index|^/v2/systemsharedmemory/status"
    r"|^/(?:server_info|get_server_info|get_model_info|info|props|slots|metrics)$"
)
TORCHSERVE = r"^/models(?:/[^/]+){0,2}$"
PRIVATE = (
    r"^(?:10\.|192\.168\.|172\.(?:1[6-9]|2[0-9]|3[01])\.|127\.|169\.254\."
    r"|100\.(?:6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.|::1$|f[cd]|fe80:)"
)


def detect(
    events: ir.Table, *, usual_days: int = 3, min_listings: int = 5, max_others: int = 5
) -> ir.Table:
    t = events.filter(events.url_path.notnull())
    t = t.filter(t.client_ip.notnull() | t.user_id.notnull())
    method = t.http_method.upper().fill_null("")
    changing = t.url_path.re_search(CHANGING) & ~method.isin(("GET", "HEAD", "OPTIONS"))
    serve = t.url_path.re_search(TORCHSERVE) & method.isin(("POST", "PUT", "DELETE"))
    t = t.mutate(
        is_change=(changing | serve).fill_null(False),
        is_listing=(t.url_path.re_search(LISTING)).fill_null(False),
        is_refused=(t.http_status >= 400).fill_null(False),
    )
    t = t.filter(t.is_change | t.is_listing)
    t = t.mutate(caller=ibis.coalesce(t.client_ip, t.user_id))
    found = t.group_by("caller").agg(
        client_ip=t.client_ip.max(),
        user_id=ibis.ifelse(t.user_id.nunique() == 1, t.user_id.max(), ibis.null("string")),
        service=ibis.ifelse(t.service.nunique() == 1, t.service.max(), ibis.null("string")),
        requests=t.count(),
        changes=number(t.is_change & ~t.is_refused),
        tried=number(t.is_change),
        refused=number(t.is_refused),
        listings=number(t.is_listing),
        paths=t.url_path.nunique(),
        days=t.timestamp.date().nunique(),
        agent=t.user_agent.max(),
        started=t.timestamp.min(),
        ended=t.timestamp.max(),
    )
    is_public = ~found.client_ip.re_search(PRIVATE) & found.client_ip.notnull()
    found = found.mutate(
        is_public=is_public.fill_null(False).cast("int64"),
        others=found.caller.count().over(ibis.window()) - 1,
    )
    is_usual = (found.days >= usual_days) & (found.is_public == 0)
    asks_much = (found.is_public == 1) & (found.listings >= min_listings)
    asks_much = asks_much & (found.others <= max_others)
    found = found.filter(~is_usual & ((found.tried > 0) | asks_much))
    t = t.semi_join(found, "caller")
    order = [t.is_change.cast("int64").desc(), t.is_refused.cast("int64"), t.timestamp, t.event_id]
    found = found.join(few(t, t.event_id, order, ["caller"]), "caller")
    return found.mutate(
        usual_days=ibis.literal(usual_days),
        min_listings=ibis.literal(min_listings),
        max_others=ibis.literal(max_others),
    ).drop("caller").order_by(
        ibis.desc("changes"), ibis.desc("tried"), ibis.desc("is_public"), ibis.desc("requests"), "client_ip", "user_id"
    )  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The requests that changed something, then those that tried, then listings."""
    return shown(events, row)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    t = events.filter(events.event_id.isin(list(row["shown"])))
    t = t.group_by("http_method", "url_path").agg(
        often=t.count(), refused=number(t.http_status >= 400)
    )
    return {"paths": t.order_by(ibis.desc("often"), "url_path", "http_method").limit(5)}


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    who = f"Address {row['client_ip']}" if row["client_ip"] else f"User {row['user_id']}"
    did = (
        f"made {many(row['changes'], 'change')} to an inference server"
        if row["changes"]
        else f"tried {many(row['tried'], 'change')} to an inference server"
        if row["tried"]
        else f"asked an inference server {row['listings']:,} times what it has"
    )
    paths = ", ".join(
        f"{line['http_method'] or ''} {line['url_path']} ({line['often']})".strip()
        for line in details["paths"]
    )
    is_outside = row["is_public"] == 1
    when = "in a log without times"
    if row["days"]:
        when = f"between {clock(row['started'])} and {clock(row['ended'])}"
    asked_on = f"It asked on {many(row['days'], 'day')}; " if row["days"] else ""
    reasons = [
        f"{many(row['requests'], 'request')} {when}, {row['refused']:,} refused: {paths}.",
        f"{asked_on}{many(row['others'], 'other caller')} of such paths are in the log."
        + (" The address is a public one." if is_outside else ""),
    ]
    if row["agent"]:
        reasons.append(f"User agent: {row['agent'][:120]}")
    severity = (
        "critical" if row["changes"] and is_outside else "high" if row["changes"] else "medium"
    )
    return Description(
        title=f"{who} {did}",
        severity=severity if row["tried"] else "low",  # type: ignore[arg-type]
        confidence=0.85 if is_outside else 0.6,
        why=tuple(reasons),
        recommendations=(
            "Close these paths to all but the network of administration, and ask for a key on them.",
            f"Block {row['client_ip'] or row['user_id']}; compare the models on the server with those that should "
            f"be there.",
        ),
    )


def _asked(
    hour: int, path: str, method: str = "POST", address: str = "203.0.113.9", status: int = 200
) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-{20 + hour // 24:02}T{hour % 24:02}:00:00Z", "url_path": path, "http_method": method,
        "client_ip": address, "http_status": status, "service": "ollama",
    }  # fmt: skip


_USUAL = [_asked(n, "/api/generate", address=f"10.0.0.{n % 5}") for n in range(40)]

CASES = [
    Case(
        "a public address lists, pulls and deletes models",
        rows=[
            *_USUAL,
            _asked(2, "/api/tags", "GET"),
            _asked(3, "/api/pull"),
            _asked(4, "/api/delete", "DELETE"),
            _asked(5, "/api/push", status=401),
        ],
        expect=[
            {
                "client_ip": "203.0.113.9",
                "service": "ollama",
                "requests": 4,
                "changes": 2,
                "refused": 1,
                "listings": 1,
                "is_public": 1,
            }
        ],
    ),
    Case(
        "Triton, vLLM and TorchServe from inside, on one day",
        rows=[
            _asked(1, "/v2/repository/models/m/load", address="10.0.0.7"),
            _asked(2, "/v1/load_lora_adapter", address="10.0.0.7"),
            _asked(3, "/models", "POST", "10.0.0.7"),
            _asked(4, "/models/m", "DELETE", "10.0.0.7"),
        ],
        expect=[{"client_ip": "10.0.0.7", "changes": 4, "is_public": 0}],
    ),
    Case(
        "a log of vLLM, whose lines of requests have no times",
        rows=[
            {**_asked(1, "/v1/load_lora_adapter"), "timestamp": None},
            {**_asked(1, "/v1/chat/completions", address="10.0.0.7"), "timestamp": None},
        ],
        expect=[{"client_ip": "203.0.113.9", "changes": 1, "days": 0, "started": None}],
    ),
    Case(
        "an operator who does so every day",
        rows=[_asked(24 * n, "/api/pull", address="10.0.0.2") for n in range(4)],
        expect=[],
    ),
    Case(
        "calls of the model, and a few listings",
        rows=[
            *_USUAL,
            _asked(1, "/v1/models", "GET"),
            _asked(2, "/v1/chat/completions"),
            _asked(3, "/api/chat"),
        ],
        expect=[],
    ),
    Case(
        "every client of a service lists its models before it calls one",
        rows=[_asked(n, "/v1/models", "GET", address=f"203.0.113.{n % 12}") for n in range(12 * 8)],
        expect=[],
    ),
    Case(
        "a shop's own paths",
        rows=[
            _asked(n, path, "GET")
            for n, path in enumerate(("/models", "/admin", "/api/show-rooms", "/metrics"))
        ],
        expect=[],
    ),
]
