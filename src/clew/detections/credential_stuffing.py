"""Stolen credentials used low and slow: refused first, then let in, and a token budget spent.

Reads     requests, calls   http_status 401 or 403 (or an error of class auth), user_id or
          api_key_hash, client_ip, tokens; they may stand in several sources that request_id, trace_id
          or a key ties
Returns   one row per address that used many users' credentials, and per user (or key) whose
          credentials were used from many addresses
Units     refusals, successes: of the subject; users, addresses: distinct; peak_tokens: most input and
          output tokens within any 60 minutes that end after the first refusal; refused_share and
          usual_refused_share: 0 to 1, of the subject and of ordinary requests; lead_hours: from the
          first refusal to the first answer that followed it
Method    all three together, however far apart: a refusal with an answer after it; at least min_users
          users of one address or min_addresses addresses of one user; more than token_budget tokens in
          one sliding hour. An address of many users who are seldom refused, and seldom at their first
          contact, is a shared proxy, an office or a load balancer: it is not accused. A user behind one
          is, where she is refused far more often than the others there, over ten minutes or more, and
          then spends twice what she ever spent in an hour before. A refusal counts against a user
          only at an address that had never let her in, and a single one only if new addresses and an
          unusual hour follow it. Refusals that state nobody are of whom the address lets in next, for the first
          time. A /64 of IPv6 is one address, since devices change theirs in it; a private /16 is, where most
          users come from outside, since pods are a fleet's own. Who spent as much from as many addresses
          before is as ever, and so is who spent more than the budget and is let in on the spot at each new one
Blind to  a thief whose first try is right, and one who stays below the budget; logs without refusals; one
          inside the fleet's own network, and one at a new exit of ten users or more who are refused unnamed.
          False positives: a team that moves to new machines with a wrong key and a large job at once;
          a penetration test. A user of one shared address alone is told with low confidence
Source    MITRE ATT&CK T1110.004 (credential stuffing), T1078.004; OWASP API2:2023
"""

from __future__ import annotations

from typing import Any, cast

import ibis
import ibis.expr.types as ir

from clew.correlation.built import once
from clew.correlation.call_outcomes import number
from clew.correlation.credentials import asked, needs_credentials, whose
from clew.correlation.devices import device_of
from clew.detections._credential_cases import STUFFING_CASES
from clew.detections._shared_addresses import (
    FEWEST_TO_JUDGE,
    SOON_US,
    addresses,
    judged,
    ordinary,
    signed,
    unusually_many,
)
from clew.detections._words import clock, many, share
from clew.model.finding import Description

NEEDS: dict[str, tuple[str, ...]] = {"events": ("timestamp", "client_ip")}
NEEDS_ROWS = {
    "requests that were refused (http_status 401 or 403, or error_class auth)": needs_credentials,
    "user_id or api_key_hash": lambda e: e.user_id.notnull() | e.api_key_hash.notnull(),
    "input_tokens, output_tokens or total_tokens": lambda e: (
        e.input_tokens.notnull() | e.output_tokens.notnull() | e.total_tokens.notnull()
    ),
}
SUBJECT = ("client_ip", "user_id", "api_key_hash")
MEASURES = (
    "refusals", "successes", "users", "addresses", "peak_tokens", "tokens", "lead_hours",
    "refused_share", "usual_refused_share", "token_budget", "min_users", "min_addresses",
)  # fmt: skip
REFERENCES = (
    "attack.t1110.004",
    "attack.t1078.004",
    "atlas.aml.t0012",
    "owasp.llm10-2025",
    "owasp.api2-2023",
)
PLAYBOOK = (
    "lock the account or revoke the key, add the addresses to the block list, notify the team"
)
MANY_USERS, MANY_ADDRESSES, BEHIND = "many users", "many addresses", "behind a shared address"
PROOFS = {
    MANY_USERS: "It is no shared address: of those, many users are steadily answered and few are refused at "
    "their first contact.",
    MANY_ADDRESSES: "The refusals came from addresses that had never let this user in before.",
    BEHIND: "The address is shared by many users who are seldom refused, so it is not accused; this user is "
    "refused there far more often than the others, without a second try soon, and spends more than ever before.",
}
HOUR_US = 3_600_000_000


