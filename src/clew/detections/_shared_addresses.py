"""Who asked from where, and which addresses are shared infrastructure: offices, proxies, load balancers.

pairs      one row an owner and address: how often it was refused and accepted, and when
ordinary   one row: how often ordinary requests are refused, and how often an owner's first contact is
addresses  one row an address, with `is_shared`: steady success of many owners, few of them refused first
judged     the pairs with what is known of their address
"""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from clew.correlation.built import once
from clew.correlation.call_outcomes import number
from clew.correlation.devices import with_fleets

FEWEST_TO_JUDGE = 20
"""Requests below which no success is steady."""
SLOW_US = 600_000_000
"""Refusals of a user behind a shared address must be spread so far: one wrong key in a loop is not."""
SOON_US = 600_000_000
MOST_REFUSED = 0.1
"""Share of refusals up to which success is steady; or four times what is ordinary."""
MOST_REFUSED_FIRST = 0.5
"""Share of owners whose first contact from an address was refused: above it, they are not at home there."""
MOST_OF_HOME = 4
"""So many times as often as elsewhere an owner may be let in at an address that is not her home."""
MANY_HOMES = 10
"""An address that is home to so many owners, and to half of its own, has no strangers."""
LONG_US = 2 * 86_400_000_000
"""Who works so long at one address, and at no other, is at home there: a victim would be seen elsewhere."""
LATE_US = 3_600_000_000
"""How long after her only refusal who works there is let in."""
FEWEST_OCCASIONS = 3
"""Occasions at which an address was refused before it was ever answered, so that it was tried out."""


@once
def pairs(t: ir.Table) -> ir.Table:
    """`t` is what `credentials.asked` gives. Times are microseconds since 1970.

    early        refusals before the owner had ever been accepted from there
    unanswered   occasions, of ten minutes, at which refusals were not followed by an answer soon:
                 one who mistypes tries again at once
    unclaimed    refusals that state nobody, just before the owner was first accepted from there: nobody
                 was accepted between them and her
    """
    main = t.filter((t.refused | t.accepted) & t.client_ip.notnull() & t.owner.notnull())
    p = main.group_by("owner", "client_ip").agg(
        requests=signed(main.count()),
        refusals=number(main.refused),
        answers=number(main.accepted),
        first_us=main.at_us.min(),
        first_no_us=main.at_us.min(where=main.refused),
        first_ok_us=main.at_us.min(where=main.accepted),
        last_ok_us=main.at_us.max(where=main.accepted),
    )
    r = _refusals(main).join(
        p.filter(p.refusals > 0).select("owner", "client_ip", "first_ok_us"), ["owner", "client_ip"]
    )
    is_early = r.first_ok_us.isnull() | (r.at_us < r.first_ok_us)
    found = r.group_by("owner", "client_ip").agg(
        early=number(is_early),
        first_early_us=r.at_us.min(where=is_early),
        early_unanswered=signed(r.block.nunique(where=is_early & r.is_unanswered)),
        unanswered=signed(r.block.nunique(where=r.is_unanswered)),
        first_unanswered_us=r.at_us.min(where=r.is_unanswered),
        last_unanswered_us=r.at_us.max(where=r.is_unanswered),
    )
    p = p.left_join(found, ["owner", "client_ip"]).drop("owner_right", "client_ip_right")
    claimed = _unclaimed(t).rename(claimed_ip="client_ip", claimant="owner", claimed_us="at_us")
    p = p.left_join(
        claimed,
        [
            p.owner == claimed.claimant,
            p.client_ip == claimed.claimed_ip,
            p.first_ok_us == claimed.claimed_us,
        ],
    ).drop("claimed_ip", "claimant", "claimed_us")
    counts = ("early", "early_unanswered", "unanswered", "unclaimed")
    return p.mutate(**{name: p[name].fill_null(0) for name in counts})


