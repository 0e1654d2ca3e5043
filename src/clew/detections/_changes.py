"""Changes of a service: stated ones, start-up lines, and versions seen for the first time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import ibis
import ibis.expr.types as ir

from clew.correlation import ties
from clew.detections._words import clock

VERSION_START = (
    r"(?i)\b(start|boot|launch)(ing|ed)\b.{0,60}\b(version|release|build|revision|v?[0-9]+\.[0-9]+)"
    # starting scoring 3.2.0
    r"|\bv?[0-9]+\.[0-9]+[0-9A-Za-z.+-]*\W{1,4}(is )?((start|boot|launch)(ing|ed)|ready|up and running)\b"
    # scoring-api 3.2.0 starting up
)
"""A start-up line that names its version, whatever file of settings it names besides."""
START = (
    r"(?i)started server process"  # uvicorn: Started server process [4242]
    r"|application startup complete"  # uvicorn, lifespan
    r"|booting worker"  # gunicorn: Booting worker with pid: 4242
    r"|listening (at|on)\b"  # gunicorn: Listening at: http://192.0.2.1:8000
    r"|\b(uvicorn|hypercorn|server) (running|started|listening) "
    rf"|{VERSION_START}"
    r"|\bdeploy(ing|ed|ment)?\b.{0,60}[0-9]"  # deploying version 2.4.1
    r"|\b(loaded|loading|switched to|using) model\b"  # loaded model churn-3.2.0
    r"|\bmodel\b.{0,60}\b(loaded|activated|deployed|promoted)\b"  # model v3 loaded
    r"|\broll(ed|ing) (out|back)\b.{0,60}[0-9]"  # rolling out 2.4.1
    r"|\b(config(uration)?|settings|feature flags?|flag)\b.{0,40}"
    r"\b(re-?loaded|changed|updated|applied|enabled|disabled|set to|turned o(n|ff))\b"
    # Configuration reloaded: max_tokens 4096 -> 512
    r"|\bsighup\b"  # SIGHUP received, reloading; signal 1 (SIGHUP) received
    r"|\b(re-?load(ed|ing)|re-?configur(ed|ing)|refresh(ed|ing)) (the )?(new )?(routes?|routing|rules|secrets|"
    r"credentials|certificates?|upstreams|model registry)\b"
    r"|\b(running upgrade|(appl(ied|ying)|ran|running) (the )?(database |schema )?migrations?)\b"
    # alembic: Running upgrade 3f1a -> 77bc, rename customer_age
    r"|\b(re-?load(ed|ing)|updat(ed|ing)|appl(ied|ying)|chang(ed|ing)) (the )?(new )?(config(uration)?|settings)\b"
)
MIGRATION = r"running upgrade|\bmigrations?\b"
CONFIG = (
    rf"(?i)\bconfig|\bsettings\b|\bflag|\bsighup\b|{MIGRATION}|"
    r"\b(re-?load|re-?configur|refresh)(ed|ing) (the )?(new )?"
    r"(rout|rules|secret|credential|certificate|upstream|model registry)"
)
"""Lines whose change is not the code's; a number in them is no version."""
DOTTED_VERSION = (
    r"(?i)(?:version|release|deploy\w*|start\w*|model|loaded|out|back|to|[a-z])[ =:\"'@/-]*"
    r"(?:to )?(?:[a-z][\w]*[-@ ])*v?([0-9]+\.[0-9]+(?:\.[0-9]+)*(?:[-+][0-9A-Za-z.]+)?)"
)  # deploying version 2.4.1; starting scoring-api v3.2.0; loaded model churn-3.2.0
SHORT_VERSION = r"(?i)\b(v[0-9]+)\b"  # model v3 loaded
DEPLOYED = (
    r"(?i)^\W*(deploy(ed|ment|ing)?|released?|roll(ed)? ?(out|back)|rollout|upgraded?|new version)"
    r"( (event|started|finished|completed?|succeeded|done))?\W*$"
)
"""A message that says no more than that there was a change."""
SERVERS = r"(?i)gunicorn|uvicorn|hypercorn|https?://|python [0-9]"
"""Lines whose number is a server's or an address, not the service's version."""
TOOK = r"(?i)\bin [0-9.]+ ?(ms|s|secs?|seconds)\b|\brunning for [0-9.]+"
"""How long it took is no version: Started Application in 2.1 seconds (process running for 2.6)."""
RESTART = "a restart"
TOGETHER_US, MOST_CONFIGS = 600_000_000, 3
LONGEST_BEFORE, AFTER = timedelta(minutes=15), timedelta(seconds=2)
"""How long after a change a failure still seems to begin with it, and what clocks may differ by."""
LEAST_EXPECTED = 3.0
"""Failures that the quiet time before a change would have seen, had they not begun with it."""


