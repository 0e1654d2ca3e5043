"""One API key used from more networks or addresses in a day than it ever was, or than others are.

Reads     requests, calls   api_key_hash, client_ip, timestamp
Returns   one row per key, of the 24 hours with most networks, or most addresses
Units     networks, addresses: distinct within the 24 hours (a network is a /24 of IPv4, a /48 of IPv6);
          public_addresses: of IPv4, outside private networks; usual_networks, usual_addresses: median of
          the key's other days, NULL where it has none, the latter of public addresses; peers_networks,
          peers_addresses: median of the other keys' best days; requests, tokens: within the 24 hours
Method    at least min_networks, or min_addresses public ones, and factor times what is usual for the key
          and for the others. A key without a past and without three other keys to compare with is not
          judged. Private addresses are a fleet's own, and one device has many of IPv6: networks alone count, and
          a private /16 is one where most keys come from outside
Blind to  keys behind one proxy or NAT; a thief with few addresses in the owner's network. False positives:
          a key that moves to a new cloud or is built into an application that is being rolled out
Source    MITRE ATT&CK T1078.004 (valid cloud accounts), T1552.001 (credentials in files)
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import number
from clew.correlation.credentials import asked
from clew.correlation.devices import with_fleets
from clew.detections._networks import network_of
from clew.detections._values import option
from clew.detections._words import clock, many
from clew.model.case import Case
from clew.model.finding import Description

NEEDS: dict[str, tuple[str, ...]] = {"events": ("timestamp", "client_ip", "api_key_hash")}
SUBJECT = ("api_key_hash",)
MEASURES = (
    "networks", "addresses", "public_addresses", "usual_networks", "usual_addresses", "peers_networks",
    "peers_addresses", "requests", "tokens", "min_networks", "min_addresses", "factor",
)  # fmt: skip
REFERENCES = ("attack.t1078.004", "attack.t1552.001", "atlas.aml.t0012", "owasp.llm10-2025")
PLAYBOOK = "revoke the key, issue a new one with an address restriction, notify its owner"
HALF_DAY_US = 12 * 3_600_000_000
FEWEST_PEERS = 3
PUBLIC = r"^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$"
PRIVATE = (
    r"^(10|127|192\.168|169\.254|172\.(1[6-9]|2[0-9]|3[01])"
    r"|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7]))\."
)


def detect(
    events: ir.Table, *, min_networks: int = 5, min_addresses: int = 10, factor: float = 3.0
) -> ir.Table:
    days = _days(_used(events))
    order = [(days.networks + days.public_addresses).desc(), days.window]
    best = ibis.window(group_by=days.api_key_hash, order_by=order)
    days = days.mutate(place=ibis.row_number().over(best))
    found = days.filter(days.place == 0).drop("place")
    usual = _usual(days, found)
    t = found.left_join(usual, "api_key_hash").drop("api_key_hash_right")
    t = t.cross_join(
        found.agg(
            keys=found.count(),
            middle=found.networks.quantile(0.5),
            middle_addresses=found.public_addresses.quantile(0.5),
        )
    )
    # the median with the key itself is not below that of the others by more than one place
    has_peers = t.keys > FEWEST_PEERS
    t = t.mutate(
        peers_networks=ibis.ifelse(has_peers, t.middle, None).cast("float64"),
        peers_addresses=ibis.ifelse(has_peers, t.middle_addresses, None).cast("float64"),
    )
    is_many = (
        (t.networks >= min_networks)
        & (t.networks >= option(factor) * t.usual_networks.fill_null(0))
        & (t.networks >= option(factor) * t.peers_networks.fill_null(0))
    )
    is_crowd = (
        (t.public_addresses >= min_addresses)
        & (t.public_addresses >= option(factor) * t.usual_addresses.fill_null(0))
        & (t.public_addresses >= option(factor) * t.peers_addresses.fill_null(0))
    )
    t = t.mutate(is_many=is_many)
    t = t.filter((t.is_many | is_crowd) & (t.usual_networks.notnull() | has_peers))
    return t.select(
        "api_key_hash", "started", "ended", "window", "usual_networks", "peers_networks",
        "usual_addresses", "peers_addresses", "is_many",
        public_addresses=t.public_addresses.cast("int64"),
        networks=t.networks.cast("int64"), addresses=t.addresses.cast("int64"),
        requests=t.requests.cast("int64"), tokens=t.tokens.cast("int64"),
        min_networks=ibis.literal(min_networks), min_addresses=ibis.literal(min_addresses),
        factor=option(factor),
    ).order_by(ibis.desc("networks"), ibis.desc("public_addresses"), "api_key_hash")  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The first request from each network, or from each address where the networks are few."""
    t = _of_row(events, row)
    place = t.network if row["is_many"] else t.client_ip
    first = ibis.window(group_by=place, order_by=[t.at_us, t.event_id])
    t = t.mutate(place=ibis.row_number().over(first))
    t = t.filter(t.place == 0)
    return t.select("event_id", "timestamp").order_by("timestamp", "event_id").limit(20)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    t = _of_row(events, row)
    each = t.group_by("network").agg(requests=t.count(), tokens=t.tokens.sum().fill_null(0))
    return {"networks": each.order_by(ibis.desc("requests"), "network").limit(5)}


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    kind = "networks" if row["is_many"] else "addresses"
    count = row["networks"] if row["is_many"] else row["public_addresses"]
    usual, peers = row[f"usual_{kind}"], row[f"peers_{kind}"]
    compared = []
    if usual is not None:
        compared.append(f"on its other days it was used from {usual:g}")
    if peers is not None:
        compared.append(f"other keys come from {peers:g} on their busiest day")
    places = ", ".join(
        f"{n['network']} ({many(n['requests'], 'request')})" for n in details["networks"]
    )
    return Description(
        title=f"Key {row['api_key_hash']} was used from {count} {kind} within 24 hours",
        severity="high"
        if row["is_many"] and usual is not None and count >= 2 * row["min_networks"]
        else "medium",
        confidence=(0.8 if usual is not None and peers is not None else 0.6)
        - (0.0 if row["is_many"] else 0.2),
        why=(
            f"{many(row['requests'], 'request')} from {row['addresses']} addresses in "
            f"{many(row['networks'], 'network')} between {clock(row['started'])} and {clock(row['ended'])}; "
            f"{' and '.join(compared)}.",
            f"Most came from {places}.",
        ),
        recommendations=(
            f"Ask the owner of key {row['api_key_hash']} whether it was moved or rolled out; if not, revoke it.",
        ),
    )


