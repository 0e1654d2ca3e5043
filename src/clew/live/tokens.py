"""Who may send and read: tokens with a scope, hashed at rest, and the audit of what was read.

A token is 256 random bits, so one sha256 is a safe hash of it. `ingest` may send, `read` may ask,
`admin` may do both and the rest. Without any token the server trusts its own machine, and only that;
from the first token on, revoked or not, everybody needs one.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Literal, get_args

import duckdb

from clew.errors import ConfigError
from clew.sources._otlp_request import Caller, Refused

Scope = Literal["ingest", "read", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
"""What a browser of this machine may call the server; any other name may be a rebound one."""
MOST_WORDS = 20_000
"""Characters of a question that the audit keeps."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token as the case keeps it: not its text."""

    token_id: str
    name: str
    scope: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks: a token's id and name, the machine's own user, or an address."""

    who: str


def create(
    connection: duckdb.DuckDBPyConnection, scope: str, name: str, now: datetime
) -> tuple[str, Token]:
    """Makes a token; its text is given here and nowhere else."""
    if scope not in SCOPES:
        raise ConfigError(f"'{scope}' is not one of --scope {', '.join(SCOPES)}.")
    text = f"clew_{scope}_{secrets.token_urlsafe(32)}"
    token = Token(secrets.token_hex(4), name, scope, now, None)
    connection.execute(
        "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, NULL)",
        [token.token_id, name, scope, _hash(text), now],
    )
    return text, token


def all_tokens(connection: duckdb.DuckDBPyConnection) -> list[Token]:
    """Every token, oldest first."""
    rows = connection.execute(
        "SELECT token_id, name, scope, created_at, revoked_at FROM tokens "
        "ORDER BY created_at, token_id"
    ).fetchall()
    return [Token(*row) for row in rows]


def revoke(connection: duckdb.DuckDBPyConnection, token_id: str, now: datetime) -> None:
    """Ends a token. Raises ConfigError where there is none of this id."""
    known = [token.token_id for token in all_tokens(connection)]
    if token_id not in known:
        raise ConfigError(f"There is no token '{token_id}'. 'clew token list' shows all.")
    connection.execute(
        "UPDATE tokens SET revoked_at = ? WHERE token_id = ? AND revoked_at IS NULL",
        [now, token_id],
    )


class Access:
    """Decides who may do what, by the tokens as they were last read."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._tokens: dict[str, tuple[str, str]] = {}
        self._has_tokens = False

    def read_tokens(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Learns the tokens of the case; again after each change."""
        rows = connection.execute(
            "SELECT sha256, scope, concat(token_id, ' ', name), revoked_at FROM tokens"
        ).fetchall()
        self._has_tokens = bool(rows)
        self._tokens = {
            sha256: (scope, who.strip())
            for sha256, scope, who, revoked_at in rows
            if not revoked_at
        }

    def admit(self, caller: Caller, scope: Scope) -> Reader:
        """Who this is, when it may do that. Raises Refused."""
        kind, _, given = caller.authorization.partition(" ")
        given = given.strip()
        if kind.lower() == "bearer" and given:
            if secrets.compare_digest(given.encode(), self._secret.encode()):
                return Reader("local")
            found = self._tokens.get(_hash(given))
            if found is None:
                raise Refused("This token is not known here, or was revoked.")
            if found[0] not in (scope, "admin"):
                raise Refused(
                    f"This token's scope is {found[0]}: {scope} is needed.", is_known=True
                )
            return Reader(found[1])
        if self._has_tokens:
            raise Refused("A token is needed: send 'Authorization: Bearer TOKEN'.")
        if scope == "admin" or not is_loopback(caller.address) or caller.is_forwarded:
            raise Refused(
                "A token is needed: 'clew token create' on the server's machine makes one."
            )
        if not (_is_local(caller.host) and _is_local(caller.origin.rpartition("//")[2])):
            raise Refused(f"Without a token the server answers only as {', '.join(LOCAL_NAMES)}.")
        return Reader(f"anonymous {caller.address}")


def record(
    connection: duckdb.DuckDBPyConnection, reader: Reader, action: str, what: str, now: datetime
) -> str:
    """Notes in the audit who reads what; gives the entry's id."""
    audit_id = secrets.token_hex(8)
    connection.execute(
        "INSERT INTO audit VALUES (?, ?, ?, ?, ?, NULL)",
        [audit_id, now, reader.who, action, what[:MOST_WORDS]],
    )
    return audit_id


def record_rows(connection: duckdb.DuckDBPyConnection, audit_id: str, rows: int) -> None:
    """Notes how many rows the reader got."""
    connection.execute("UPDATE audit SET rows = ? WHERE audit_id = ?", [rows, audit_id])


def is_loopback(address: str) -> bool:
    """
    >>> is_loopback("127.0.0.1"), is_loopback("::ffff:127.0.0.1"), is_loopback("192.0.2.7")
    (True, True, False)
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)


def _is_local(host: str) -> bool:
    """
    >>> [_is_local(host) for host in ("", "localhost:4318", "[::1]", "clew.example.com:4318")]
    [True, True, True, False]
    """
    name, _, port = host.rpartition(":")
    return not host or host in LOCAL_NAMES or (name in LOCAL_NAMES and port.isdigit())


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