def change_before(events: ir.Table, seen: ir.Table, service: str, started: datetime) -> ir.Table:
    """The last change of a service before something began: when, what, its line, and `quiet`: how many
    requests or log records of the service came before it."""
    t = changes(seen)
    t = t.filter(
        (t.service == service) & t.change_at.between(started - LONGEST_BEFORE, started + AFTER)
    )
    t = t.order_by(t.change_us.desc(), "change_id").limit(1)
    counted = ties.requests(seen)
    counted = counted.filter(counted.service == service).select(counted_at="timestamp")
    quiet = counted.cross_join(t.select(until="change_at"))
    quiet = quiet.agg(quiet=quiet.count(where=quiet.counted_at < quiet.until))
    lines = events.semi_join(t, events.event_id == t.change_id)
    lines = lines.select("message", "http_status", line_id="event_id", raised="exception_type")
    t = t.cross_join(quiet).join(lines, t.change_id == lines.line_id)
    return t.select(
        "change_at", "service_version", "model_version", "message", "http_status", "raised", "quiet"
    )


def began_sentences(
    found: Sequence[Mapping[str, Any]], started: datetime, error_share: float | None
) -> list[str]:
    """With which change it began, where the time before was long enough to have shown it."""
    return [
        f"It began {max((started - change['change_at']).total_seconds(), 0.0):,.0f} s after "
        f"{named_change(change, change['message'])} at {clock(change['change_at'])}"
        f"{said_by(change)}, and never came in {change['quiet']:,} before."
        for change in found
        if change["quiet"] * (error_share or 0.0) >= LEAST_EXPECTED
    ]


def named_change(change: Mapping[str, Any], message: str | None) -> str:
    """What changed, in words: version 3.2.0, model v3, a change of configuration, a restart."""
    if version := change["service_version"] or change["model_version"]:
        return f"{'model' if change['model_version'] else 'version'} {version}"
    if re.search(MIGRATION, message or "", re.IGNORECASE):
        return "a migration of the database"
    return "a change of configuration" if re.search(CONFIG, message or "") else RESTART


def said_by(line: Mapping[str, Any]) -> str:
    """The words of a change's line, unless it is the line of a request."""
    if line["http_status"] is not None or line["raised"] is not None or not line["message"]:
        return ""
    return f': "{line["message"][:200]}"'


def changes(seen: ir.Table) -> ir.Table:
    """One row a change: service, change_at, change_us, change_id (its line), service_version,
    model_version, next_us (when that service changed again), rows_tell (rows carry versions)."""
    own = seen.filter(seen.role == "application")
    t = ibis.union(
        _stated(own), _first_seen(seen, "service_version"), _first_seen(seen, "model_version")
    )
    order = [t.change_us, t.change_id]
    of_service = ibis.window(group_by=t.service, order_by=order)
    version = ibis.coalesce(t.service_version, t.model_version)
    t = t.mutate(version=version, gap_us=t.change_us - t.change_us.lag().over(of_service))
    t = t.mutate(last_version=t.version.lag().over(of_service))
    is_new = (
        t.gap_us.isnull()
        | (t.gap_us > TOGETHER_US)
        | (t.version != t.last_version).fill_null(False)
    )
    t = t.mutate(is_new=is_new)
    so_far = ibis.window(
        group_by=t.service, order_by=[t.change_us, t.change_id], preceding=None, following=0
    )
    t = t.mutate(run=t.is_new.cast("int64").sum().over(so_far))
    t = _telling(t)
    following = ibis.window(group_by=t.service, order_by=[t.change_us, t.change_id])
    return t.mutate(next_us=t.change_us.lead().over(following))


