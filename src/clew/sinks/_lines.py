"""What sinks of JSON lines share: the body of a request, and a bearer token."""

from __future__ import annotations

from collections.abc import Sequence

from clew.sinks import Item


def ndjson(items: Sequence[Item]) -> bytes:
    """Each payload on a line of its own."""
    return b"".join(item.payload + b"\n" for item in items)


def json_array(items: Sequence[Item]) -> bytes:
    """The payloads as one JSON list."""
    return b"[" + b",".join(item.payload for item in items) + b"]"


def bearer(token: str) -> dict[str, str]:
    """The header of a bearer token; none without a token."""
    return {"authorization": f"Bearer {token}"} if token else {}