def detect(
    events: ir.Table, *, token_budget: int = 100_000, min_users: int = 3, min_addresses: int = 3
) -> ir.Table:
    t = _asked(events)
    found = _by_address(t, token_budget, min_users).union(
        _by_owner(t, token_budget, min_users, min_addresses)
    )
    found = found.cross_join(ordinary(t).select(usual_refused_share="refused_usual"))
    return found.mutate(
        lead_hours=(found.answered_us - found.refused_us) / float(HOUR_US),
        refused_share=found.refusals / (found.refusals + found.successes),
        token_budget=ibis.literal(token_budget),
        min_users=ibis.literal(min_users),
        min_addresses=ibis.literal(min_addresses),
    ).order_by(ibis.desc("peak_tokens"), *SUBJECT)


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The first refusals, the answers of the dearest hour, and its largest calls."""
    t = _rows_of(_asked(events), row)
    t = t.filter((t.at_us >= row["refused_us"]) | t.refused)
    is_peak = t.at_us.between(row["peak_us"] - HOUR_US, row["peak_us"])
    t = t.mutate(
        part=ibis.cases((t.refused, 0), (t.accepted, 1), (t.tokens > 0, 2), else_=3),
        away=ibis.ifelse(t.refused | is_peak, 0, 1),
        unsaid=ibis.ifelse(t.http_status.isnull(), 1, 0),
    )
    t = t.filter(t.part < 3)
    first = ibis.window(group_by=t.part, order_by=[t.away, t.unsaid, t.at_us, t.event_id])
    t = t.mutate(nth=ibis.row_number().over(first))
    t = t.filter(t.nth < ibis.cases((t.part == 2, 4), else_=8))
    return t.select("event_id", "timestamp").order_by("timestamp", "event_id").limit(20)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    t = _asked(events)
    t = t.filter(_is_at(t, row["client_ip"]) if row["client_ip"] else t.owner == _owner(row))
    other, named = ("owner", "owner") if row["client_ip"] else ("client_ip", "address")
    t = t.filter(t[other].notnull())
    each = t.group_by(side=t[other]).agg(
        name=t[named].min(),
        refusals=number(t.refused),
        successes=number(t.accepted),
        tokens=t.tokens.sum().fill_null(0),
    )
    return {"sides": each.order_by(ibis.desc("tokens"), ibis.desc("refusals"), "name").limit(5)}


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    name = whose(row)
    is_address = bool(row["client_ip"])
    side = "user" if is_address else "address"
    sides = "; ".join(
        f"{s['name']}: {many(s['refusals'], 'refusal')}, {many(s['successes'], 'answer')}, "
        f"{s['tokens']:,} tokens"
        for s in details["sides"]
    )
    place = "one address" if row["addresses"] == 1 else f"{row['addresses']:,} addresses of one /64"
    across = (
        f"{many(row['users'], 'user')} from {place}"
        if is_address
        else f"from {many(row['addresses'], 'address')}".replace("addresss", "addresses")
    )
    return Description(
        title=f"{name}: {many(row['refusals'], 'refusal')}, then {many(row['successes'], 'answer')}, "
        f"{across}, {row['peak_tokens']:,} tokens within an hour",
        severity="critical" if is_address and row["users_accepted"] >= 3 else "high",
        confidence=_confidence(row),
        why=(
            f"Refused first: {clock(row['started'])}; answered {row['lead_hours']:,.1f} hours later, and "
            f"until {clock(row['ended'])}. {share(row['refused_share'])} of its requests were refused; of "
            f"ordinary ones {share(row['usual_refused_share'])} are.",
            f"Used by {side}: {sides}." if sides else f"Used {across}.",
            f"{row['peak_tokens']:,} tokens in the hour before {clock(row['peak'])}; the budget is "
            f"{row['token_budget']:,} an hour.",
            PROOFS[row["basis"]],
        ),
        recommendations=(
            f"Block {row['client_ip']} and reset the credentials of every user it was let in as."
            if is_address
            else f"Lock {name.lower()}, revoke its keys and sessions, and ask its owner which addresses are known.",
        ),
    )


def _confidence(row: dict[str, Any]) -> float:
    """Surer with more refusals and more sides; a user behind a shared address is a guess."""
    if row["basis"] == BEHIND:
        return 0.6
    sides: int = row["users"] if row["client_ip"] else row["addresses"]
    refusals: int = row["refusals"]
    return min(0.95, 0.7 + 0.03 * min(refusals, 5) + 0.02 * min(sides, 5))


def _owner(row: dict[str, Any]) -> Any:
    return row["user_id"] if row["user_id"] is not None else row["api_key_hash"]


@once
def _asked(events: ir.Table) -> ir.Table:
    """Who asked: `client_ip` stands for the whole /64 of IPv6, as one device changes its address in it;
    `address` is as it was."""
    t = asked(events)
    return t.mutate(address=t.client_ip, client_ip=device_of(t.client_ip))


def _is_at(t: ir.Table, address: str) -> ir.BooleanValue:
    return cast(ir.BooleanValue, t.client_ip == device_of(ibis.literal(address)))


def _rows_of(t: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The subject's rows; for an owner also requests that state nobody, at addresses of hers alone, if
    such refusals count as hers."""
    if row["client_ip"] is not None:
        return t.filter(_is_at(t, row["client_ip"]))
    own = t.filter(t.owner == _owner(row))
    if not row["nameless"]:
        return own
    lost = t.filter(t.owner.isnull() & (t.refused | t.accepted))
    places = addresses(t)
    places = places.filter(~places.is_shared).semi_join(own, "client_ip")
    return own.union(lost.semi_join(places, "client_ip"))


