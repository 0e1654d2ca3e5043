"""One export: from the case into the spool, from the spool to the receiver.

The case is read at once, as fast as the disk takes it, so that a slow receiver keeps nobody from writing
to the case. Meanwhile the spool is sent.
"""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from clew import __version__, registry
from clew.config import Config, member_options
from clew.delivery.address import Address, read_address
from clew.delivery.sending import MOST_REASONS, Sending, Tally, Transport
from clew.delivery.spool import Spool
from clew.delivery.what import Wanted, event_items, finding_items
from clew.engines import Engine
from clew.errors import ClewError, ConfigError
from clew.model.finding import naive, rfc3339
from clew.sinks import HttpSink, Item, Sink, Told
from clew.sinks._syslog import MOST_UDP

MOST_DATAGRAM = 65_000


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where to, and how.

    sink     name of the sink
    to       as --to says it
    token    the credential, "" without one
    options  of the sink
    """

    sink: str
    to: str
    token: str = ""
    ca_file: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> Address:
        """The address read. Raises ConfigError."""
        return read_address(self.to, self.sink, registry.load("sinks", self.sink).OVER)


def configured(
    sink: str,
    settings: Config,
    *,
    to: str = "",
    token: str = "",
    extra: Mapping[str, Any] | None = None,
) -> Receiver:
    """The receiver that the settings describe; what is given here comes first. Raises ConfigError."""
    registry.load("sinks", sink)
    own = {**settings.sinks.get(sink, {}), **(extra or {})}
    place = to or str(own.get("to", ""))
    if not place:
        raise ConfigError(f"Where to? Write --to, or set sinks.{sink}.to.")
    token = token or str(own.get("token", "")) or settings.export.token
    options = {name: value for name, value in own.items() if name not in ("to", "token")}
    return Receiver(sink, place, token, settings.export.ca_file, options)


@dataclass(slots=True)
class Exported:
    """What an export tells.

    tally      what was sent, refused and waits
    spool      where the waiting stand; "" without any
    refused    the file of the refused ones; "" without any
    resumed    whether an earlier one was gone on with
    is_behind  whether that one asked for another time, or had asked before events came that are there now
    """

    tally: Tally
    spool: str = ""
    refused: str = ""
    resumed: bool = False
    is_behind: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One export.

    receiver           where to
    wanted             what of the case
    words              what the command said, before times were resolved: the same words are the same job
    folder             of spools, beside the case
    patience_s         how long the receiver may take nothing
    detection_options  by detection
    """

    receiver: Receiver
    wanted: Wanted
    words: Mapping[str, str | None]
    folder: Path
    patience_s: float
    detection_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The name of its folder: the same sink, address, options and words give the same."""
        to = self.receiver
        facts = [to.sink, to.to, sorted(to.options.items()), sorted(self.words.items())]
        text = json.dumps(facts, default=str)
        return f"{to.sink}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def export(
    open_engine: Callable[[], Engine],
    job: Job,
    *,
    now: datetime,
    told: Callable[[Tally], None] | None = None,
) -> Exported:
    """Sends what is wanted of a case, and goes on where the same job was killed or had to end.

    What a job that is gone on with did not see, since it came later, is sent behind it.

    open_engine  opens the case; it is not asked where the spool holds all already
    """
    check_takes(job.receiver.sink, job.wanted.what)
    done, through = _export(open_engine, job, now, told)
    if not done.is_behind or done.tally.problem or job.receiver.address.way == "file":
        return done
    more, _ = _export(open_engine, job, now, told, through)
    more.tally.sent += done.tally.sent
    more.tally.refused += done.tally.refused
    more.tally.reasons = [*done.tally.reasons, *more.tally.reasons][:MOST_REASONS]
    more.resumed, more.refused = True, more.refused or done.refused
    return more


def _export(
    open_engine: Callable[[], Engine],
    job: Job,
    now: datetime,
    told: Callable[[Tally], None] | None,
    through: bytes = b"",
) -> tuple[Exported, bytes]:
    """One job to its end, and the keys of what is through."""
    receiver, address = job.receiver, job.receiver.address
    sink = open_sink(receiver, address, now)
    facts = {
        "sink": receiver.sink,
        "to": address.shown,
        "what": job.wanted.what,
        "since": rfc3339(job.wanted.since),
        "until": rfc3339(job.wanted.until),
        "began": rfc3339(now),
    }
    transport: Transport | None = None
    filling: threading.Thread | None = None
    spool = Spool(job.folder / job.key, facts, segment_items=sink.most_items, through=through)
    try:
        bounds = ("since", "until")
        is_behind = spool.is_resumed and (
            spool.is_whole or any(spool.job[name] != facts[name] for name in bounds)
        )
        transport = open_transport(
            address, receiver, sink, spool.position, patience_s=job.patience_s
        )
        filling = None if spool.is_whole else _filling(open_engine(), job, sink, spool)
        tally = Sending(sink, transport, spool, patience_s=job.patience_s, told=told).run()
        if filling is not None:
            filling.join()
        keys = spool.through()
        done = _ended(spool, transport, tally)
        done.is_behind = is_behind
        return done, keys
    except ClewError:
        if filling is not None:
            filling.join()  # a process that ends while the engine closes in a thread is aborted
        spool.discard_if_empty()
        raise
    finally:
        if transport is not None:
            transport.close()
        spool.close()


def _filling(engine: Engine, job: Job, sink: Sink, spool: Spool) -> threading.Thread:
    """Spools what is wanted, as it was wanted when the job first began."""
    began = naive(spool.job["began"])
    assert began is not None, "BUG: a job without a beginning"
    wanted = replace(job.wanted, since=naive(spool.job["since"]), until=naive(spool.job["until"]))
    if wanted.what == "events":
        items = event_items(engine, wanted, sink, began, spool.is_seen)
    else:
        items = finding_items(engine, wanted, sink, began, job.detection_options, spool.is_seen)
    thread = threading.Thread(target=_fill, args=(spool, items, engine), daemon=True)
    thread.start()
    return thread


def _ended(spool: Spool, transport: Transport, tally: Tally) -> Exported:
    from clew.delivery.file import FileTransport

    tally.waiting = spool.waiting
    resumed = spool.is_resumed
    if tally.problem:
        refused = spool.folder / "refused.jsonl"
        where = str(refused) if refused.exists() else ""
        return Exported(tally, str(spool.folder), where, resumed)
    if isinstance(transport, FileTransport):
        transport.finish()
    kept = spool.finish()
    return Exported(tally, "", str(kept or ""), resumed)


def _fill(spool: Spool, items: Iterator[Item], engine: Engine) -> None:
    try:
        spool.add(items)
        spool.close_job()
    except BaseException as error:
        spool.fail(error)
    finally:
        engine.close()


def check_takes(sink: str, what: str) -> None:
    """Raises ConfigError where a sink takes no such thing."""
    takes = registry.load("sinks", sink).TAKES
    if what not in takes:
        raise ConfigError(f"{sink} takes {' and '.join(takes)}, not {what}.")


def open_sink(receiver: Receiver, address: Address, now: datetime) -> Sink:
    """The sink with its options."""
    module = registry.load("sinks", receiver.sink)
    given = dict(receiver.options)
    if address.way == "smtp":
        from clew.delivery.mail import addressed

        given |= addressed(address)
    most = 0
    if address.scheme == "udp":
        most = MOST_UDP if address.way == "syslog" else MOST_DATAGRAM
    told = Told(__version__, socket.gethostname(), now, address.way, most)
    sink: Sink = module.sink(told, **member_options(module.sink, given))
    return sink


def open_transport(
    address: Address, receiver: Receiver, sink: Any, position: int, *, patience_s: float = 30.0
) -> Transport:
    """The way to the receiver."""
    if address.way == "http":
        from clew.delivery.http import HttpTransport

        assert isinstance(sink, HttpSink), f"BUG: {receiver.sink} says that it travels over http"
        return HttpTransport(
            address, sink, receiver.token, ca_file=receiver.ca_file, patience_s=patience_s
        )
    if address.way == "smtp":
        from clew.delivery.mail import MailTransport

        return MailTransport(
            address,
            sink.sender,
            sink.recipients,
            user=sink.user,
            password=receiver.token,
            ca_file=receiver.ca_file,
        )
    if address.way == "file":
        from clew.delivery.file import FileTransport

        return FileTransport(address.text, position=position, as_mbox=receiver.sink == "email")
    from clew.delivery.sockets import DatagramTransport, StreamTransport

    if address.scheme == "udp":
        return DatagramTransport(address)
    is_counted = address.way == "syslog" and sink.is_counted
    return StreamTransport(address, is_counted=is_counted, ca_file=receiver.ca_file)


def spool_folder(case: str) -> Path:
    """Where the spools of a case stand: beside its file."""
    if "://" in case:
        return Path("clew.export")
    path = Path(case).resolve()
    return path.with_name(path.name + ".export")
