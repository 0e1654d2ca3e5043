"""A user or key that was at two places in too little time to travel between them.

Reads     events   user_id or api_key_hash, client_ip, timestamp, and attributes with latitude and
          longitude, a country or a city, as identity providers (Okta, Entra ID), OpenAI's audit log, ECS
          (client.geo, source.geo, geo), proxies (cf-ipcountry, ClientCountry) and loggers (country, city) write them
Returns   one row per user or key, with its fastest journey
Units     speed_kmh: great-circle distance over the time between; distance_km: the least that it can have been;
          gap_min: minutes between; journeys: how many were too fast; max_speed_kmh and min_distance_km: the limits
Method    what follows each other of one user and let her in; places nearer than min_distance_km are one,
          because addresses are located no finer. A country is a point in its middle and how far from there its
          people live, a city its point and 100 km: both are taken off the distance, so that countries that
          adjoin are one place, and the distance is that between their nearest parts. Addresses that max_users or
          more users come from are passed over: the exits of a company's VPN and of carriers are not where the
          user is; so are two addresses that she has used for a week or longer: her own VPN
Blind to  logs without a place; a thief near the owner, or behind a VPN near her; within a country and beside it,
          where no coordinates or large cities are stated. False positives: a private VPN or proxy that is new,
          an address that is located wrongly, a shared account
Source    MITRE ATT&CK T1078 (valid accounts); the great circle by the haversine formula
"""

from __future__ import annotations

from typing import Any, cast

import ibis
import ibis.expr.types as ir

from clew.correlation.clocks import microseconds
from clew.detections._places import says_place, with_places
from clew.detections._values import option
from clew.detections._words import clock
from clew.model.case import Case
from clew.model.finding import Description

NEEDS: dict[str, tuple[str, ...]] = {"events": ("timestamp", "client_ip")}
NEEDS_ROWS = {
    "user_id or api_key_hash": lambda e: e.user_id.notnull() | e.api_key_hash.notnull(),
    "a location (latitude and longitude, a country or a city in attributes)": lambda e: ibis.ifelse(
        _is_someone(e), says_place(e), False
    ),
}
SUBJECT = ("user_id", "api_key_hash")
MEASURES = (
    "speed_kmh", "distance_km", "gap_min", "journeys", "max_speed_kmh", "min_distance_km", "max_users",
)  # fmt: skip
REFERENCES = ("attack.t1078.004", "atlas.aml.t0012", "owasp.api2-2023")
PLAYBOOK = "ask for a second factor, lock the account until it is given, notify the team"
COMPARED = (
    "event_id", "timestamp", "client_ip", "latitude", "longitude", "place_km", "place", "at_us", "is_known",
)  # fmt: skip
EARTH_KM = 6_371.0
MINUTE_US = 60_000_000.0
SHORTEST_MIN = 1.0
"""Two clocks may differ by this much; a shorter time is taken for it."""
KNOWN_US = 7 * 86_400_000_000
"""Addresses that someone has used for so long are her own."""


def detect(
    events: ir.Table,
    *,
    max_speed_kmh: float = 1_000.0,
    min_distance_km: float = 500.0,
    max_users: int = 5,
) -> ir.Table:
    t = _journeys(events, max_users)
    t = t.filter((t.distance_km >= option(min_distance_km)) & (t.speed_kmh > option(max_speed_kmh)))
    own = ibis.window(group_by=t.owner, order_by=[t.speed_kmh.desc(), t.at_us, t.event_id])
    every = ibis.window(group_by=t.owner)
    t = t.mutate(place=ibis.row_number().over(own), journeys=t.event_id.count().over(every))
    t = t.filter(t.place == 0)
    return t.select(
        "user_id", "started", "ended", "speed_kmh", "distance_km", "gap_min", "from_ip", "to_ip",
        "from_event", "to_event", "from_place", "to_place",
        api_key_hash=ibis.ifelse(t.user_id.isnull(), t.api_key_hash, None),
        journeys=t.journeys.cast("int64"),
        max_speed_kmh=option(max_speed_kmh),
        min_distance_km=option(min_distance_km),
        max_users=ibis.literal(max_users),
    ).order_by(ibis.desc("speed_kmh"), *SUBJECT)  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """What was done at both places."""
    t = events.filter(events.event_id.isin((row["from_event"], row["to_event"])))
    return t.select("event_id", "timestamp").order_by("timestamp", "event_id").limit(20)


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    name = f"User {row['user_id']}" if row["user_id"] else f"Key {row['api_key_hash']}"
    is_rough = row["from_place"] is not None or row["to_place"] is not None
    there, here = (f" ({row[name]})" if row[name] else "" for name in ("from_place", "to_place"))
    least = "at least " if is_rough else ""
    again = f" {row['journeys']:,} journeys of {name} were too fast." if row["journeys"] > 1 else ""
    return Description(
        title=f"{name} was at two places {least}{row['distance_km']:,.0f} km apart within "
        f"{row['gap_min']:,.0f} minutes",
        severity="high" if row["journeys"] > 1 and row["distance_km"] >= 2_000 else "medium",
        confidence=(0.7 if row["journeys"] > 1 else 0.55) - (0.1 if is_rough else 0.0),
        why=(
            f"{row['from_ip']}{there} at {clock(row['started'])}, then {row['to_ip']}{here} at {clock(row['ended'])}: "
            f"{row['speed_kmh']:,.0f} km/h along the great circle, where {row['max_speed_kmh']:,.0f} km/h "
            f"is possible.{again}",
            "Neither address is one from which many users come, as the exit of a VPN is.",
        ),
        recommendations=(
            f"Ask {name.lower()} whether both places are right; if not, end the sessions and reset the credentials.",
        ),
    )