def _by_address(t: ir.Table, token_budget: int, min_users: int) -> ir.Table:
    a = addresses(t)
    a = a.filter((a.owners >= min_users) & ~a.is_shared & (a.first_no_us < a.last_ok_us))
    a = a.select(
        "client_ip", refused_us="first_no_us", users="owners", users_accepted="owners_accepted"
    )
    of = t.filter(t.client_ip.notnull()).join(a, "client_ip")
    named = of.group_by("client_ip").agg(
        one_address=of.address.min(), addresses=signed(of.address.nunique())
    )
    spent = of.tokens.fill_null(0)
    of = of.mutate(subject=of.client_ip, spent=spent, spent_away=spent)
    found = _peaks(of)
    found = found.filter(found.peak_tokens > token_budget)
    found = found.join(
        a.select("client_ip", "users", "users_accepted"), found.subject == a.client_ip
    )
    found = found.join(named, "client_ip").drop("client_ip").rename(client_ip="one_address")
    none = ibis.null("string")
    return _columns(
        found.mutate(
            user_id=none,
            api_key_hash=none,
            basis=ibis.literal(MANY_USERS),
            nameless=ibis.literal(0),
        )
    )


def _by_owner(t: ir.Table, token_budget: int, min_users: int, min_addresses: int) -> ir.Table:
    p = judged(t, min_users)
    o = _owners(p).cross_join(ordinary(t).select("first_usual"))
    is_wide = o.addresses >= (o.usual_addresses + 1).clip(lower=min_addresses)
    o = o.mutate(is_wide=is_wide & (o.early > 0))
    o = o.filter((o.last_ok_us > o.refused_us) & (o.is_behind | o.is_wide))
    of = _spending(t, p, o)
    found = _peaks(of)
    found = found.filter(found.peak_tokens > token_budget)
    found = found.join(o.drop("refused_us", "last_ok_us"), found.subject == o.owner)
    new = of.filter(of.is_new)
    new = new.group_by("owner").agg(
        new_addresses=signed(new.place.nunique()), new_answers=number(new.accepted)
    )
    found = found.left_join(new, "owner").drop("owner_right")
    is_jump = found.peak_tokens >= 2 * found.peak_before.fill_null(0)
    is_few = found.requests < FEWEST_TO_JUDGE
    is_away = (found.new_answers > 0) & (found.peak_away * 2 >= token_budget)
    # one accused address says enough of its users: they are told of if there is more
    explained = ibis.ifelse(found.accused == 1, 1, 0)
    is_away = is_away & (is_few | (found.new_addresses - explained >= 2))
    is_often = (found.occasions >= 2) & unusually_many(
        found.occasions, found.addresses, found.first_usual, 3.0
    )
    has_past = found.requests_before >= FEWEST_TO_JUDGE
    is_first = (found.requests_before == 0) & (found.early >= 2)
    is_once = (has_past | is_first) & is_jump
    # a fleet's account: before, too, she spent as much from as many addresses that nobody knew
    is_as_ever = has_past & ~is_jump & (found.addresses_before * 2 >= found.addresses)
    # one who works as hard as ever, beyond the budget, and is let in on the spot wherever her session has ended
    is_usual = found.peak_before >= token_budget
    is_settled = has_past & is_usual & ~is_jump & (found.unsettled == 0)
    is_often = is_often & ~is_as_ever & ~is_settled
    is_spread = found.is_wide & is_away & (is_few | is_often | is_once)
    is_spread = is_spread.fill_null(False)
    found = found.filter(is_spread | (found.is_behind & is_jump))
    return _columns(
        found.mutate(
            client_ip=ibis.null("string"),
            users=ibis.literal(1),
            users_accepted=ibis.literal(1),
            refusals=found.refusals + found.nameless,
            basis=ibis.ifelse(is_spread, MANY_ADDRESSES, BEHIND),
        )
    )


