"""Who called, as SQL: the hash of a key and the address of a client."""

from __future__ import annotations


def hashed(name: str, text: str) -> str:
    """A key is hashed before it is stored; what is a hash or a short id already stays. A whole SHA-256
    is cut as ours is, so that a gateway's hash of a key and our own are the same."""
    is_digest = f"length({text}) = 64 AND regexp_full_match({text}, '[0-9a-f]{{64}}')"
    if "hash" in name.lower():
        return f"CASE WHEN {is_digest} THEN left({text}, 16) ELSE {text} END"
    is_id = f"length({text}) < 20 AND NOT regexp_matches({text}, '^(sk|pk|rk|Bearer)[-_ ]')"
    digest = f"CASE WHEN {is_digest} THEN left({text}, 16) ELSE left(sha256({text}), 16) END"
    if name.lower().endswith("id"):
        return f"CASE WHEN {is_id} THEN {text} ELSE {digest} END"
    return digest


def address(text: str) -> str:
    """The first address of a list, without port or brackets."""
    is_plain = f"NOT (contains({text}, ',') OR contains({text}, ':'))"
    first = f"trim(split_part({text}, ',', 1))"
    bare = f"regexp_extract({first}, '^\\[?([0-9a-fA-F:.]*[0-9a-fA-F:])\\]?(?::[0-9]+)?$', 1)"
    v4 = f"regexp_extract({first}, '^([0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+)(?::[0-9]+)?$', 1)"
    other = f"coalesce(nullif({v4}, ''), nullif({bare}, ''), {first})"
    return f"CASE WHEN {is_plain} THEN {text} ELSE {other} END"


def address_or_nothing(text: str) -> str:
    """The same of a field that may hold the caller's name: NULL where it does."""
    is_address = f"regexp_matches({text}, '^\\[?[0-9a-fA-F]*[.:][0-9a-fA-F.:]')"
    return f"CASE WHEN {is_address} THEN {address(text)} END"
