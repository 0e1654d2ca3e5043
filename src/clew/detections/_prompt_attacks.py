"""Prompts of a high score, a row for whoever sent them: what prompt_injection and jailbreak have in common."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.detections._prompts import as_subject, asked, few, owned, who, with_score
from clew.detections._values import option
from clew.detections._words import clock, many, share
from clew.model.finding import Description
from clew.prompts.scores import FEATURES, WORDING

SCORE_MEASURES = ("prompts", "calls", "asked_calls", "flagged_share", "highest_score", "min_score")
SEES = {feature.name: feature.sees for feature in FEATURES} | {
    WORDING: "says nothing that Clew has a name for, in words that follow each other as in attacks"
}


def by_owner(events: ir.Table, column: str, min_score: float, score: str) -> ir.Table:
    """One row for each owner of prompts whose score reaches `min_score`, most prompts first."""
    keys = ["owner_name", "owner"]
    t = owned(
        with_score(asked(events, *([score] if score in events.columns else [])), column, score)
    )
    t = t.mutate(is_hit=(t[column] >= option(min_score)).fill_null(False), score=t[column])
    whole = t.group_by(keys).agg(asked_calls=t.count())
    t = t.filter(t.is_hit).select(*keys, "event_id", "timestamp", "prompt", "score", "signs")
    found = t.group_by(keys).agg(
        prompts=t.prompt.nunique(),
        calls=t.count(),
        highest_score=t.score.max(),
        started=t.timestamp.min(),
        ended=t.timestamp.max(),
    )
    order = [t.score.desc(), t.timestamp, t.event_id]
    found = found.join(few(t, t.event_id, order, keys), keys)
    found = found.join(whole, keys).join(_signs(t, keys), keys)
    found = found.mutate(**as_subject(found), flagged_share=found.calls / found.asked_calls)
    return found.mutate(min_score=option(min_score)).drop("owner_name", "owner").order_by(
        ibis.desc("prompts"), ibis.desc("highest_score"), "user_id", "api_key_hash", "client_ip", "service"
    )  # fmt: skip


def _signs(t: ir.Table, keys: list[str]) -> ir.Table:
    """The signs that were found in each owner's prompts, and in how many, as `name=count`."""
    each = t.select(*keys, "prompt", sign=t.signs.unnest())
    met = each.filter(each.sign.notnull()).distinct()
    counts = met.group_by(*keys, "sign").agg(often=met.count())
    pairs = counts.mutate(pair=counts.sign + "=" + counts.often.cast("string"))
    listed = pairs.group_by(keys).agg(signs=pairs.pair.collect().sort())
    whole = t.select(*keys).distinct()
    return whole.left_join(listed, keys).select(*keys, "signs")


def described(
    row: dict[str, Any],
    details: dict[str, list[dict[str, Any]]],
    what: str,
    advice: tuple[str, ...],
) -> Description:
    """The words of a row: who, how many, which signs, and the prompts themselves."""
    found = dict(pair.rsplit("=", 1) for pair in row["signs"] or ())
    often = sorted(found, key=lambda name: (-int(found[name]), name))
    reasons = [
        f"{many(row['prompts'], 'prompt')} in {many(row['calls'], 'call')} of {row['asked_calls']:,} "
        f"({share(row['flagged_share'])}) score at least {row['min_score']:g}, the highest "
        f"{row['highest_score']:.2f}; between {clock(row['started'])} and {clock(row['ended'])}.",
        *(f"{many(int(found[name]), 'prompt')}: it {SEES[name]}." for name in often[:4]),
    ]
    reasons += [f'"{" ".join((line["text"] or "").split())}"' for line in details.get("texts", ())]
    if not often:
        reasons.append("None of Clew's own signs is in them: the score is a guard's.")
    reasons.append("A score tells what the words look like, not whether the model obeyed them.")
    looks = "looks" if row["prompts"] == 1 else "look"
    return Description(
        title=f"{who(row)} sent {many(row['prompts'], 'prompt')} that {looks} like {what}"
        f" (score up to {row['highest_score']:.2f})",
        severity="low",
        confidence=min(0.9, 0.3 + 0.5 * row["highest_score"]),
        why=tuple(reasons),
        recommendations=advice,
    )


def texts(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    """Beginnings of the prompts, three at most."""
    t = events.filter(events.event_id.isin(list(row["shown"])), events.prompt.notnull())
    t = t.select(text=t.prompt.left(160)).distinct()
    return {"texts": t.order_by("text").limit(3)}
