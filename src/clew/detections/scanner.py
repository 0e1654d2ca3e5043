"""An address that looks for weak spots: known probes, a scanner's user agent, or many missing paths.

Reads     requests   client_ip, url_path, http_status, user_agent
Returns   one row per address; or per address and user agent, where the address has other traffic
Units     probes: distinct probing paths; missing_paths: distinct paths answered 404; hits: probing paths
          that were answered 2xx; probe_share, missing_share: of the requests, 0 to 1
Method    any of three: min_probes paths that only scanners ask for (/.env, /wp-login.php, /.git/ ...); a
          user agent that names a scanner, with min_requests requests; min_missing missing paths that are
          half of the requests. The share keeps a load balancer out; the scanner behind it is then found
          by its user agent
Blind to  slow scans from many addresses; scanners that ask only for paths that exist. False positives: a
          commissioned test. A crawler that names itself (Googlebot) may follow old links: what it misses
          does not count, what it probes does
Source    MITRE ATT&CK T1595 (active scanning); OWASP API8:2023
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import number
from clew.detections._strangers import CRAWLER, PROBE
from clew.detections._values import option
from clew.detections._words import clock, many, share
from clew.model.case import Case
from clew.model.finding import Description

NEEDS: dict[str, tuple[str, ...]] = {"requests": ("timestamp", "client_ip", "url_path")}
SUBJECT = ("client_ip", "user_agent")
MEASURES = (
    "requests", "probes", "missing_paths", "hits", "probe_share", "missing_share", "min_probes", "min_missing",
    "min_requests",
)  # fmt: skip
REFERENCES = ("attack.t1595.002", "attack.t1595.003", "atlas.aml.t0006", "owasp.api8-2023")
PLAYBOOK = "add the address to the block list, unless it is a proxy of your own"
AGENT = (
    r"(?i)sqlmap|nikto|nmap|masscan|zgrab|nuclei|gobuster|dirbuster|dirb/|ffuf|feroxbuster|wpscan|wfuzz|acunetix"
    r"|nessus|openvas|qualys|burp|zaproxy|owasp zap|w3af|arachni|whatweb|jaeles|httpx - open|l9explore|censysinspect"
)


def detect(
    events: ir.Table, *, min_probes: int = 5, min_missing: int = 20, min_requests: int = 5
) -> ir.Table:
    t = _judged(events)
    whole = _suspects(t, ["client_ip"], min_probes, min_missing, min_requests)
    whole = whole.mutate(user_agent=ibis.null("string"))
    rest = t.anti_join(whole, "client_ip")
    rest = rest.filter(rest.user_agent.notnull())
    by_agent = _suspects(rest, ["client_ip", "user_agent"], min_probes, min_missing, min_requests)
    found = whole.select(sorted(whole.columns)).union(by_agent.select(sorted(whole.columns)))
    return found.mutate(
        min_probes=ibis.literal(min_probes),
        min_missing=ibis.literal(min_missing),
        min_requests=ibis.literal(min_requests),
    ).order_by(ibis.desc("hits"), ibis.desc("probes"), ibis.desc("missing_paths"), *SUBJECT)


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """Probes that were answered first, then one request of each path."""
    t = _of_row(events, row)
    t = t.mutate(rank=ibis.cases((t.is_hit, 0), (t.is_probe, 1), (t.is_missing, 2), else_=3))
    first = ibis.window(group_by=t.url_path, order_by=[t["rank"], t.timestamp, t.event_id])
    t = t.mutate(place=ibis.row_number().over(first))
    t = t.filter(t.place == 0).order_by("rank", "timestamp", "event_id").limit(20)
    return t.select("event_id", "timestamp")


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    t = _of_row(events, row)
    asked = t.filter(t.is_probe | t.is_missing)
    paths = asked.group_by("url_path").agg(
        hits=number(asked.is_hit), probes=number(asked.is_probe), found=asked.count()
    )
    agents = t.filter(t.user_agent.notnull())
    agents = agents.group_by("user_agent").agg(found=agents.count())
    return {
        "paths": paths.order_by(
            ibis.desc("hits"), ibis.desc("probes"), ibis.desc("found"), "url_path"
        ).limit(5),
        "agents": agents.order_by(ibis.desc("found"), "user_agent").limit(1),
    }


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    paths = ", ".join(str(path["url_path"])[:60] for path in details["paths"])
    agent = next((str(one["user_agent"])[:80] for one in details["agents"]), None)
    who = f"Address {row['client_ip']}" + (" (one user agent of it)" if row["user_agent"] else "")
    reasons = [
        f"{many(row['requests'], 'request')} between {clock(row['started'])} and {clock(row['ended'])}: "
        f"{many(row['probes'], 'probing path')} ({share(row['probe_share'])} of the requests), "
        f"{many(row['missing_paths'], 'missing path')} ({share(row['missing_share'])} answered 404)."
    ]
    reasons += [f"Among them {paths}."] if paths else []
    if agent:
        named = "names a scanner" if row["is_agent"] else "names none"
        reasons.append(f"Its user agent, {agent}, {named}.")
    if row["hits"]:
        reasons.append(f"{many(row['hits'], 'probe')} found something: the answer was 2xx.")
    return Description(
        title=f"{who} scans for weak spots: {many(row['probes'], 'probing path')}, "
        f"{many(row['missing_paths'], 'missing path')}"
        + (f", {many(row['hits'], 'hit')}" if row["hits"] else ""),
        severity="high" if row["hits"] else "medium" if row["probes"] >= 20 else "low",
        confidence=0.95 if row["probes"] and row["is_agent"] else 0.85 if row["probes"] else 0.65,
        why=tuple(reasons),
        recommendations=(
            f"Look at what was answered 2xx, then block {row['client_ip']}."
            if row["hits"] and not row["user_agent"]
            else "Refuse these paths and this user agent at the proxy.",
        ),
    )


def _judged(events: ir.Table) -> ir.Table:
    is_asking = events.span_kind.isin(("client", "producer")).fill_null(False)
    e = events.filter(
        events.client_ip.notnull()
        & events.url_path.notnull()
        & events.timestamp.notnull()
        & ~is_asking
    )
    is_probe = e.url_path.re_search(PROBE)
    return e.select(
        "event_id", "timestamp", "client_ip", "user_agent", "url_path",
        is_probe=is_probe,
        is_hit=is_probe & e.http_status.between(200, 299).fill_null(False),
        is_missing=(e.http_status == 404).fill_null(False)
        & ~e.user_agent.re_search(CRAWLER).fill_null(False),
        is_agent=e.user_agent.re_search(AGENT).fill_null(False),
        is_request=e.http_status.notnull() | e.http_method.notnull(),
    )  # fmt: skip


def _suspects(
    t: ir.Table, keys: list[str], min_probes: int, min_missing: int, min_requests: int
) -> ir.Table:
    t = t.filter(t.is_request)
    a = t.group_by(keys).agg(
        started=t.timestamp.min(),
        ended=t.timestamp.max(),
        all_requests=number(t.is_request),
        probed=number(t.is_probe),
        missed=number(t.is_missing),
        by_agent=number(t.is_agent),
        probes=t.url_path.nunique(where=t.is_probe),
        missing_paths=t.url_path.nunique(where=t.is_missing),
        hits=number(t.is_hit),
    )
    a = a.mutate(probe_share=a.probed / a.all_requests, missing_share=a.missed / a.all_requests)
    is_agent = a.by_agent * 2 > a.all_requests
    found = a.filter(
        ((a.probes >= min_probes) & (a.probe_share >= option(0.3)))
        | (is_agent & (a.all_requests >= min_requests))
        | ((a.missing_paths >= min_missing) & (a.missing_share >= option(0.5)))
    )
    return found.select(
        *keys, "started", "ended", "hits", "probe_share", "missing_share",
        requests=found.all_requests, probes=found.probes.cast("int64"),
        missing_paths=found.missing_paths.cast("int64"),
        is_agent=found.by_agent * 2 > found.all_requests,
    )  # fmt: skip


def _of_row(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    t = _judged(events)
    t = t.filter(t.is_request & (t.client_ip == row["client_ip"]))
    return t if row["user_agent"] is None else t.filter(t.user_agent == row["user_agent"])


def _asked(
    n: int, path: str, status: int = 404, address: str = "203.0.113.9", agent: str = "Mozilla/5.0"
) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-20T{9 + n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z", "client_ip": address,
        "url_path": path, "http_status": status, "user_agent": agent, "http_method": "GET",
    }  # fmt: skip


_PROBES = (
    "/.env",
    "/.git/config",
    "/wp-login.php",
    "/phpmyadmin/",
    "/vendor/phpunit/x",
    "/actuator/env",
)
_USUAL = [_asked(n, f"/v1/items/{n % 40}", 200, "192.0.2.1", "app/2.1") for n in range(400)]
_OLD_LINKS = [_asked(n, "/old.html", 404, f"198.51.100.{n % 9}") for n in range(90)]

CASES = [
    Case(
        "one that asks for six weak spots, and finds one",
        rows=_USUAL
        + [_asked(n, path, 200 if path == "/actuator/env" else 404) for n, path in enumerate(_PROBES)],
        expect=[{"client_ip": "203.0.113.9", "user_agent": None, "probes": 6, "hits": 1, "probe_share": 1.0}],
    ),
    Case(
        "a user agent that names a scanner",
        rows=_USUAL + [_asked(n, f"/v1/items/{n}", 200, agent="sqlmap/1.8") for n in range(8)],
        expect=[{"client_ip": "203.0.113.9", "is_agent": True, "requests": 8, "probes": 0}],
    ),
    Case(
        "many paths that do not exist",
        rows=_USUAL + [_asked(n, f"/guess/{n}") for n in range(30)],
        expect=[{"client_ip": "203.0.113.9", "missing_paths": 30, "missing_share": 1.0}],
    ),
    Case(
        "a scanner behind the load balancer is found by its user agent",
        rows=_USUAL + [_asked(n, path, 404, "192.0.2.1", "nuclei/3") for n, path in enumerate(_PROBES)],
        expect=[{"client_ip": "192.0.2.1", "user_agent": "nuclei/3", "requests": 6}],
    ),
    Case("the usual traffic is no scan", rows=_USUAL, expect=[]),
    Case("clients that ask for one page that is gone are none", rows=_USUAL + _OLD_LINKS, expect=[]),
    Case(
        "a crawler that finds most of its pages is none",
        rows=[_asked(n, f"/docs/{n}", 404 if n % 4 == 0 else 200, agent="ExampleBot/1.0") for n in range(200)],
        expect=[],
    ),
    Case(
        "nor is one that finds few, where it names itself",
        rows=[_asked(n, f"/old/{n}", agent="Mozilla/5.0 (compatible; ExampleBot/2.1)") for n in range(200)],
        expect=[],
    ),
    Case(
        "a favicon and a robots.txt that are missing are none",
        rows=[*_USUAL, _asked(1, "/favicon.ico"), _asked(2, "/robots.txt"), _asked(3, "/.well-known/security.txt")],
        expect=[],
    ),
]  # fmt: skip
