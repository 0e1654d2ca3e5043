"""What --to says: a URL, tcp://HOST:PORT, udp://HOST:PORT, tls://HOST:PORT, smtp://HOST:PORT or a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from clew.errors import ConfigError
from clew.sinks import Way

Scheme = Literal["http", "https", "tcp", "udp", "tls", "smtp", "smtps", "file"]
WAYS: dict[str, tuple[Way, ...]] = {
    "http": ("http",),
    "https": ("http",),
    "tcp": ("syslog", "lines"),
    "udp": ("syslog", "lines"),
    "tls": ("syslog", "lines"),
    "smtp": ("smtp",),
    "smtps": ("smtp",),
}
PORTS = {"tcp": 514, "udp": 514, "tls": 6514, "smtp": 25, "smtps": 465}
EXAMPLES = {
    "http": "https://HOST/...",
    "syslog": "tcp://HOST:PORT, tls://HOST:PORT or udp://HOST:PORT",
    "lines": "tcp://HOST:PORT, tls://HOST:PORT or udp://HOST:PORT",
    "smtp": "smtp://HOST:PORT?to=ADDRESS",
}


@dataclass(frozen=True, slots=True)
class Address:
    """A place to send to.

    text    as given: a URL, or the path of a file
    scheme  how it is reached
    way     what travels there
    """

    text: str
    scheme: Scheme
    way: Way
    host: str = ""
    port: int = 0

    @property
    def shown(self) -> str:
        """Without what may be a secret: the path of a webhook is one."""
        if self.scheme == "file":
            return self.text
        return (
            f"{self.scheme}://{self.host}:{self.port}"
            if self.port
            else f"{self.scheme}://{self.host}"
        )

    @property
    def is_local(self) -> bool:
        """Whether it is this machine."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")


def read_address(text: str, sink: str, over: Sequence[Way]) -> Address:
    """The address, when the sink travels that way. Raises ConfigError.

    >>> read_address("udp://192.0.2.1:5514", "cef", ["syslog"]).port
    5514
    >>> read_address("out.jsonl", "jsonl", ["http", "lines"]).way
    'file'
    """
    scheme, found, _ = text.partition("://")
    if not found:
        return Address(text, "file", "file")
    ways = WAYS.get(scheme)
    if ways is None:
        raise ConfigError(f"'{scheme}://' is no way to send: {', '.join(WAYS)} or a file.")
    way = next((way for way in ways if way in over), None)
    if way is None:
        can = " or ".join(dict.fromkeys(EXAMPLES[way] for way in over))
        raise ConfigError(f"{sink} does not travel over {scheme}://: write --to {can}, or a file.")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port or PORTS.get(scheme, 0)
    except ValueError as error:
        raise ConfigError(f"--to is no address: {error}.") from error
    if not host:
        raise ConfigError(f"--to names no host: write {scheme}://HOST:PORT.")
    if parts.username or parts.password:
        raise ConfigError(
            "--to may hold no password: others see what stands on the command line. Put it into "
            "CLEW_EXPORT_TOKEN."
        )
    return Address(text, scheme, way, host, port)  # type: ignore[arg-type]
