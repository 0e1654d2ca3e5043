"""Networks: the part of an address that its neighbours share, /24 of IPv4 and /48 of IPv6."""

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