def _used(events: ir.Table) -> ir.Table:
    t = asked(events)
    t = t.filter(
        t.api_key_hash.notnull() & t.client_ip.notnull() & (t.refused | t.accepted | t.is_call)
    )
    is_public = t.client_ip.re_search(PUBLIC) & ~t.client_ip.re_search(PRIVATE)
    t = with_fleets(t.mutate(is_public=is_public, half=t.at_us // HALF_DAY_US), "api_key_hash")
    return t.mutate(network=network_of(t.place)).drop("place")


def _days(t: ir.Table) -> ir.Table:
    """One row a key and 24 hours; these overlap by half, so that no midnight cuts a theft in two."""
    a = t.group_by("api_key_hash", "client_ip", "network", "is_public", "half").agg(
        first_seen=t.timestamp.min(), last_seen=t.timestamp.max(),
        asked=number(t.is_main), spent=t.tokens.sum().fill_null(0),
    )  # fmt: skip
    both = a.mutate(window=a.half).union(a.mutate(window=a.half - 1))
    return both.group_by("api_key_hash", "window").agg(
        networks=both.network.nunique(), addresses=both.client_ip.nunique(),
        public_addresses=both.client_ip.nunique(where=both.is_public),
        requests=both.asked.sum(), tokens=both.spent.sum(),
        started=both.first_seen.min(), ended=both.last_seen.max(),
    )  # fmt: skip


def _usual(days: ir.Table, found: ir.Table) -> ir.Table:
    """The median of the windows that do not overlap the best one."""
    best = found.select("api_key_hash", best_window="window")
    other = days.join(best, "api_key_hash")
    other = other.filter((other.window - other.best_window).abs() >= 2)
    return other.group_by("api_key_hash").agg(
        usual_networks=other.networks.quantile(0.5).cast("float64"),
        usual_addresses=other.public_addresses.quantile(0.5).cast("float64"),
    )


def _of_row(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    t = _used(events)
    return t.filter(
        (t.api_key_hash == row["api_key_hash"]) & t.half.isin((row["window"], row["window"] + 1))
    )


def _asked(day: int, hour: int, key: str, address: str) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-{day:02}T{hour:02}:00:00Z", "api_key_hash": key, "client_ip": address,
        "http_status": 200, "model": "gpt-4o", "input_tokens": 100,
    }  # fmt: skip


_USUAL = [
    _asked(day, hour, f"key-{n}", f"198.51.{n}.7")
    for n in range(6)
    for day in range(10, 15)
    for hour in (8, 14)
]
_STOLEN = [_asked(15, n % 24, "key-2", f"203.0.{n}.9") for n in range(8)]
_MOBILE = [_asked(day, n, "key-2", f"203.{n}.{day}.9") for day in range(10, 16) for n in range(8)]

CASES = [
    Case(
        "a key that suddenly comes from eight networks is found",
        rows=_USUAL + _STOLEN,
        expect=[{"api_key_hash": "key-2", "networks": 9, "usual_networks": 1.0, "peers_networks": 1.0}],
    ),
    Case(
        "midnight does not cut it in two",
        rows=_USUAL
        + [_asked(15 + (n > 3), 20 + n if n < 4 else n - 4, "key-2", f"203.0.{n}.9") for n in range(8)],
        expect=[{"api_key_hash": "key-2", "networks": 8}],
    ),
    Case(
        "a key without a past is compared with the others",
        rows=_USUAL + [{**row, "api_key_hash": "new"} for row in _STOLEN],
        expect=[{"api_key_hash": "new", "networks": 8, "usual_networks": None}],
    ),
    Case("the usual days have no such key", rows=_USUAL, expect=[]),
    Case(
        "a key that always came from many networks, a mobile application's, is none",
        rows=_USUAL + _MOBILE,
        expect=[],
    ),
    Case(
        "many addresses of one network are told of as addresses",
        rows=_USUAL + [_asked(15, n, "key-2", f"203.0.113.{n}") for n in range(20)],
        expect=[{"api_key_hash": "key-2", "networks": 1, "public_addresses": 20, "usual_addresses": 1.0}],
    ),
    Case(
        "a fleet in a private network, and one device that changes its address of IPv6, are none",
        rows=_USUAL
        + [_asked(15, n, "key-2", f"10.0.0.{n}") for n in range(20)]
        + [_asked(15, n, "key-3", f"2001:db8:7::{n}") for n in range(20)],
        expect=[],
    ),
    Case(
        "pods spread over the networks of one cluster",
        rows=_USUAL + [_asked(15, n % 24, "key-2", f"10.42.{n}.{n + 3}") for n in range(12)],
        expect=[],
    ),
    Case(
        "where all is private, its networks are told apart",
        rows=[
            {**row, "client_ip": row["client_ip"].replace("198.51.", "10.1.").replace("203.0.", "10.2.")}
            for row in _USUAL + _STOLEN
        ],
        expect=[{"api_key_hash": "key-2", "networks": 9}],
    ),
    Case(
        "a key alone, without a past, is not judged",
        rows=[{**row, "api_key_hash": "new"} for row in _STOLEN],
        expect=[],
    ),
]  # fmt: skip
