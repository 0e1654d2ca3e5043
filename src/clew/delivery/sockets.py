"""Messages over TCP, TLS and UDP.

TCP and TLS  syslog with octet counting (RFC 6587, RFC 5425), plain lines with line feeds. Nobody answers
             there, so after some segments our side of the connection is closed, and the receiver's close
             says that it has read to the end; what was sent since then is sent again where it breaks
UDP          one message a datagram, so many a second; nobody says what has arrived
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Sequence

from clew.delivery.address import Address
from clew.delivery.certificates import trusting
from clew.delivery.sending import Reply, Stopped, Unreachable
from clew.sinks import TAKEN, Item

TIMEOUT_S = 30.0
HANDSHAKE_S = 10.0
"""A port that speaks no TLS says nothing for ever."""
CLOSE_S = 10.0
"""How long a receiver may take to close its side."""
DATAGRAMS_A_SECOND = 10_000
PAUSE_AFTER = 50
MOST_DATAGRAM = 65_507


class StreamTransport:
    """A connection over TCP or TLS."""

    confirm_every = 50

    def __init__(self, address: Address, *, is_counted: bool = False, ca_file: str = "") -> None:
        self._address, self._is_counted = address, is_counted
        self._connection: socket.socket | None = None
        self._has_carried = False
        self._has_lost = False
        self._context = trusting(ca_file) if address.scheme == "tls" else None
        self._close_s = CLOSE_S

    def send(self, items: Sequence[Item]) -> Reply:
        """Writes the messages. Raises Unreachable."""
        try:
            connection = self._connected()
            self._has_carried = True
            connection.sendall(b"".join(self._framed(item.payload) for item in items))
        except OSError as error:
            self._has_lost = self._has_carried
            self._drop()
            raise self._unreachable(error) from error
        return Reply([TAKEN] * len(items))

    def confirm(self) -> int:
        """Closes our side, and waits for the receiver to close its own."""
        connection, has_lost = self._connection, self._has_lost
        self._has_lost = self._has_carried = False
        if has_lost:
            self._drop()
            raise Unreachable(f"{self._address.shown} broke the connection off")
        if connection is None:
            return 0
        try:
            connection.settimeout(self._close_s)
            if isinstance(connection, ssl.SSLSocket):
                connection = connection.unwrap()
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):
                pass
        except TimeoutError:
            self._close_s = min(self._close_s, 1.0)  # it keeps connections open: so will the next
        except ssl.SSLError:
            pass  # it closes TLS without a goodbye, as many do
        except OSError as error:
            raise self._unreachable(error) from error
        finally:
            self._drop()
        return 0

    def close(self) -> None:
        """Drops the connection."""
        self._drop()

    def _framed(self, payload: bytes) -> bytes:
        return b"%d %s" % (len(payload), payload) if self._is_counted else payload + b"\n"

    def _connected(self) -> socket.socket:
        if self._connection is None:
            place = (self._address.host, self._address.port)
            connection = socket.create_connection(place, timeout=TIMEOUT_S)
            if self._context is not None:
                connection.settimeout(HANDSHAKE_S)
                try:
                    connection = self._context.wrap_socket(
                        connection, server_hostname=self._address.host
                    )
                except TimeoutError as error:
                    connection.close()
                    raise TimeoutError("it does not answer the TLS handshake") from error
                except ssl.SSLCertVerificationError as error:
                    connection.close()
                    raise Stopped(f"{self._address.shown}: {error.verify_message}") from error
                connection.settimeout(TIMEOUT_S)
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
        self._connection = None

    def _unreachable(self, error: OSError) -> Unreachable:
        return Unreachable(f"{self._address.shown} cannot be reached: {error.strerror or error}")


class DatagramTransport:
    """UDP."""

    confirm_every = 1

    def __init__(
        self,
        address: Address,
        *,
        a_second: int = DATAGRAMS_A_SECOND,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address, self._sleep = address, sleep
        self._pause_s = PAUSE_AFTER / a_second
        self._sent = 0
        self._socket: socket.socket | None = None

    def send(self, items: Sequence[Item]) -> Reply:
        """A datagram each. Raises Unreachable."""
        try:
            if self._socket is None:
                place = (self._address.host, self._address.port)
                found = socket.getaddrinfo(*place, type=socket.SOCK_DGRAM)[0]
                self._socket = socket.socket(found[0], socket.SOCK_DGRAM)
                self._socket.connect(found[4])
            for item in items:
                self._socket.send(item.payload[:MOST_DATAGRAM])
                self._sent += 1
                if self._sent % PAUSE_AFTER == 0:
                    self._sleep(self._pause_s)
        except OSError as error:
            raise Unreachable(
                f"{self._address.shown} cannot be reached: {error.strerror or error}"
            ) from error
        return Reply([TAKEN] * len(items))

    def confirm(self) -> int:
        """Nobody says it."""
        return 0

    def close(self) -> None:
        """Closes the socket."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
