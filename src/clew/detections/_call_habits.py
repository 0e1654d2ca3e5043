"""What a key or user usually does, beside the others: the hours it calls in, its pace, its peers."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

HOUR_US = 3_600_000_000
OWNERS = ("api_key_hash", "user_id")


def owned(t: ir.Table) -> ir.Table:
    """Calls with `owner_name` and `owner`: the key where calls state it, else the user."""
    return t.filter(t.api_key_hash.notnull() | t.user_id.notnull()).mutate(
        owner_name=ibis.ifelse(t.api_key_hash.notnull(), OWNERS[0], OWNERS[1]),
        owner=ibis.coalesce(t.api_key_hash, t.user_id),
        hour=t.at_us // HOUR_US,
        hour_of_day=(t.at_us // HOUR_US) % 24,
    )


def as_subject(t: ir.Table) -> dict[str, ir.Value]:
    """The owner back under the column that it came from."""
    none = ibis.null("string")
    return {name: ibis.ifelse(t.owner_name == name, t.owner, none) for name in OWNERS}


def with_peers(t: ir.Table, column: str, into: str) -> ir.Table:
    """Owners with the median of `column` over the others, under `into`; NULL where there are none.

    The median of the others is that of all without one value: the one next to the middle, on the
    side away from the owner's own.
    """
    every = ibis.window(order_by=[t[column], t.owner_name, t.owner])
    t = t.mutate(place=ibis.row_number().over(every), owners=t.owner.count().over(ibis.window()))
    # without this row, the place of the lower middle is one further for those in the lower half
    middle = (t.owners - 2) // 2
    wanted = ibis.ifelse(t.place <= middle, middle + 1, middle)
    values = t.select(peer_place="place", peer_value=t[column])
    t = t.mutate(wanted=ibis.ifelse(t.owners > 1, wanted, None))
    t = t.left_join(values, t.wanted == values.peer_place)
    return t.mutate(**{into: t.peer_value}).drop("place", "wanted", "peer_place", "peer_value")


def named(row: dict[str, Any]) -> str:
    """
    >>> named({"api_key_hash": None, "user_id": "ann"})
    'User ann'
    """
    return f"Key {row['api_key_hash']}" if row.get("api_key_hash") else f"User {row['user_id']}"
