"""Requests with who made them, from where, and whether their credentials were refused or taken.

A request may stand in several places: an access log has the address and the 401, a gateway's log or a
trace the user and the tokens. Rows that share a request_id or a trace_id tell each other what they
lack, and a key that is one user's names that user. A call that states its owner and no address, or a
proxy's, is of the owner's answered request nearest in time, NEAR_US away at most: it is one call with it, told twice.

client_ip is the caller's: where a row has a private address, of a proxy or load balancer, and names for
whom it passed the request on (X-Forwarded-For), the last public address there, which that proxy saw
itself. What stands further left is the caller's own word.

refused   401, 403, or an error of class auth or permission; also a sign-in that failed
accepted  answered, or a sign-in that succeeded
owner     user_id, else api_key_hash: the credential
tokens    input and output of a call, counted once however often it was logged
"""

from __future__ import annotations

from typing import Any, cast

import ibis
import ibis.expr.types as ir

from clew.correlation.built import once
from clew.correlation.call_outcomes import counted, number
from clew.correlation.clocks import is_proxy, microseconds
from clew.model.views import USAGE_REPORT, attribute

REFUSED = (401, 403)
REFUSED_CLASSES = ("auth", "permission")
SIGN_IN = (
    r"(?i)sign.?in|log.?[io]n\b|login|authenticat|session\.start|user\.login|credential.*validat"
)
"""Names of events by which identity providers and consoles report that somebody signs in."""
FORWARDED = (
    "forwarded_for",
    "x_forwarded_for",
    "http_x_forwarded_for",
    "xff",
    "x-forwarded-for",
    "X-Forwarded-For",
)
PRIVATE = (
    r"^(?:(?:10|127|192\.168|169\.254|172\.(?:1[6-9]|2[0-9]|3[01])"
    r"|100\.(?:6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7]))\.|::1$|f[cd][0-9a-fA-F]{2}:)"
)
LAST_PUBLIC = (
    r"([0-9a-fA-F.:]+)\s*(?:,\s*(?:10|127|192\.168|169\.254|172\.(?:1[6-9]|2[0-9]|3[01])"
    r"|100\.(?:6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7]))\.[0-9.]+\s*)*$"
)
"""`203.0.113.4, 198.51.100.7, 10.0.0.2`: 198.51.100.7."""
TOLD = ("user_id", "api_key_hash", "client_ip")
KEPT = (
    "event_id", "source_id", "source_format", "timestamp", "logger", "request_id", "trace_id", "span_name",
    "span_kind", "http_status", "status", "error_class", "error_type", "event_name", "service",
    "model", "region", "url_path", "user_agent", "upstream_ms", "upstream_address", "cost_usd", *TOLD,
)  # fmt: skip


NEAR_US = 30_000_000
MOST_ROWS = 1_000
"""Rows that one request or trace may have."""


@once
def asked(events: ir.Table) -> ir.Table:
    """One row a row of a request, a call or a sign-in that has a time; `is_main` marks the one that
    tells how a request ended, where several do."""
    t = _rows(events)
    for key in ("request_id", "trace_id"):
        t = _completed(t, key)
    t = _with_user_of_key(t)
    t = t.filter(~t.is_teller).drop("is_teller")
    t = _placed(t.mutate(owner=ibis.coalesce(t.user_id, t.api_key_hash)))
    return t.mutate(refused=t.refused & t.is_main, accepted=t.accepted & t.is_main)


def needs_credentials(e: ir.Table) -> ir.BooleanValue:
    """Whether a row tells that credentials were refused, with an address or a user."""
    return cast(ir.BooleanValue, is_refused(e) & (e.client_ip.notnull() | e.user_id.notnull()))


def is_refused(t: ir.Table) -> ir.BooleanValue:
    by_class = t.error_class.isin(REFUSED_CLASSES) & ~(t.http_status < 400).fill_null(False)
    failed = t.status == "error"
    refused = (
        t.http_status.isin(REFUSED).fill_null(False)
        | by_class.fill_null(False)
        | (t.http_status.isnull() & failed & _signs_in(t)).fill_null(False)
    )
    return cast(ir.BooleanValue, refused)