def _telling(t: ir.Table) -> ir.Table:
    """The lines of one change as one row: its first time, and the line that states the version."""
    best = ibis.window(
        group_by=[t.service, t.run],
        order_by=[t.version.isnull(), t.rows_tell, t.change_us, t.change_id],
    )
    t = t.mutate(place=ibis.row_number().over(best))
    return t.group_by("service", "run").agg(
        change_at=t.change_at.min(),
        change_us=t.change_us.min(),
        change_id=t.change_id.max(where=t.place == 0),
        service_version=t.service_version.max(where=t.place == 0),
        model_version=t.model_version.max(where=t.place == 0),
        rows_tell=t.rows_tell.cast("int64").max() > 0,
    )


def _stated(own: ir.Table) -> ir.Table:
    """Rows with a change_type, records of deployments, and start-up lines with their version.

    A record of a deployment states a version and is neither a request nor a line of a log:
    {"time": ..., "type": "deployment", "service": "churn-api", "version": "1.8.2"}.
    """
    is_record = (
        (own.service_version.notnull() | own.change_version.notnull())
        & own.http_status.isnull()
        & own.duration_ms.isnull()
        & own.exception_type.isnull()
        & own.span_name.isnull()
        & own.model.isnull()
        & (own.message.isnull() | own.message.re_search(DEPLOYED))
    ).fill_null(False)
    own = own.mutate(words=own.message.fill_null("").re_replace(TOOK, ""))
    is_start = (
        own.words.re_search(START)
        & own.http_status.isnull()
        & ~own.severity.isin(("ERROR", "FATAL")).fill_null(False)
    ).fill_null(False)
    t = own.filter(own.change_type.notnull() | is_record | is_start)
    # a log that tells of its configuration every few minutes tells of no change
    is_config = t.change_type.isnull() & _is_config(t.message)
    t = t.mutate(configs=is_config.cast("int64").sum().over(ibis.window(group_by=t.service)))
    t = t.filter(~is_config | (t.configs <= MOST_CONFIGS))
    dotted = t.words.re_extract(DOTTED_VERSION, 1).nullif("")
    short = t.words.re_extract(SHORT_VERSION, 1).nullif("")
    is_server = t.message.re_search(SERVERS).fill_null(False)
    is_config = _is_config(t.message)
    said = ibis.coalesce(
        t.change_version, ibis.ifelse(is_server | is_config, None, ibis.coalesce(dotted, short))
    )
    is_model = (t.change_type == "model").fill_null(False) | (
        t.change_type.isnull() & t.message.re_search(r"(?i)\bmodel\b")
    ).fill_null(False)
    is_plain = t.service_version.isnull() & t.model_version.isnull()
    return t.select(
        "service",
        change_at="timestamp",
        change_us="at",
        change_id="event_id",
        service_version=ibis.coalesce(
            t.service_version, ibis.ifelse(is_plain & ~is_model, said, ibis.null("string"))
        ),
        model_version=ibis.ifelse(
            t.service_version.notnull(),
            ibis.null("string"),
            ibis.coalesce(t.model_version, ibis.ifelse(is_plain & is_model, said, None)),
        ),
        rows_tell=ibis.literal(False),
    )


def _is_config(message: ir.StringValue) -> ir.BooleanValue:
    """Whether a line tells of settings, and not of a version that starts with them."""
    told = message.re_search(CONFIG) & ~message.re_search(VERSION_START)
    return cast(ir.BooleanValue, told.fill_null(False))


def _first_seen(seen: ir.Table, column: str) -> ir.Table:
    """The first row of every version of a service but its first."""
    t = seen.filter(seen[column].notnull()).mutate(version=seen[column])
    firsts = t.group_by("service", "version").agg(
        first_us=t["at"].min(), change_at=t.timestamp.min(), rows=t.count()
    )
    order = ibis.window(group_by=firsts.service, order_by=[firsts.first_us, firsts.version])
    firsts = firsts.mutate(place=ibis.row_number().over(order))
    later = firsts.filter((firsts.place > 0) & (firsts["rows"] > 1))
    lines = t.join(later, ["service", "version"])
    lines = lines.filter(lines["at"] == lines.first_us)
    lines = lines.group_by("service", "version", "change_at", "first_us").agg(
        change_id=lines.event_id.min()
    )
    none = ibis.null("string")
    return lines.select(
        "service",
        "change_at",
        change_us="first_us",
        change_id="change_id",
        service_version=lines.version if column == "service_version" else none,
        model_version=lines.version if column == "model_version" else none,
        rows_tell=ibis.literal(True),
    )
