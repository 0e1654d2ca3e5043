"""HTTP: requests of a sink, gzipped, and what was answered.

No redirect is followed: a token goes to the host it is meant for. Certificates are always checked.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol, runtime_checkable

import httpx

from clew.delivery.address import Address
from clew.delivery.certificates import trusting
from clew.delivery.sending import GaveUp, Reply, Stopped, Unreachable
from clew.sinks import AckSink, Answer, HttpSink, Item, Request

TIMEOUT_S = 30.0
MOST_ANSWER_BYTES = 16 << 20
LEAST_GZIP_BYTES = 1_000
REQUESTS_UNTIL_ASKED = 10
"""Requests of a sink that acknowledges them later, before it is asked for them."""
FIRST_ASK_S, LONGEST_ASK_S = 0.25, 5.0
ACK_PATIENCE_S = 30.0
EARLY_S = 60.0
"""A fetched token is fetched anew so long before it ends."""


@runtime_checkable
class TokenSink(Protocol):
    """A sink whose token is fetched with a secret."""

    def token_request(self, secret: str) -> Request | None: ...


class HttpTransport:
    """Posts to one address.

    patience_s  how long a receiver that acknowledges later may take for it
    """

    def __init__(
        self,
        address: Address,
        sink: HttpSink,
        token: str,
        *,
        ca_file: str = "",
        patience_s: float = ACK_PATIENCE_S,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.confirm_every = 1
        self._unasked: set[int] = set()
        self._patience_s, self._sleep = patience_s, sleep
        self._address, self._sink, self._secret, self._clock = address, sink, token, clock
        self._fetched, self._fetched_until = "", 0.0
        self._takes_gzip = True
        self._client = httpx.Client(
            verify=trusting(ca_file),
            timeout=TIMEOUT_S,
            follow_redirects=False,
            trust_env=not address.is_local,
            headers={"user-agent": "clew"},
        )

    def send(self, items: Sequence[Item]) -> Reply:
        """One request. Raises Unreachable."""
        token = self._token()
        request = self._sink.request(self._address.text, token, items, self._clock())
        answer = self._post(request, zipped=self._takes_gzip)
        if answer.status == 415 and self._takes_gzip and request.may_zip:
            self._takes_gzip = False
            answer = self._post(request, zipped=False)
        if answer.status == 401 and self._fetched:
            self._fetched = ""  # it may have ended early: once more with a new one
            request = self._sink.request(self._address.text, self._token(), items, self._clock())
            answer = self._post(request, zipped=self._takes_gzip)
        if isinstance(self._sink, AckSink) and (ack := self._sink.ack_of(answer)) is not None:
            self._unasked.add(ack)
            self.confirm_every = REQUESTS_UNTIL_ASKED
        return Reply(self._sink.verdicts(answer, items), _retry_after(answer, self._clock()))

    def confirm(self) -> int:
        """Each answer has said it, or the receiver is asked until it does. Raises Unreachable where it
        knows nothing of it any more, and GaveUp where it takes too long."""
        waiting, self._unasked = self._unasked, set()
        began, pause_s = self._clock(), FIRST_ASK_S
        while waiting:
            waiting -= self._acked(waiting)
            if waiting and self._clock() - began > self._patience_s:
                raise GaveUp(
                    f"{self._address.shown} has not acknowledged {len(waiting)} requests in time"
                )
            if waiting:
                self._sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_ASK_S)
        return 0

    def _acked(self, acks: set[int]) -> set[int]:
        assert isinstance(self._sink, AckSink), "BUG: a sink that acknowledges nothing is asked"
        request = self._sink.ack_request(self._address.text, self._token(), sorted(acks))
        answer = self._post(request, zipped=False)
        if answer.status in (401, 403):
            raise Stopped(f"asked whether all is there, it answers {answer.status}")
        if answer.status != 200:
            raise Unreachable(f"asked whether all is there, it answers {answer.status}")
        return self._sink.acked(answer)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _token(self) -> str:
        """The token: the secret itself, or what is fetched with it."""
        request = (
            self._sink.token_request(self._secret) if isinstance(self._sink, TokenSink) else None
        )
        if request is None:
            return self._secret
        if not self._fetched or self._clock() > self._fetched_until:
            answer = self._post(request, zipped=False)
            if answer.status in (408, 429) or answer.status >= 500:
                raise Unreachable(f"the token service answers {answer.status}")
            try:
                told = httpx.Response(200, content=answer.body).json()
                self._fetched = str(told["access_token"])
                lasts = float(told.get("expires_in", 3600))
            except (ValueError, KeyError, TypeError) as error:
                raise Stopped(
                    f"the token service answers {answer.status}, without a token"
                ) from error
            self._fetched_until = self._clock() + lasts - EARLY_S
        return self._fetched

    def _post(self, request: Request, *, zipped: bool) -> Answer:
        body, headers = request.body, dict(request.headers)
        if zipped and request.may_zip and len(body) >= LEAST_GZIP_BYTES:
            body = gzip.compress(body, 1, mtime=0)
            headers["content-encoding"] = "gzip"
        try:
            with self._client.stream(
                "POST", request.url, content=body, headers=headers
            ) as response:
                said = b""
                for piece in response.iter_bytes():
                    said += piece
                    if len(said) > MOST_ANSWER_BYTES:
                        raise Unreachable("its answer is larger than 16 MB")
                return Answer(response.status_code, said, _lower(response.headers))
        except (httpx.TransportError, httpx.DecodingError) as error:
            if isinstance(error, httpx.UnsupportedProtocol) or "CERTIFICATE_VERIFY" in str(error):
                raise Stopped(f"{self._address.shown}: {error}") from error
            words = str(error) or type(error).__name__
            raise Unreachable(f"{self._address.shown} cannot be reached: {words}") from error
        except (httpx.InvalidURL, ValueError) as error:
            raise Stopped(f"{self._address.shown}: {error}") from error


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _retry_after(answer: Answer, now: float) -> float | None:
    """Seconds to wait, from Retry-After as a number or a date; None where it says nothing.

    >>> _retry_after(Answer(429, b"", {"retry-after": "7"}), 0.0)
    7.0
    """
    said = answer.headers.get("retry-after")
    if said is None:
        return None
    try:
        return max(0.0, float(said))
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(said)
    except (ValueError, TypeError):
        return None
    moment = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds())
