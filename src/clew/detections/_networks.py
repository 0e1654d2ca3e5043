"""Networks: the part of an address that its neighbours share, /24 of IPv4 and /48 of IPv6; and the /64 of
IPv6 and the private /16, in which one device or one fleet has many addresses."""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir


def network_of(address: ir.Value) -> ir.StringValue:
    """`203.0.113.9` is of 203.0.113, `2001:db8:7::1` of 2001:db8:7; any other text is its own."""
    text = cast(ir.StringValue, address)
    v4 = text.re_extract(r"^([0-9]+\.[0-9]+\.[0-9]+)\.[0-9]+$", 1).nullif("")
    v6 = text.re_extract(r"^([0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F]*):", 1).nullif("")
    return cast(ir.StringValue, ibis.coalesce(v4, v6, text))


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


def fleet_of(address: ir.Value) -> ir.StringValue:
    """The /16 of a private address, such as pods have; any other text is its own."""
    text = cast(ir.StringValue, address)
    inside = text.re_extract(
        r"^((?:10|192\.168|172\.(?:1[6-9]|2[0-9]|3[01]))(?:\.[0-9]+)?)\.[0-9]+\.[0-9]+$", 1
    )
    return cast(ir.StringValue, ibis.coalesce(inside.nullif(""), text))