def _journeys(events: ir.Table, max_users: int) -> ir.Table:
    """Each event that has a place, with the one before it of the same owner, where they differ."""
    e = events.filter(
        _is_someone(events)
        & ~(events.status == "error").fill_null(False)
        & ~(events.http_status >= 400).fill_null(False)
    )
    e = with_places(e)
    t = e.select(
        "event_id", "timestamp", "client_ip", "user_id", "api_key_hash", "latitude", "longitude",
        "place_km", "place", owner=ibis.coalesce(e.user_id, e.api_key_hash),
        at_us=microseconds(e.timestamp),
    )  # fmt: skip
    owners = t.group_by("client_ip").agg(owners=t.owner.nunique())
    t = t.anti_join(owners.filter(owners.owners >= max_users), "client_ip")
    known = ibis.window(group_by=[t.owner, t.client_ip])
    t = t.mutate(is_known=t.at_us - t.at_us.min().over(known) >= KNOWN_US)
    own = ibis.window(group_by=t.owner, order_by=[t.at_us, t.event_id])
    before = {name: t[name].lag().over(own) for name in COMPARED}
    t = t.mutate(**{f"{name}_before": value for name, value in before.items()})
    t = t.filter((t.latitude != t.latitude_before) | (t.longitude != t.longitude_before))
    t = t.filter(~(t.is_known & t.is_known_before))
    gap_min = (t.at_us - t.at_us_before) / MINUTE_US
    t = t.mutate(gap_min=gap_min, distance_km=_distance_km(t))
    return t.mutate(
        speed_kmh=t.distance_km / (t.gap_min.clip(lower=SHORTEST_MIN) / 60.0),
        started=t.timestamp_before, ended=t.timestamp, from_ip=t.client_ip_before, to_ip=t.client_ip,
        from_event=t.event_id_before, to_event=t.event_id, from_place=t.place_before, to_place=t.place,
    )  # fmt: skip


def _is_someone(e: ir.Table) -> ir.BooleanValue:
    """Looking for an attribute costs half a second a million rows: only where it may say something."""
    named = e.user_id.notnull() | e.api_key_hash.notnull()
    return cast(ir.BooleanValue, e.timestamp.notnull() & e.client_ip.notnull() & named)


def _distance_km(t: ir.Table) -> ir.FloatingValue:
    """Along the great circle, less how far from its point each place reaches; a half angle stays exact for
    places near each other."""
    here, there = t.latitude.radians(), t.latitude_before.radians()
    half_north = ((here - there) / 2.0).sin()
    half_east = ((t.longitude - t.longitude_before).radians() / 2.0).sin()
    chord = half_north * half_north + here.cos() * there.cos() * half_east * half_east
    circle = 2.0 * EARTH_KM * chord.clip(lower=0.0, upper=1.0).sqrt().asin()
    return cast(ir.FloatingValue, (circle - t.place_km - t.place_km_before).clip(lower=0.0))


LISBON, TOKYO, PORTO = (38.72, -9.14), (35.68, 139.69), (41.15, -8.61)


def _at(
    minute: int, user: str, place: tuple[float, float], address: str, **columns: Any
) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-20T{9 + minute // 60:02}:{minute % 60:02}:00Z", "user_id": user,
        "client_ip": address, "attributes": {"latitude": place[0], "longitude": place[1]}, **columns,
    }  # fmt: skip


def _in(minute: int, user: str, address: str, **said: str) -> dict[str, Any]:
    return {**_at(minute, user, LISBON, address), "attributes": said}