def tokens_of(t: ir.Table) -> ir.IntegerValue:
    """Input and output, else what the source counts as all."""
    stated = t.input_tokens.notnull() | t.output_tokens.notnull()
    sums = t.input_tokens.fill_null(0) + t.output_tokens.fill_null(0)
    found = ibis.coalesce(ibis.ifelse(stated, sums, None), t.total_tokens)
    return cast(ir.IntegerValue, found.cast("int64"))


def whose(row: dict[str, Any]) -> str:
    """
    >>> whose({"client_ip": None, "user_id": "ann"})
    'User ann'
    """
    words = {"client_ip": "Address", "user_id": "User", "api_key_hash": "Key"}
    return next(f"{word} {row[name]}" for name, word in words.items() if row.get(name) is not None)


def _signs_in(t: ir.Table) -> ir.BooleanValue:
    return cast(ir.BooleanValue, t.event_name.re_search(SIGN_IN).fill_null(False))


def _rows(events: ir.Table) -> ir.Table:
    """Calls, each once, and requests and sign-ins that are no calls. `is_teller` marks other rows that
    name the user or key of a request: an application's log line beside a proxy's."""
    called = counted(events)
    called = called.filter(called.timestamp.notnull())
    called = called.mutate(client_ip=_caller(called))
    called = called.select(
        *KEPT,
        "tokens",
        is_call=ibis.literal(True),
        is_teller=ibis.literal(False),
        fails=called.failed,
    )
    e = events.filter(events.timestamp.notnull())
    is_bill = (e.operation == USAGE_REPORT).fill_null(False)
    # what a firewall decided says nothing of credentials
    e = e.mutate(client_ip=_caller(e))
    other = e.filter(e.model.isnull() & e.provider.isnull() & e.action.isnull() & ~is_bill)
    is_asking = other.span_kind.isin(("client", "producer")).fill_null(False)
    is_request = (
        (other.http_status.notnull() & ~is_asking)
        | other.error_class.isin(REFUSED_CLASSES).fill_null(False)
        | (other.status.notnull() & other.client_ip.notnull() & other.event_name.notnull())
    )
    is_request = is_request.fill_null(False)
    is_tied = (other.request_id.notnull() | other.trace_id.notnull()) & other.span_name.isnull()
    is_telling = is_tied & (other.user_id.notnull() | other.api_key_hash.notnull())
    other = other.mutate(is_teller=~is_request)
    other = other.filter(is_request | is_telling)
    other = other.select(
        *KEPT, tokens=ibis.ifelse(other.is_teller, None, tokens_of(other)), is_call=ibis.literal(False),
        is_teller=other.is_teller,
        fails=(other.http_status >= 400).fill_null(other.status == "error").fill_null(False),
    )  # fmt: skip
    t = called.union(other)
    refused = is_refused(t)
    answered = t.http_status.between(100, 399) | (
        t.http_status.isnull() & (t.is_call | (t.status == "ok").fill_null(False))
    )
    return t.mutate(
        at_us=microseconds(t.timestamp),
        refused=refused,
        accepted=answered.fill_null(False) & ~refused & ~t.fails,
        is_main=ibis.literal(True),
    )


def _caller(e: ir.Table) -> ir.StringValue:
    """The address that a proxy passed the request on for, else the row's own."""
    told = ibis.coalesce(*(attribute(e.attributes, name) for name in FORWARDED))
    found = told.re_extract(LAST_PUBLIC, 1).nullif("")
    found = ibis.ifelse(found.re_search(PRIVATE), None, found)
    is_proxy = e.client_ip.re_search(PRIVATE).fill_null(False)
    # in the branch alone: looking for an attribute costs half a second a million rows
    caller = ibis.ifelse(is_proxy, ibis.coalesce(found, e.client_ip), e.client_ip)
    return cast(ir.StringValue, caller)


