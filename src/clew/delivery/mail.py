"""Mail, by SMTP: smtp://HOST:PORT?to=A,B&from=C with STARTTLS where it is offered, or smtps://."""

from __future__ import annotations

import contextlib
import email
import smtplib
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from clew.delivery.address import Address
from clew.delivery.certificates import trusting
from clew.delivery.sending import Reply, Stopped, Unreachable
from clew.errors import ConfigError
from clew.sinks import TAKEN, Item, Verdict
from clew.sinks._mail import POLICY

TIMEOUT_S = 30.0


def addressed(address: Address) -> dict[str, str]:
    """The options of the sink that stand in --to: recipients and sender."""
    query = parse_qs(urlsplit(address.text).query)
    found = {"recipients": ",".join(query.get("to", [])), "sender": ",".join(query.get("from", []))}
    return {name: value for name, value in found.items() if value}


class MailTransport:
    """A session with a mail server."""

    confirm_every = 1

    def __init__(
        self,
        address: Address,
        sender: str,
        recipients: Sequence[str],
        *,
        user: str = "",
        password: str = "",
        ca_file: str = "",
    ) -> None:
        if not recipients:
            raise ConfigError(
                "Who gets the mail? Set sinks.email.recipients, or write --to smtp://HOST:PORT?to=ADDRESS."
            )
        self._address, self._sender, self._recipients = address, sender, list(recipients)
        self._user, self._password = user, password
        self._context = trusting(ca_file)
        self._session: smtplib.SMTP | None = None

    def send(self, items: Sequence[Item]) -> Reply:
        """A mail each. Raises Unreachable."""
        return Reply([self._send(item) for item in items])

    def confirm(self) -> int:
        """Each answer has said it."""
        return 0

    def close(self) -> None:
        """Says goodbye."""
        if self._session is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._session.quit()
        self._session = None

    def _send(self, item: Item) -> Verdict:
        mail = email.message_from_bytes(item.payload, policy=POLICY)
        try:
            refused = self._open().send_message(
                mail, from_addr=self._sender, to_addrs=self._recipients
            )
        except smtplib.SMTPRecipientsRefused as error:
            return _of_codes([code for code, _ in error.recipients.values()], str(error))
        except smtplib.SMTPResponseException as error:
            self.close()
            words = f"{error.smtp_code} {error.smtp_error!r}"
            return Verdict("later" if error.smtp_code < 500 else "refused", words)
        except (smtplib.SMTPException, OSError) as error:
            self._session = None
            raise Unreachable(f"{self._address.shown} cannot be reached: {error}") from error
        if refused:
            return Verdict("refused", f"some of the recipients were refused: {', '.join(refused)}")
        return TAKEN

    def _open(self) -> smtplib.SMTP:
        if self._session is not None:
            return self._session
        place = (self._address.host, self._address.port)
        if self._address.scheme == "smtps":
            session: smtplib.SMTP = smtplib.SMTP_SSL(
                *place, timeout=TIMEOUT_S, context=self._context
            )
        else:
            session = smtplib.SMTP(*place, timeout=TIMEOUT_S)
            session.ehlo()
            if session.has_extn("starttls"):
                session.starttls(context=self._context)
                session.ehlo()
            elif self._password and not self._address.is_local:
                session.close()
                raise Stopped(f"{self._address.shown} offers no encryption: no password is sent")
        if self._password and self._user:
            try:
                session.login(self._user, self._password)
            except smtplib.SMTPAuthenticationError as error:
                session.close()
                raise Stopped(f"{self._address.shown} refuses the password") from error
        self._session = session
        return session


def _of_codes(codes: Sequence[int], words: str) -> Verdict:
    return Verdict("later" if all(code < 500 for code in codes) else "refused", words[:300])