def _owners(p: ir.Table) -> ir.Table:
    """refused_us: the first refusal that counts against the owner; occasions: addresses that refused
    her first, or unanswered refusals there, whichever are more; unsettled: addresses that refused her first, and
    did not let her in within ten minutes; nameless: refusals that state nobody
    and are hers; usual_addresses: median of all, 0 where she is the only one: nobody is her own norm."""
    behind_us = ibis.ifelse(p.is_behind, p.first_unanswered_us, None)
    p = p.mutate(counts_us=ibis.coalesce(p.first_early_us, behind_us))
    p = p.mutate(first_count_us=p.counts_us.min().over(ibis.window(group_by=p.owner)))
    o = p.group_by("owner").agg(
        addresses=signed(p.place.nunique()),
        requests=p.requests.sum(),
        early=p.early.sum(),
        nameless=p.nameless.sum(),
        early_unanswered=p.early_unanswered.sum(),
        first_refused=number(p.early > 0),
        unsettled=number(
            (p.early > 0) & ~(p.first_ok_us - p.first_early_us <= SOON_US).fill_null(False)
        ),
        accused=number(p.is_accused),
        is_behind=number(p.is_behind) > 0,
        refused_us=p.first_count_us.min(),
        addresses_before=signed(p.place.nunique(where=p.first_ok_us < p.first_count_us)),
        last_ok_us=p.last_ok_us.max(),
    )
    o = o.mutate(occasions=ibis.greatest(o.first_refused, o.early_unanswered))
    usual = ibis.ifelse(o.count() > 1, o.addresses.quantile(0.5), 0.0)
    return o.cross_join(o.agg(usual_addresses=usual))


def _spending(t: ir.Table, p: ir.Table, o: ir.Table) -> ir.Table:
    """The rows of these owners. What they spend at addresses that had let them in before the first
    refusal is their own; an address that many share proves neither."""
    of = t.filter(t.owner.notnull()).join(o.select("owner", "refused_us"), "owner")
    known = p.select("owner", "client_ip", "place", "first_us", "is_shared")
    of = of.left_join(known, ["owner", "client_ip"]).drop("owner_right", "client_ip_right")
    is_alone = ~of.is_shared.fill_null(True)
    is_known = is_alone & (of.first_us < of.refused_us)
    spent = of.tokens.fill_null(0)
    return of.mutate(
        subject=of.owner,
        spent=spent,
        spent_away=ibis.ifelse(is_known, 0, spent),
        is_new=is_alone & (of.first_us >= of.refused_us),
    )


def _peaks(of: ir.Table) -> ir.Table:
    """One row a subject: its dearest hour that ends after `refused_us`, and before it."""
    of = of.mutate(at_ms=of.at_us // 1000)  # a frame of microseconds is too wide for ClickHouse
    hour = ibis.range_window(
        group_by=of.subject, order_by=of.at_ms, preceding=HOUR_US // 1000, following=0
    )
    of = of.mutate(in_hour=of.spent.sum().over(hour), away_in_hour=of.spent_away.sum().over(hour))
    is_after = of.at_us >= of.refused_us
    dearest = ibis.window(
        group_by=of.subject,
        order_by=[ibis.ifelse(is_after, 0, 1), of.in_hour.desc(), of.at_us, of.event_id],
    )
    of = of.mutate(nth=ibis.row_number().over(dearest), is_after=is_after)
    is_peak = of.nth == 0
    return of.group_by("subject").agg(
        started=ibis.coalesce(
            of.timestamp.min(where=of.refused & of.is_after), of.timestamp.min(where=of.is_after)
        ),
        ended=of.timestamp.max(where=of.accepted),
        peak=of.timestamp.max(where=is_peak),
        peak_us=of.at_us.max(where=is_peak),
        peak_tokens=of.in_hour.max(where=is_peak),
        peak_away=of.away_in_hour.max(where=of.is_after),
        peak_before=of.in_hour.max(where=~of.is_after),
        requests_before=number(~of.is_after & (of.refused | of.accepted)),
        tokens=of.spent.sum(),
        refusals=number(of.refused),
        successes=number(of.accepted),
        refused_us=of.refused_us.min(),
        answered_us=of.at_us.min(where=of.accepted & of.is_after),
        user_id=of.user_id.max(),
        api_key_hash=ibis.ifelse(of.user_id.max().isnull(), of.api_key_hash.max(), None),
    )


def _columns(t: ir.Table) -> ir.Table:
    counts = ("refusals", "successes", "users", "users_accepted", "addresses", "tokens",
              "peak_tokens", "refused_us", "answered_us", "peak_us", "nameless")  # fmt: skip
    return t.select(
        *SUBJECT, "started", "ended", "peak", "basis",
        **{name: t[name].cast("int64") for name in counts},
    )  # fmt: skip


CASES = STUFFING_CASES