def _completed(t: ir.Table, key: str) -> ir.Table:
    """What a row lacks is taken from rows with the same id, and the address from the place nearest to
    the caller: a proxy's line, else the first. Rows of other places than that are not `is_main`.
    An id that very many rows share is none, and one with several users names nobody."""
    stated = t.filter(t[key].notnull())
    often = stated.group_by(key).agg(rows=stated.count())
    often = often.filter(often.rows.between(2, MOST_ROWS))
    several = t.semi_join(often, key)
    nearest = [several.is_teller, ~is_proxy(several), several.is_call]
    order = ibis.window(group_by=several[key], order_by=[*nearest, several.at_us, several.event_id])
    several = several.mutate(place=ibis.row_number().over(order))
    told = {
        f"one_{name}": ibis.ifelse(
            several[name].min() == several[name].max(), several[name].max(), None
        )
        for name in ("user_id", "api_key_hash")
    }
    told["one_client_ip"] = several.client_ip.argmin(
        several.place, where=several.client_ip.notnull()
    )
    found = several.group_by(key).agg(
        **told,
        one_source=several.source_id.argmin(several.place, where=~several.is_teller),
        one_event=several.event_id.argmin(several.place, where=~several.is_teller),
        plain_rows=number(~several.is_call & ~several.is_teller),
        call_tokens=several.tokens.sum(where=several.is_call),
    )
    t = t.left_join(found, key).drop(f"{key}_right")
    is_asked = ~t.is_call | t.http_status.notnull()
    is_same = (t.source_id == t.one_source) & t.span_name.isnull() & is_asked
    is_nearest = ((t.event_id == t.one_event) | is_same).fill_null(False)
    is_alone = t.one_event.isnull() | (t.plain_rows == 0)
    is_counted = t.is_call | is_alone | ((t.event_id == t.one_event) & t.call_tokens.isnull())
    return t.mutate(
        tokens=ibis.ifelse(is_counted | (is_same & t.call_tokens.isnull()), t.tokens, None),
        user_id=ibis.coalesce(t.user_id, t.one_user_id),
        api_key_hash=ibis.coalesce(t.api_key_hash, t.one_api_key_hash),
        client_ip=ibis.coalesce(
            ibis.ifelse(is_nearest | is_alone, t.client_ip, None), t.one_client_ip, t.client_ip
        ),
        is_main=t.is_main & (is_alone | is_nearest),
    ).drop(*found.columns[1:])


def _with_user_of_key(t: ir.Table) -> ir.Table:
    """The user of a key that is one user's, for rows that state the key alone."""
    stated = t.filter(t.user_id.notnull() & t.api_key_hash.notnull())
    users = stated.group_by("api_key_hash").agg(
        key_user=stated.user_id.min(), other_user=stated.user_id.max()
    )
    users = users.filter(users.key_user == users.other_user).drop("other_user")
    t = t.left_join(users, "api_key_hash").drop("api_key_hash_right")
    return t.mutate(user_id=ibis.coalesce(t.user_id, t.key_user)).drop("key_user")


def _placed(t: ir.Table) -> ir.Table:
    """Calls without an address, or with a proxy's, get that of the owner's answered request nearest in
    time, which then tells how the call ended."""
    is_inside = t.client_ip.re_search(PRIVATE).fill_null(True)
    is_lost = t.is_call & is_inside & t.owner.notnull()
    is_place = t.client_ip.notnull() & t.accepted & ~t.is_call
    at_ms = t.at_us // 1000  # a frame of microseconds is too wide for ClickHouse
    before = ibis.range_window(
        group_by=t.owner, order_by=at_ms, preceding=NEAR_US // 1000, following=0
    )
    after = ibis.range_window(
        group_by=t.owner, order_by=at_ms, preceding=0, following=NEAR_US // 1000
    )
    before_us = t.at_us.max(where=is_place).over(before)
    after_us = t.at_us.min(where=is_place).over(after)
    is_later = before_us.isnull() | (after_us - t.at_us < t.at_us - before_us)
    nearest = ibis.ifelse(is_later.fill_null(False), after_us, before_us)
    places = t.filter(is_place).group_by("owner", place_us="at_us")
    places = places.agg(place_ip=t.client_ip.min())
    t = t.mutate(place_us=ibis.ifelse(is_lost, nearest, None))
    t = t.left_join(places, ["owner", "place_us"]).drop("owner_right", "place_us_right", "place_us")
    is_told = t.place_ip.notnull() & (t.client_ip.isnull() | ~t.place_ip.re_search(PRIVATE))
    return t.mutate(
        client_ip=ibis.ifelse(is_told, t.place_ip, t.client_ip), is_main=t.is_main & ~is_told
    ).drop("place_ip")
