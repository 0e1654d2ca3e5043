"""What secret_in_prompt and secret_in_completion have in common: a row for each owner, and its words."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import number
from clew.detections._prompts import as_subject, few, who
from clew.detections._words import clock, many
from clew.model.finding import Description

KEYS = ["owner_name", "owner"]


def by_owner(found: ir.Table, *, echoes: bool) -> ir.Table:
    """One row an owner out of rows a secret: owner, event_id, timestamp, kind, is_redacted, is_echo."""
    t = found.group_by(KEYS).agg(
        calls=found.event_id.nunique(),
        kinds=found.kind.nunique(),
        unredacted=number(~found.is_redacted),
        echoed=number(found.is_echo),
        fresh=number(~found.is_echo),
        started=found.timestamp.min(),
        ended=found.timestamp.max(),
    )
    each = found.group_by(*KEYS, "kind").agg(often=found.event_id.nunique())
    each = each.mutate(pair=each.kind + "=" + each.often.cast("string"))
    t = t.join(each.group_by(KEYS).agg(named=each.pair.collect().sort()), KEYS)
    ids = found.group_by(*KEYS, "event_id").agg(
        timestamp=found.timestamp.min(), echoes=found.is_echo.cast("int64").min()
    )
    t = t.join(few(ids, ids.event_id, [ids.echoes, ids.timestamp, ids.event_id], KEYS), KEYS)
    order = [ibis.desc("fresh")] if echoes else []
    return t.mutate(**as_subject(t)).drop(KEYS).order_by(
        *order, ibis.desc("unredacted"), ibis.desc("calls"), "user_id", "api_key_hash", "client_ip", "service"
    )  # fmt: skip


def kinds_in_words(row: dict[str, Any]) -> str:
    """
    >>> kinds_in_words({"named": ["aws_access_key=2", "jwt=1"]})
    'aws_access_key (2), jwt (1)'
    """
    pairs = (pair.rsplit("=", 1) for pair in row["named"])
    return ", ".join(f"{kind} ({often})" for kind, often in pairs)


def described(
    row: dict[str, Any],
    where: str,
    is_grave: bool,
    more: tuple[str, ...],
    advice: tuple[str, ...],
) -> Description:
    """The words of a row."""
    state = (
        f"{many(row['unredacted'], 'secret')} stand in the case as they are: it was filled without redaction."
        if row["unredacted"]
        else "The case keeps their kind alone: redaction has removed them."
    )
    return Description(
        title=f"{where} of {who(row)[0].lower() + who(row)[1:]} hold secrets: {kinds_in_words(row)}",
        severity="high" if is_grave else "medium",
        confidence=0.85 if not row["unredacted"] else 0.75,
        why=(
            f"{many(row['calls'], 'call')} with {kinds_in_words(row)} between {clock(row['started'])} and "
            f"{clock(row['ended'])}.",
            state,
            *more,
        ),
        recommendations=advice,
    )
