"""A key that, from a network it never used, lists models, calls new ones and spends: LLMjacking.

Reads     calls      api_key_hash (else user_id), client_ip, model, tokens or cost_usd
          requests   model listings: GET /v1/models and the like, or events such as ListFoundationModels
Returns   one row per key (or user) and network
Units     past_calls: calls of the key before that network's first; new_models: models that the key called
          for the first time from there; listings: model listings from there; peak_tokens,
          usual_tokens: in the dearest hour from there, and in the key's dearest hour before;
          peak_usd, usual_usd: the same in US dollars; factor: what the jump must be
Method    all four together: a past of min_past_calls calls from other networks, a listing, a new model,
          and an hour from the new network that is factor times the dearest one before
Blind to  keys that were stolen before the log begins; a thief in the owner's network; logs without
          listings (a gateway's call log often lacks them). False positives: an owner who moves to
          another cloud and tries out new models there at once
Source    MITRE ATLAS AML.T0012 (valid accounts), ATT&CK T1496.004 (cloud service hijacking)
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.credentials import asked, whose
from clew.detections._networks import network_of
from clew.detections._values import option
from clew.detections._words import clock, many
from clew.model.case import Case
from clew.model.finding import Description

LISTING = r"(?i)/(models|deployments|foundation-models|tags|engines)/?$"
LISTING_EVENT = (
    r"(?i)^(List(Foundation|Custom|Imported)?Models|ListInferenceProfiles|GetFoundationModel.*|models?\.list"
    r"|.*List(Publisher)?Models)$"
)
NEEDS: dict[str, tuple[str, ...]] = {"calls": ("timestamp", "model"), "events": ("client_ip",)}
NEEDS_ROWS = {
    "calls that name an api_key_hash or user_id": lambda e: (
        e.model.notnull() & (e.api_key_hash.notnull() | e.user_id.notnull())
    ),
    "model listings (url_path /v1/models, or event_name ListFoundationModels)": lambda e: (
        e.url_path.re_search(LISTING).fill_null(False)
        | e.event_name.re_search(LISTING_EVENT).fill_null(False)
    ),
}
SUBJECT = ("api_key_hash", "user_id")
MEASURES = (
    "past_calls", "calls", "new_models", "listings", "peak_tokens", "usual_tokens", "peak_usd", "usual_usd",
    "min_past_calls", "factor",
)  # fmt: skip
REFERENCES = ("attack.t1496.004", "attack.t1078.004", "atlas.aml.t0012", "owasp.llm10-2025")
PLAYBOOK = "revoke the key, block the network, set a spending limit, notify the owner of the bill"
HOUR_US = 3_600_000_000
KEY = ["owner", "network"]


def detect(events: ir.Table, *, min_past_calls: int = 20, factor: float = 3.0) -> ir.Table:
    t = _placed(events)
    found = _listing_networks(t)
    called = t.filter(t.is_model_call & t.owner.notnull()).semi_join(found, "owner")
    past = _past(called, found)
    found = found.join(past.filter(past.past_calls >= min_past_calls), KEY)
    found = found.join(_new_models(called), KEY)
    hours = called.group_by("owner", "network", hour=called.at_us // HOUR_US).agg(
        tokens=called.tokens.sum().fill_null(0),
        usd=called.cost_usd.sum().fill_null(0).cast("float64"),
    )
    found = found.join(_peaks(hours), KEY)
    found = found.join(_before(hours, found), KEY)
    is_jump = (
        (found.usual_tokens > 0) & (found.peak_tokens >= option(factor) * found.usual_tokens)
    ) | ((found.usual_usd > 0) & (found.peak_usd >= option(factor) * found.usual_usd))
    found = found.filter(is_jump)
    whole = ("past_calls", "calls", "new_models", "listings", "peak_tokens", "usual_tokens")
    return found.select(
        *SUBJECT, *KEY, "started", "ended", "peak_usd", "usual_usd",
        **{name: found[name].cast("int64") for name in whole},
        min_past_calls=ibis.literal(min_past_calls), factor=option(factor),
    ).order_by(ibis.desc("peak_tokens"), *KEY)  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The listings, then the first call of each model from the network."""
    t = _placed(events)
    t = t.filter((t.network == row["network"]) & (t.owner.isnull() | (t.owner == row["owner"])))
    t = t.filter(t.is_listing | (t.is_model_call & t.owner.notnull()))
    kind = ibis.ifelse(t.is_listing, "", t.model)
    t = t.mutate(kind=kind)
    first = ibis.window(group_by=t.kind, order_by=[t.owner.isnull(), t.at_us, t.event_id])
    t = t.mutate(place=ibis.row_number().over(first))
    t = t.filter(t.place < 3).order_by("place", "timestamp", "event_id").limit(20)
    return t.select("event_id", "timestamp")


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    t = _placed(events)
    t = t.filter(t.is_model_call & (t.owner == row["owner"]))
    here = ibis.ifelse(t.network == row["network"], t.at_us, None)
    away = ibis.ifelse(t.network == row["network"], None, t.at_us)
    t = t.mutate(here_us=here, away_us=away)
    models = t.group_by("model").agg(
        here=t.here_us.count(), first_here=t.here_us.min(), first_away=t.away_us.min()
    )
    new = models.filter(
        (models.here > 0) & (models.first_away.isnull() | (models.first_away > models.first_here))
    )
    return {"models": new.select("model", "here").order_by(ibis.desc("here"), "model").limit(5)}


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    name = whose({"api_key_hash": row["api_key_hash"], "user_id": row["user_id"]})
    models = ", ".join(f"{m['model']} ({many(m['here'], 'call')})" for m in details["models"])
    return Description(
        title=f"{name}: {many(row['listings'], 'model listing')}, {many(row['new_models'], 'new model')} and "
        f"{row['peak_tokens']:,} tokens in an hour from the new network {row['network']}",
        severity="critical" if row["peak_usd"] >= 10 else "high",
        confidence=0.85 if row["new_models"] > 1 or row["listings"] > 1 else 0.75,
        why=(
            f"The network was first seen at {clock(row['started'])}, after {row['past_calls']:,} calls from others.",
            f"From there it called, for the first time, {models}.",
            f"Its dearest hour from there has {row['peak_tokens']:,} tokens (${row['peak_usd']:,.2f}); "
            f"before, the dearest had {row['usual_tokens']:,} (${row['usual_usd']:,.2f}).",
        ),
        recommendations=(
            f"Revoke {name.lower()} unless its owner knows {row['network']}, and read what was asked with it.",
        ),
    )