def _unclaimed(t: ir.Table) -> ir.Table:
    """Answers, with how many refusals that state nobody came just before them at their address."""
    main = t.filter((t.refused | t.accepted) & t.client_ip.notnull())
    is_nameless = main.refused & main.owner.isnull()
    asked = main.filter(is_nameless | (main.accepted & main.owner.notnull()))
    asked = asked.semi_join(main.filter(is_nameless), "client_ip")
    asked = asked.mutate(lost=ibis.ifelse(asked.accepted, 0, 1))
    until = ibis.window(
        group_by=asked.client_ip,
        order_by=[asked.at_us, asked.event_id],
        preceding=None,
        following=0,
    )
    asked = asked.mutate(lost_until=asked.lost.sum().over(until))
    answers = asked.filter(asked.accepted)
    before = ibis.window(group_by=answers.client_ip, order_by=[answers.at_us, answers.event_id])
    just = answers.lost_until - answers.lost_until.lag().over(before).fill_null(0)
    answers = answers.mutate(unclaimed=just)
    found = answers.group_by("owner", "client_ip", "at_us").agg(unclaimed=answers.unclaimed.max())
    return found.filter(found.unclaimed > 0)


def _refusals(main: ir.Table) -> ir.Table:
    """Refusals with `is_unanswered`: the owner was not accepted within the next ten to twenty minutes."""
    accepted = main.filter(main.accepted)
    blocks = accepted.group_by("owner", block=accepted.at_us // SOON_US).agg(
        ok_us=accepted.at_us.max()
    )
    r = main.filter(main.refused).select("owner", "client_ip", "at_us")
    r = r.mutate(block=r.at_us // SOON_US, next_block=r.at_us // SOON_US + 1)
    r = r.left_join(blocks, ["owner", "block"]).drop("owner_right", "block_right")
    later = blocks.select(later_owner="owner", later_block="block", later_us="ok_us")
    r = r.left_join(later, [r.owner == later.later_owner, r.next_block == later.later_block])
    is_answered = (r.ok_us > r.at_us).fill_null(False) | r.later_us.notnull()
    return r.select("owner", "client_ip", "at_us", "block", is_unanswered=~is_answered)


@once
def ordinary(t: ir.Table) -> ir.Table:
    """One row. refused_usual: refusals of requests, at addresses where not most are refused; first_usual:
    how often an owner's first contact with an address is refused, at least as often as any request
    (the median of the owners tells of clients that are always refused once before they send a key)."""
    main = t.filter((t.refused | t.accepted) & t.client_ip.notnull())
    a = main.group_by("client_ip").agg(asked=signed(main.count()), denied=number(main.refused))
    usual = a.filter(a.denied * 2 <= a.asked)
    rates = usual.agg(refused_usual=usual.denied.sum() / usual.asked.sum().nullif(0))
    p = pairs(t)
    o = p.group_by("owner").agg(first_share=_is_refused_first(p).cast("int64").mean())
    found = rates.cross_join(o.agg(middle=o.first_share.quantile(0.5)))
    refused = found.refused_usual.fill_null(0.0)
    return found.select(
        refused_usual=refused, first_usual=ibis.greatest(refused, found.middle.fill_null(0.0))
    )


@once
def addresses(t: ir.Table) -> ir.Table:
    """One row an address that requests state.

    owners, first_refused  how many owners used it, and of how many the first contact was refused
    nameless, first_nameless_us  refusals that state no owner
    homes, residents  of how many it is home: who were let in elsewhere too, and who are nowhere else for days
    nameless_unanswered  occasions of such, before the first answer at the address, and not soon before
    """
    main = t.filter((t.refused | t.accepted) & t.client_ip.notnull())
    is_nameless = main.refused & main.owner.isnull()
    a = main.group_by("client_ip").agg(
        requests=signed(main.count()),
        refusals=number(main.refused),
        first_no_us=main.at_us.min(where=main.refused),
        first_ok_us=main.at_us.min(where=main.accepted),
        last_ok_us=main.at_us.max(where=main.accepted),
        nameless=number(is_nameless),
        first_nameless_us=main.at_us.min(where=is_nameless),
    )
    lost = main.filter(is_nameless).select("client_ip", "at_us")
    lost = lost.join(a.select("client_ip", "first_ok_us"), "client_ip")
    lost = lost.filter(lost.at_us < lost.first_ok_us - SOON_US)
    lost = lost.group_by("client_ip").agg(
        nameless_unanswered=signed((lost.at_us // SOON_US).nunique())
    )
    a = a.left_join(lost, "client_ip").drop("client_ip_right")
    p = _elsewhere(pairs(t))
    owners = p.group_by("client_ip").agg(
        owners=signed(p.count()),
        owners_accepted=number(p.first_ok_us.notnull()),
        first_refused=number(_is_refused_first(p)),
        first_refused_twice=number(p.early + p.unclaimed > 1),
        unanswered=p.unanswered.sum(),
        aliens=number(_is_refused_first(p) & p.is_away),
        guests=number(p.is_away & (p.answers_elsewhere > 0)),
        homes=number(~p.is_away & (p.answers_elsewhere > 0)),
        residents=number((p.answers_elsewhere == 0) & _is_settled(p)),
        first_elsewhere=_first_elsewhere(p),
    )
    a = a.left_join(owners, "client_ip").drop("client_ip_right").cross_join(ordinary(t))
    counts = {
        name: a[name].fill_null(0)
        for name in (
            "owners",
            "owners_accepted",
            "first_refused",
            "first_refused_twice",
            "unanswered",
            "nameless_unanswered",
        )
    }
    a = a.mutate(refused_share=a.refusals / a.requests, **counts)
    return a.mutate(is_shared=_is_shared(a))


def judged(t: ir.Table, min_users: int) -> ir.Table:
    """Pairs with what is known of their address, and its `place` (see devices). Refusals that state nobody, before
    the first answer at an address that is not shared, are the pair's own. Addresses that try many users and are
    never let in say nothing of these users."""
    a = addresses(t)
    is_busy = a.owners >= min_users
    a = a.filter(~is_busy | (a.owners_accepted > 0))
    a = a.select(
        "client_ip", "is_shared", "nameless", "nameless_unanswered", "first_nameless_us",
        unanswered_there="unanswered", requests_there="requests",
        is_accused=(a.owners >= min_users) & ~a.is_shared & (a.first_no_us < a.last_ok_us),
    )  # fmt: skip
    p = with_fleets(pairs(t).join(a, "client_ip"), "owner")
    is_own = (~p.is_shared & (p.first_nameless_us < p.first_ok_us)).fill_null(False)
    others = (p.unanswered_there - p.unanswered) / (p.requests_there - p.requests).nullif(0)
    is_behind = (
        p.is_shared
        & (p.last_unanswered_us - p.first_unanswered_us >= SLOW_US)
        & unusually_many(p.unanswered - 2, p.requests, others, 4.0)
    )
    nameless_us = ibis.ifelse(is_own, p.first_nameless_us, None)
    own = ibis.ifelse(is_own, p.nameless, 0)
    return p.mutate(
        nameless=own,
        early=p.early + own,
        early_unanswered=p.early_unanswered + ibis.ifelse(is_own, p.nameless_unanswered, 0),
        first_early_us=ibis.coalesce(
            ibis.least(p.first_early_us, nameless_us), p.first_early_us, nameless_us
        ),
        is_behind=is_behind.fill_null(False),
    )


def unusually_many(found: ir.Value, of: ir.Value, rate: ir.Value, deviations: float) -> ir.Value:
    """Whether so many of so many are more than chance gives at that rate."""
    usual = of * rate
    return found > usual + deviations * (usual * (1 - rate.clip(upper=1.0))).sqrt()


def signed(count: ir.Value) -> ir.IntegerValue:
    """A count that may meet other numbers: ClickHouse counts without a sign, and its difference has one."""
    return cast(ir.IntegerValue, count - 0)


def _elsewhere(p: ir.Table) -> ir.Table:
    """Pairs with the owner's share of first contacts that were refused, at all addresses and at the
    others (NULL without one), and `is_away`: she was never let in here, or is about as often elsewhere."""
    own = ibis.window(group_by="owner")
    early = _is_refused_first(p).cast("int64")
    p = p.mutate(
        early_first=early,
        places=signed(p.count().over(own)),
        early_places=early.sum().over(own),
        answers_elsewhere=p.answers.sum().over(own) - p.answers,
    )
    is_away = p.first_ok_us.isnull() | (p.answers_elsewhere * MOST_OF_HOME >= p.answers)
    others = (p.early_places - p.early_first) / (p.places - 1).nullif(0)
    p = p.mutate(share=p.early_places / p.places, share_elsewhere=others, is_away=is_away)
    one = p.mutate(part=p.share / p.places)  # adds up to the owner's share over her addresses
    return p.cross_join(one.agg(all_shares=one.part.sum(), all_owners=one.owner.nunique()))


def _first_elsewhere(p: ir.Table) -> ir.Value:
    """How often an owner's first contact is refused if this address is left out: one that tries everybody
    must not make itself ordinary. NULL where nobody has another address."""
    shares = p.all_shares.max() - p.share.sum() + p.share_elsewhere.sum().fill_null(0.0)
    count = signed(p.all_owners.max()) - number(p.places == 1)
    return shares.clip(lower=0.0) / count.nullif(0)


def _is_shared(a: ir.Table) -> ir.BooleanValue:
    limit = (a.refused_usual * 4).clip(lower=MOST_REFUSED)
    are_away = (a.aliens * 2 >= a.first_refused).fill_null(False)
    elsewhere = ibis.greatest(a.refused_usual, a.first_elsewhere.fill_null(a.first_usual))
    usual = ibis.ifelse(are_away, ibis.least(elsewhere, a.first_usual), a.first_usual)
    residents = a.homes + a.residents
    is_home = (residents >= MANY_HOMES) & (residents * 4 >= a.owners * 3)
    is_home = is_home | ((a.homes >= MANY_HOMES) & (a.homes * 2 >= a.owners))
    are_strangers = (
        ~is_home.fill_null(False)
        & (a.first_refused >= 2)
        & (a.first_refused >= a.owners * MOST_REFUSED_FIRST)
        & unusually_many(a.first_refused, a.owners, usual, 3.0)
    )
    steady = (
        (a.owners >= 3)
        & (a.requests >= FEWEST_TO_JUDGE)
        & (a.refused_share <= limit)
        & ~are_strangers
        & ~_are_guessed(a)
        & ~_are_guests(a)
    )
    return cast(ir.BooleanValue, steady.fill_null(False))


def _is_refused_first(p: ir.Table) -> ir.BooleanValue:
    return cast(ir.BooleanValue, p.early + p.unclaimed > 0)


def _is_settled(p: ir.Table) -> ir.BooleanValue:
    """Whether an owner was answered there for days, and within an hour of her only refusal before that."""
    is_soon = (p.first_ok_us - p.first_early_us <= LATE_US).fill_null(p.early == 0)
    is_long = (p.last_ok_us - p.first_ok_us >= LONG_US).fill_null(False)
    return cast(ir.BooleanValue, is_long & is_soon & (p.early + p.unclaimed <= 1))


def _are_guests(a: ir.Table) -> ir.Value:
    """A few owners who are at home elsewhere, at an address that was refused on several occasions, stating
    nobody, before it was ever answered. The new exit of many is not told from a thief by that."""
    is_few = a.owners < MANY_HOMES
    are_guests = (a.guests * 4 >= a.owners * 3).fill_null(False)
    return (a.nameless_unanswered >= FEWEST_OCCASIONS) & is_few & are_guests


def _are_guessed(a: ir.Table) -> ir.Value:
    """Nearly all owners were refused first, and many of them twice or never let in: so it is even where
    the log holds nothing else to compare with. A client that is always refused once is not."""
    never = a.owners - a.owners_accepted
    are_never = (never >= 2) & (never * 4 >= a.owners)
    are_most_refused = (a.first_refused * 4 >= a.owners * 3) & (a.refused_share > MOST_REFUSED)
    return are_most_refused & (are_never | (a.first_refused_twice * 4 >= a.owners * 3))
