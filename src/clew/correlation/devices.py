"""Addresses that are one's: the /64 of IPv6 in which a device changes its address, the private /16 of a fleet."""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir


def device_of(address: ir.Value) -> ir.StringValue:
    """The /64 of IPv6, whose devices change their address daily; any other text is its own.

    `2001:db8:7:1:a:b:c:d` and `2001:db8:7:1::9` are of 2001:db8:7:1, `2001:db8::1` of 2001:db8.
    """
    text = cast(ir.StringValue, address)
    lower = text.lower()
    whole = lower.re_extract(r"^((?:[0-9a-f]+:){3}[0-9a-f]+):[0-9a-f:]*$", 1).nullif("")
    short = lower.re_extract(r"^((?:[0-9a-f]+:){0,2}[0-9a-f]+)::(?:[0-9a-f]+:){0,3}[0-9a-f]*$", 1)
    prefix = ibis.coalesce(whole, short.nullif("")).re_replace(r"(:0+)+$", "")
    return cast(ir.StringValue, ibis.coalesce(prefix, text))


def with_fleets(t: ir.Table, owner: str) -> ir.Table:
    """Rows with `client_ip` and an owner's column, and `place`: the address, or the fleet it is in, where most
    owners come from outside; where all is private, its addresses are told apart."""
    is_inside = fleet_of(t.client_ip) != t.client_ip
    inside, every = t[owner].nunique(where=is_inside), t[owner].nunique()
    whole = t.cross_join(t.agg(inside_owners=inside, all_owners=every))
    is_mixed = whole.inside_owners * 2 < whole.all_owners
    place = ibis.ifelse(is_mixed, fleet_of(whole.client_ip), whole.client_ip)
    return whole.mutate(place=place).drop("inside_owners", "all_owners")


def fleet_of(address: ir.Value) -> ir.StringValue:
    """The /16 of a private address, such as pods have; any other text is its own."""
    text = cast(ir.StringValue, address)
    inside = text.re_extract(
        r"^((?:10|192\.168|172\.(?:1[6-9]|2[0-9]|3[01]))(?:\.[0-9]+)?)\.[0-9]+\.[0-9]+$", 1
    )
    return cast(ir.StringValue, ibis.coalesce(inside.nullif(""), text))