def _placed(events: ir.Table) -> ir.Table:
    t = asked(events)
    t = t.filter(t.client_ip.notnull())
    listed = t.url_path.re_search(LISTING).fill_null(False)
    listed = listed | t.event_name.re_search(LISTING_EVENT).fill_null(False)
    return t.select(
        "event_id", "timestamp", "at_us", "model", "tokens", "cost_usd", "user_id", "api_key_hash",
        owner=ibis.coalesce(t.api_key_hash, t.user_id), network=network_of(t.client_ip),
        is_listing=listed, is_model_call=t.is_call & t.model.notnull() & ~listed & ~t.fails,
    )  # fmt: skip


def _listing_networks(t: ir.Table) -> ir.Table:
    """Owners and networks of calls from which the owner, or nobody that the log names, listed models."""
    called = t.filter(t.is_model_call & t.owner.notnull())
    n = called.group_by(KEY).agg(
        calls=called.count(),
        first_us=called.at_us.min(),
        started=called.timestamp.min(),
        ended=called.timestamp.max(),
        api_key_hash=called.api_key_hash.max(),
        key_user=called.user_id.max(),
    )
    n = n.mutate(user_id=ibis.ifelse(n.api_key_hash.isnull(), n.key_user, None)).drop("key_user")
    listed = t.filter(t.is_listing).select("network", lister="owner")
    met = n.select(*KEY).join(listed, "network")
    met = met.filter(met.lister.isnull() | (met.lister == met.owner))
    return n.join(met.group_by(KEY).agg(listings=met.count()), KEY)


def _past(called: ir.Table, found: ir.Table) -> ir.Table:
    """How many calls the owner had made before the network was first seen."""
    met = found.select(*KEY, "first_us").join(called.select("owner", "at_us"), "owner")
    met = met.filter(met.at_us < met.first_us)
    return met.group_by(KEY).agg(past_calls=met.count())