CASES = [
    Case(
        "Lisbon and Tokyo within half an hour",
        rows=[_at(0, "ann", LISBON, "203.0.113.1"), _at(30, "ann", TOKYO, "198.51.100.1")],
        expect=[{"user_id": "ann", "distance_km": 11143.9527, "gap_min": 30.0, "speed_kmh": 22287.9054,
                 "from_ip": "203.0.113.1", "journeys": 1}],
    ),
    Case(
        "keys travel too, and the names of an identity provider are known",
        rows=[
            {
                **_at(n * 10, "x", LISBON, f"203.0.113.{n}"), "user_id": None, "api_key_hash": "key-1",
                "attributes": {"client.geographicalContext.geolocation.lat": place[0],
                               "client.geographicalContext.geolocation.lon": place[1]},
            }
            for n, place in enumerate((LISBON, TOKYO, LISBON))
        ],
        expect=[{"api_key_hash": "key-1", "journeys": 2}],
    ),
    Case(
        "the time of a flight is enough",
        rows=[_at(0, "ann", LISBON, "203.0.113.1"), _at(13 * 60, "ann", TOKYO, "198.51.100.1")],
        expect=[],
    ),
    Case(
        "near places are one: addresses are located coarsely",
        rows=[_at(0, "ann", LISBON, "203.0.113.1"), _at(1, "ann", PORTO, "198.51.100.1")],
        expect=[],
    ),
    Case(
        "the exit of a VPN is not where its users are",
        rows=[_at(n, f"user-{n % 6}", TOKYO, "198.51.100.1") for n in range(12)]
        + [_at(30, "user-1", LISBON, "203.0.113.1")],
        expect=[],
    ),
    Case(
        "an attempt from far away that was refused proves no travel",
        rows=[
            _at(0, "ann", LISBON, "203.0.113.1"),
            _at(30, "ann", TOKYO, "198.51.100.1", status="error"),
            _at(40, "ann", TOKYO, "198.51.100.1", http_status=401),
        ],
        expect=[],
    ),
    Case(
        "two users at two places are two",
        rows=[_at(0, "ann", LISBON, "203.0.113.1"), _at(1, "bob", TOKYO, "198.51.100.1")],
        expect=[],
    ),
    Case(
        "a country's code is enough: Portugal and Japan are far apart in their nearest parts",
        rows=[_in(0, "ann", "203.0.113.1", country="PT"), _in(30, "ann", "198.51.100.1", country="JP")],
        expect=[{"user_id": "ann", "from_place": "PT", "to_place": "JP", "journeys": 1}],
    ),
    Case(
        "each source has its own name for it, and may say the country in words",
        rows=[
            _in(0, "ann", "203.0.113.1", **{"cf-ipcountry": "US"}),
            _in(20, "ann", "198.51.100.1", **{"client.geo.country_iso_code": "IN"}),
            _in(0, "bob", "203.0.113.2", **{"client.geographicalContext.country": "Brazil"}),
            _in(20, "bob", "198.51.100.2", client_geo="VNM"),
            _in(0, "cem", "203.0.113.3", **{"geo.country_name": "Türkiye", "geo.city_name": "Izmir"}),
            _in(20, "cem", "198.51.100.3", **{"geo.city_name": "São Paulo"}),
        ],
        expect=[{"user_id": "bob", "from_place": "BR", "to_place": "VN"},
                {"user_id": "cem", "from_place": "TR", "to_place": "sao paulo"},
                {"user_id": "ann", "to_place": "IN"}],
    ),
    Case(
        "a city is a point, even within a country; one of another country is not meant",
        rows=[
            _in(0, "ann", "203.0.113.1", city="New York", country="US"),
            _in(40, "ann", "198.51.100.1", city="Los Angeles", country="US"),
            _in(0, "bob", "203.0.113.2", city="Paris", country="US"),
            _in(40, "bob", "198.51.100.2", city="Dallas", country="US"),
        ],
        expect=[{"user_id": "ann", "from_place": "new york", "to_place": "los angeles"}],
    ),
    Case(
        "countries that adjoin are one place, and words that are no country are none",
        rows=[
            _in(0, "ann", "203.0.113.1", country="PT"), _in(1, "ann", "198.51.100.1", country="ES"),
            _in(2, "ann", "198.51.100.2", country="FR"), _in(0, "bob", "203.0.113.2", country="US"),
            _in(1, "bob", "198.51.100.3", country="CA"), _in(2, "bob", "198.51.100.4", country="XX"),
            _in(3, "bob", "198.51.100.5", country="T1"), _in(4, "bob", "198.51.100.6", country="a.*|b"),
        ],
        expect=[],
    ),
    Case(
        "the time of a flight is enough between countries, too",
        rows=[
            _in(0, "ann", "203.0.113.1", country="GB"),
            _in(8 * 60, "ann", "198.51.100.1", country="US"),
        ],
        expect=[],
    ),
    Case(
        "one's own VPN, used beside one's own address for weeks, is no journey",
        rows=[
            {**_in(0, "ann", address, country=country), "timestamp": f"2026-11-{at}:00Z"}
            for address, country, at in (
                ("203.0.113.1", "PT", "01T09:00"), ("198.51.100.1", "US", "02T09:00"),
                ("203.0.113.1", "PT", "12T09:00"), ("198.51.100.1", "US", "12T09:10"),
            )
        ],
        expect=[],
    ),
]  # fmt: skip
