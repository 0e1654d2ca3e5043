"""One address that tries many users' credentials, a few times each, and is mostly refused.

Reads     requests, calls, sign-ins   http_status 401 or 403, error_class auth, client_ip, user_id
Returns   one row per address
Units     users: distinct, refused at least once; tries: refusals by user; let_in: users that were
          accepted afterwards; refused_share: of the address's requests; others_refused_share: of all
          others'; first_refused_share: of the users whose first contact from there was refused
Method    at least min_users users refused, at most max_tries each in the median, and at least
          min_refused_share of its requests or of its users' first contacts refused, at any pace: one that
          is let in and stays is a spray as well. Where all others are refused as well
          it is an outage of the sign-in, and where an address is shared and steady it is an office
Blind to  a spray from many addresses with few users each; logs that state no user for refusals. False
          positives: a proxy whose sign-in service is down for it alone; a monitor that tests accounts
Source    MITRE ATT&CK T1110.003 (password spraying)
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import number
from clew.correlation.credentials import asked, needs_credentials
from clew.detections._credential_cases import OFFICE, USUAL
from clew.detections._credential_cases import asked as request
from clew.detections._shared_addresses import addresses, pairs
from clew.detections._values import option
from clew.detections._words import clock, many, share
from clew.model.case import Case
from clew.model.finding import Description

NEEDS: dict[str, tuple[str, ...]] = {"events": ("timestamp", "client_ip")}
NEEDS_ROWS = {
    "requests or sign-ins that were refused, with their user_id or api_key_hash": lambda e: (
        needs_credentials(e) & (e.user_id.notnull() | e.api_key_hash.notnull())
    )
}
SUBJECT = ("client_ip",)
MEASURES = (
    "users", "refusals", "tries", "let_in", "refused_share", "first_refused_share", "others_refused_share",
    "min_users", "max_tries", "min_refused_share",
)  # fmt: skip
REFERENCES = ("attack.t1110.003", "atlas.aml.t0012", "owasp.api2-2023")
PLAYBOOK = "add the address to the block list, lock the accounts it was let in as, notify the team"


def detect(
    events: ir.Table, *, min_users: int = 10, max_tries: float = 3.0, min_refused_share: float = 0.7
) -> ir.Table:
    t = asked(events)
    tried = pairs(t)
    tried = tried.filter(tried.refusals > 0)
    by_address = tried.group_by("client_ip").agg(
        users=tried.count(),
        tries=tried.refusals.quantile(0.5).cast("float64"),
        let_in=number((tried.last_ok_us > tried.first_no_us).fill_null(False)),
    )
    a = addresses(t)
    whole = a.agg(all_requests=a.requests.sum(), all_refusals=a.refusals.sum())
    a = a.mutate(first_refused_share=a.first_refused / a.owners.nullif(0))
    found = by_address.join(a.drop("owners"), "client_ip").cross_join(whole)
    others = (found.all_requests - found.requests).nullif(0)
    found = found.mutate(
        others_refused_share=((found.all_refusals - found.refusals) / others).fill_null(0.0)
    )
    found = found.filter(
        (found.users >= min_users)
        & (found.tries <= option(max_tries))
        & (
            (found.refused_share >= option(min_refused_share))
            | (found.first_refused_share >= option(min_refused_share))
        )
        & (found.others_refused_share <= 0.5 * found.refused_share)
        & ~found.is_shared
    )
    times = t.filter(t.refused).semi_join(found, "client_ip")
    times = times.group_by("client_ip").agg(
        started=times.timestamp.min(), ended=times.timestamp.max()
    )
    found = found.join(times, "client_ip")
    return found.select(
        "client_ip", "started", "ended", "tries", "let_in", "refused_share", "others_refused_share",
        "first_refused_share",
        users=found.users.cast("int64"), refusals=found.refusals.cast("int64"),
        min_users=ibis.literal(min_users), max_tries=option(max_tries),
        min_refused_share=option(min_refused_share),
    ).order_by(ibis.desc("users"), "client_ip")  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """What let the address in, and the first refusal of each user."""
    t = asked(events)
    t = t.filter((t.client_ip == row["client_ip"]) & (t.refused | t.accepted) & t.owner.notnull())
    first = ibis.window(group_by=[t.owner, t.refused], order_by=[t.at_us, t.event_id])
    t = t.mutate(place=ibis.row_number().over(first))
    t = t.filter(t.place == 0).order_by("refused", "timestamp", "event_id")
    return t.select("event_id", "timestamp").limit(20)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    t = asked(events)
    t = t.filter((t.client_ip == row["client_ip"]) & t.accepted & t.owner.notnull())
    return {"let_in": t.select("owner").distinct().order_by("owner").limit(10)}


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    inside = ", ".join(str(one["owner"]) for one in details["let_in"])
    reasons = [
        f"Between {clock(row['started'])} and {clock(row['ended'])} it was refused "
        f"{row['refusals']:,} times as {row['users']:,} users; in the median a "
        f"user was tried {many(int(row['tries']), 'time')}.",
        f"{share(row['refused_share'])} of its requests were refused; of all others "
        f"{share(row['others_refused_share'])}. The first contact of "
        f"{share(row['first_refused_share'])} of its users was refused.",
    ]
    if row["let_in"]:
        reasons.append(f"It was let in as {inside}.")
    return Description(
        title=f"Address {row['client_ip']} tried the credentials of {many(row['users'], 'user')}"
        + (f" and was let in as {row['let_in']:,}" if row["let_in"] else ", all in vain"),
        severity="high" if row["let_in"] else "medium",
        confidence=0.9 if max(row["refused_share"], row["first_refused_share"]) >= 0.9 else 0.75,
        why=tuple(reasons),
        recommendations=(
            f"Block {row['client_ip']}."
            + (f" Reset the credentials of {inside} and end their sessions." if inside else ""),
        ),
    )


_SPRAY = [request(100 + 7 * n, f"home-{n % 12}", "203.0.113.99", 401) for n in range(24)]

CASES = [
    Case(
        "twelve users, tried twice each in three hours, are found",
        rows=USUAL + _SPRAY,
        expect=[{"client_ip": "203.0.113.99", "users": 12, "tries": 2.0, "let_in": 0}],
    ),
    Case(
        "one that is let in says as whom",
        rows=[*USUAL, *_SPRAY, request(400, "home-3", "203.0.113.99")],
        expect=[{"client_ip": "203.0.113.99", "let_in": 1}],
    ),
    Case(
        "one that is let in, and then uses the account more often than it had tried, is a spray still",
        rows=USUAL + _SPRAY + [request(400 + n, "home-3", "203.0.113.99") for n in range(60)],
        expect=[{"client_ip": "203.0.113.99", "users": 12, "let_in": 1, "first_refused_share": 1.0}],
    ),
    Case(
        "sign-ins of an identity provider, which state no HTTP status",
        rows=[
            {
                "timestamp": row["timestamp"], "user_id": row["user_id"], "client_ip": row["client_ip"],
                "event_name": "user.session.start",
                "status": "error" if row["http_status"] == 401 else "ok",
            }
            for row in USUAL + _SPRAY
        ],
        expect=[{"client_ip": "203.0.113.99", "users": 12}],
    ),
    Case("an office in which two mistype is none", rows=USUAL, expect=[]),
    Case(
        "one user tried often is no spray",
        rows=USUAL + [request(100 + n, "home-1", "203.0.113.99", 401) for n in range(60)],
        expect=[],
    ),
    Case(
        "an outage of the sign-in refuses everybody",
        rows=[{**row, "http_status": 401, "input_tokens": None} for row in USUAL],
        expect=[],
    ),
    Case(
        "a large office after a password change is mostly let in",
        rows=USUAL + [request(500 + n, f"office-{n}", OFFICE, 401) for n in range(10)],
        expect=[],
    ),
]  # fmt: skip