def _new_models(called: ir.Table) -> ir.Table:
    """How many models an owner called for the first time from each network."""
    each = called.group_by("owner", "model", "network").agg(first_us=called.at_us.min())
    own = ibis.window(group_by=[each.owner, each.model], order_by=[each.first_us, each.network])
    each = each.mutate(place=ibis.row_number().over(own))
    first = each.filter(each.place == 0)
    return first.group_by(KEY).agg(new_models=first.count())


def _peaks(hours: ir.Table) -> ir.Table:
    return hours.group_by(KEY).agg(peak_tokens=hours.tokens.max(), peak_usd=hours.usd.max())


def _before(hours: ir.Table, found: ir.Table) -> ir.Table:
    """The owner's dearest hour before the network was first seen."""
    every = hours.group_by("owner", "hour").agg(tokens=hours.tokens.sum(), usd=hours.usd.sum())
    met = found.select(*KEY, "first_us").join(every, "owner")
    met = met.filter(met.hour < met.first_us // HOUR_US)
    return met.group_by(KEY).agg(usual_tokens=met.tokens.max(), usual_usd=met.usd.max())


def _called(
    n: int,
    model: str = "gpt-4o-mini",
    address: str = "192.0.2.5",
    key: str = "key-1",
    tokens: int = 800,
) -> dict[str, Any]:
    """One call, n hours after midnight of the first day."""
    return {
        "timestamp": f"2026-11-{10 + n // 24:02}T{n % 24:02}:10:00Z", "api_key_hash": key, "model": model,
        "provider": "openai", "client_ip": address, "input_tokens": tokens, "http_status": 200,
    }  # fmt: skip


def _listed(n: int, address: str, **columns: Any) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-{10 + n // 24:02}T{n % 24:02}:01:00Z", "client_ip": address, "http_status": 200,
        "url_path": "/v1/models", "http_method": "GET", **columns,
    }  # fmt: skip


AWAY = "203.0.113.9"
_USUAL = [_called(n, key=f"key-{k}", address=f"192.0.{k}.5") for k in range(3) for n in range(60)]
_SPREE = [_called(70, "gpt-4.1", AWAY, tokens=9_000 + n) for n in range(12)]

CASES = [
    Case(
        "a listing, a new model and a jump from a new network",
        rows=[*_USUAL, _listed(70, AWAY, api_key_hash="key-1"), *_SPREE],
        expect=[
            {
                "api_key_hash": "key-1", "user_id": None, "network": "203.0.113", "past_calls": 60, "calls": 12,
                "new_models": 1, "listings": 1, "peak_tokens": 108066, "usual_tokens": 800,
            }
        ],
    ),
    Case(
        "events of a cloud's audit log list too, and a listing may name no key",
        rows=[
            *_USUAL,
            {
                "timestamp": "2026-11-12T22:00:00Z", "client_ip": "203.0.113.77", "event_name": "ListFoundationModels",
                "status": "ok", "service": "bedrock.amazonaws.com",
            },
            *_SPREE,
        ],
        expect=[{"api_key_hash": "key-1", "listings": 1}],
    ),
    Case(
        "users stand in where no key is stated",
        rows=[
            {**row, "api_key_hash": None, "user_id": row.get("api_key_hash")}
            for row in [*_USUAL, _listed(70, AWAY, api_key_hash="key-1"), *_SPREE]
        ],
        expect=[{"api_key_hash": None, "user_id": "key-1", "new_models": 1}],
    ),
    Case("no listing", rows=_USUAL + _SPREE + [_listed(3, "192.0.1.5", api_key_hash="key-1")], expect=[]),
    Case(
        "no new model",
        rows=[*_USUAL, _listed(70, AWAY), *(_called(70, "gpt-4o-mini", AWAY, tokens=9_000 + n) for n in range(12))],
        expect=[],
    ),
    Case(
        "no jump: the owner tries a new model out from home",
        rows=[*_USUAL, _listed(70, AWAY), _called(70, "gpt-4.1", AWAY, tokens=900)],
        expect=[],
    ),
    Case(
        "the network is the usual one",
        rows=[*_USUAL, _listed(70, "192.0.1.9"), *({**row, "client_ip": "192.0.1.9"} for row in _SPREE)],
        expect=[],
    ),
    Case(
        "a key without a past is only new",
        rows=[*_USUAL, _listed(70, AWAY), *({**row, "api_key_hash": "key-9"} for row in _SPREE)],
        expect=[],
    ),
]  # fmt: skip
