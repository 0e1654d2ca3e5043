"""Where a row says its caller was: coordinates, a city, or a country, from attributes of many vocabularies."""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from clew.model.countries import city_index, country_index
from clew.model.views import attribute, attribute_keys

LATITUDES = (
    "latitude", "lat", "client.geographicalContext.geolocation.lat", "location.geoCoordinates.latitude",
    "actor.session.ip_address_details.latitude", "client.geo.location.lat", "source.geo.location.lat",
    "geo.location.lat", "geo.lat", "geoip.location.lat", "geoip.latitude",
)  # fmt: skip
LONGITUDES = (
    "longitude", "lon", "client.geographicalContext.geolocation.lon", "location.geoCoordinates.longitude",
    "actor.session.ip_address_details.longitude", "client.geo.location.lon", "source.geo.location.lon",
    "geo.location.lon", "geo.lon", "geoip.location.lon", "geoip.longitude",
)  # fmt: skip
COUNTRIES = (
    "client.geo.country_iso_code", "source.geo.country_iso_code", "geo.country_iso_code", "geoip.country_iso_code",
    "geo.country.iso_code", "geoip.country_code2", "geoip.country_code", "geo.country_code", "geo_country_code",
    "client_country_code", "country_code", "country_iso_code", "country_iso", "client_geo", "client_geo.country",
    "client_country", "ip_country", "geo_country", "geo.country", "country", "cf-ipcountry", "CF-IPCountry",
    "cf_ipcountry", "http_cf_ipcountry", "ClientCountry", "CloudFront-Viewer-Country", "cloudfront_viewer_country",
    "x-vercel-ip-country", "X-AppEngine-Country", "httpRequest.country", "location.countryOrRegion",
    "actor_location.country_code", "actor.session.ip_address_details.country",
    "client.geographicalContext.country", "client.geo.country_name", "source.geo.country_name",
    "geo.country_name", "geoip.country_name",
)  # fmt: skip
CITIES = (
    "client.geo.city_name", "source.geo.city_name", "geo.city_name", "geoip.city_name", "geo.city",
    "client_geo.city", "client_city", "geo_city", "city", "location.city", "client.geographicalContext.city",
    "actor.session.ip_address_details.city",
)  # fmt: skip
PLACED = r"(?i)countr|geo|city|\blat(itude)?\b"
"""Found in the names of a row's keys, where one of the above may be among them."""
WORD = r"^[a-z .'()-]+$"
ACCENTS = {
    "a": "á|à|â|ã|ä", "c": "ç", "e": "é|è|ê|ë", "i": "í|ì|î|ï", "o": "ó|ò|ô|õ|ö|ø", "u": "ú|ù|û|ü",
}  # fmt: skip
"""Not as a class of characters: ClickHouse takes each byte of one for itself."""
ENTRY = r"^,[^;]*?,([A-Z]{2}),(-?[0-9.]+),(-?[0-9.]+),([0-9]+);"


def is_placed(e: ir.Table) -> ir.BooleanValue:
    """Whether a row may say where its caller was. Looking for each of the names takes long: for the names of
    the keys, once."""
    return cast(ir.BooleanValue, attribute_keys(e.attributes).join(" ").re_search(PLACED))


def says_place(e: ir.Table) -> ir.BooleanValue:
    """Whether it says it by one of the names that are known."""
    names = (*LATITUDES, *COUNTRIES, *CITIES)
    return cast(ir.BooleanValue, ibis.ifelse(is_placed(e), _first(e, names).notnull(), False))


def with_places(t: ir.Table) -> ir.Table:
    """Rows whose place is known, with `latitude`, `longitude`, `place_km` (how far from that point it may
    have been) and `place` (its name; NULL for coordinates)."""
    t = t.filter(is_placed(t))
    t = t.mutate(
        latitude=_degrees(t, LATITUDES),
        longitude=_degrees(t, LONGITUDES),
        country=_word(_first(t, COUNTRIES)),
        city=_word(_first(t, CITIES)),
    )
    is_exact = t.latitude.between(-90, 90) & t.longitude.between(-180, 180)
    is_exact = is_exact & ~((t.latitude == 0) & (t.longitude == 0))
    t = t.mutate(is_exact=is_exact.fill_null(False))
    said = _said(t.filter(~t.is_exact).select("country", "city").distinct())
    t = t.left_join(said, (t.country == said.of_country) & (t.city == said.of_city))
    t = t.mutate(
        latitude=ibis.ifelse(t.is_exact, t.latitude, t.said_latitude),
        longitude=ibis.ifelse(t.is_exact, t.longitude, t.said_longitude),
        place_km=ibis.ifelse(t.is_exact, 0.0, t.said_km),
        place=ibis.ifelse(t.is_exact, None, t.said_place),
    )
    return t.filter(t.latitude.notnull() & t.longitude.notnull())


def _said(words: ir.Table) -> ir.Table:
    """The point of each country and city that is known; the country's, where the city is another's."""
    words = words.mutate(
        of_country=_entry(country_index(), words.country), of_city=_entry(city_index(), words.city)
    )
    code, of = (words[name].re_extract(ENTRY, 1).nullif("") for name in ("of_country", "of_city"))
    is_city = of.notnull() & ((code == of) | (words.country == ""))
    entry = ibis.ifelse(is_city, words.of_city, words.of_country)
    found = words.select(
        of_country="country",
        of_city="city",
        said_latitude=_number(entry, 2),
        said_longitude=_number(entry, 3),
        said_km=_number(entry, 4),
        said_place=ibis.ifelse(is_city, words.city, code),
    )
    return found.filter(found.said_latitude.notnull())


def _entry(index: str, word: ir.StringValue) -> ir.StringValue:
    """What an index says from the word on; "" where it has not got it. A regular expression could not be
    made of a column."""
    known = ibis.literal(index)
    at = known.find(ibis.literal(",") + word + ibis.literal(","))
    is_known = (word != "") & (at >= 0)
    return cast(ir.StringValue, ibis.ifelse(is_known, known.substr(at.clip(lower=0), 160), ""))


def _number(entry: ir.StringValue, group: int) -> ir.FloatingValue:
    return cast(ir.FloatingValue, entry.re_extract(ENTRY, group).nullif("").try_cast("float64"))


def _word(text: ir.StringValue) -> ir.StringValue:
    """In small letters without accents, and "" for what cannot be a name."""
    lower = text.strip().lower()
    for letter, accented in ACCENTS.items():
        lower = lower.re_replace(accented, letter)
    return cast(ir.StringValue, ibis.ifelse(lower.re_search(WORD).fill_null(False), lower, ""))


def _degrees(t: ir.Table, names: tuple[str, ...]) -> ir.FloatingValue:
    return cast(ir.FloatingValue, _first(t, names).try_cast("float64"))


def _first(t: ir.Table, names: tuple[str, ...]) -> ir.StringValue:
    """The first of these attributes that a row has."""
    found = (attribute(t.attributes, name).nullif("") for name in names)
    return cast(ir.StringValue, ibis.coalesce(*found))
