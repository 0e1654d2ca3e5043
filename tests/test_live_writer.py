"""The spool and its writer in process: what is put aside, what waits, what a full queue answers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import duckdb
import pytest
from google.protobuf import any_pb2
from hypothesis import given
from hypothesis import strategies as st
from tests.serving import export, log_records, numbered

from clew.engines._duckdb_verify import verify
from clew.engines._wire import rows_line, rows_of
from clew.live.case import LiveEngine, open_live
from clew.live.coming import Batch
from clew.live.seen import SeenSpans
from clew.live.writer import Writer
from clew.sources._otlp_request import Checked, Inbox, Limits
from clew.sources._spool import Closed, Delivery, Finished, Full, Segment, Spool, Stored, replay
from clew.sources.otlp import HttpReceiver


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LiveEngine]:
    opened = open_live(str(tmp_path / "live.duckdb"))
    yield opened
    opened.close()


def batch(folder: Path, *bodies: bytes, signal: Any = "traces", name: str = "a") -> Batch:
    """Requests of one segment, and its end."""
    segment = Segment(name, signal, "proto", folder / f"{name}.{signal}.proto")
    items: list[Delivery] = []
    for body in bodies:
        items.append(Stored(segment, segment.size, body, 1))
        segment.sha256.update(body)
        segment.size += len(body)
    return Batch([*items, Finished(segment)])


def ledger(engine: LiveEngine) -> list[tuple[Any, ...]]:
    return engine.run("SELECT lines, events, rejects FROM sources ORDER BY position").rows


def test_a_request_that_cannot_become_rows_is_put_aside_and_blocks_no_other(
    engine: LiveEngine, tmp_path: Path
) -> None:
    released: list[int] = []
    writer = Writer(engine, released.append)
    bodies = [numbered(n * 10, 10) for n in range(4)]
    bodies.insert(2, b"\x0a\xff\xff\x00 no request")
    loaded = batch(tmp_path, *bodies)
    writer._load(loaded)
    assert ledger(engine) == [(41, 40, 1)]
    ((place, reason),) = engine.run("SELECT byte_offset, reason FROM rejects").rows
    assert place == len(bodies[0]) + len(bodies[1]) and reason.startswith("cannot be decoded: ")
    (kept,) = (tmp_path / "refused").iterdir()
    assert kept.read_bytes() == bodies[2]
    assert sum(released) == loaded.size and writer.tally.refused == 1
    assert verify(engine).ok


def test_a_case_that_refuses_is_tried_again_and_loses_nothing(
    engine: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when its disk is full for a while."""
    refusals = [duckdb.IOException("No space left on device")] * 2
    insert = LiveEngine.insert
    seen = []

    def refusing(self: LiveEngine, *arguments: Any) -> int:
        if refusals:
            seen.append(writer.tally.problem)
            raise refusals.pop()
        return insert(self, *arguments)

    monkeypatch.setattr(LiveEngine, "insert", refusing)
    monkeypatch.setattr("clew.live.writer.RETRY_S", 0.01)
    writer = Writer(engine, lambda size: None)
    writer._load(batch(tmp_path, numbered(1, 10)))
    assert seen == ["", "The case refused: No space left on device"]
    assert writer.tally.problem == ""
    assert ledger(engine) == [(10, 10, 0)] and verify(engine).ok


def test_a_batch_that_memory_is_too_small_for_is_loaded_in_parts(
    engine: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = LiveEngine.insert

    def refusing(self: LiveEngine, table: str, incoming: Any, names: Any) -> int:
        if len(incoming) > 10:
            raise duckdb.OutOfMemoryException("failed to allocate")
        return insert(self, table, incoming, names)

    monkeypatch.setattr(LiveEngine, "insert", refusing)
    writer = Writer(engine, lambda size: None)
    writer._load(batch(tmp_path, *(numbered(n * 5, 5) for n in range(8))))
    assert ledger(engine) == [(40, 40, 0)] and verify(engine).ok


def test_a_batch_that_failed_halfway_leaves_no_span_known(
    engine: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its second try would drop the spans as repeats, and logs with them."""
    writer = Writer(engine, lambda size: None)
    tried = []

    def failing(self: Writer, progress: object, part: object, rows: object) -> object:
        tried.append(1)
        found = fresh(self, progress, part, rows)  # type: ignore[arg-type]
        if len(tried) == 1:
            raise OSError(28, "No space left on device")
        return found

    fresh = Writer._fresh
    monkeypatch.setattr(Writer, "_fresh", failing)
    monkeypatch.setattr("clew.live.writer.RETRY_S", 0.01)
    writer._load(batch(tmp_path, log_records("a", "b"), signal="logs"))
    writer._load(batch(tmp_path, numbered(1, 3), name="b"))
    assert ledger(engine) == [(2, 2, 0), (3, 3, 0)]


@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=30), max_size=20))
def test_seen_spans_are_found_in_any_run(runs: list[list[int]]) -> None:
    import numpy as np

    seen = SeenSpans()
    for run in runs:
        seen.add(np.array(run, dtype=np.uint64))
    every = [value for run in runs for value in run]
    assert len(seen) == len(every)
    asked = np.array([*every, 12345, 2**64 - 1], dtype=np.uint64)
    assert seen.maybe(asked).tolist() == [value in every for value in asked.tolist()]


def test_a_spool_resolves_when_its_bytes_are_on_disk_and_is_full_at_its_limit(
    tmp_path: Path,
) -> None:
    delivered: list[Delivery] = []
    spool = Spool(tmp_path, delivered.extend, backlog_bytes=100)
    first = spool.put("logs", "json", b"{}" * 30, 1)
    first.result(timeout=10)
    (path,) = tmp_path.iterdir()
    assert [stored.body for stored in replay(Segment("x", "logs", "json", path))] == [b"{}" * 30]
    with pytest.raises(Full):
        spool.put("logs", "json", b"{}" * 30, 1)
    spool.release(60)
    second = spool.put("logs", "json", b"{}" * 30, 1)
    spool.close()
    assert second.done() and not second.exception()
    assert [type(item).__name__ for item in delivered] == ["Stored", "Stored", "Finished"]
    assert [item.byte_offset for item in delivered if isinstance(item, Stored)] == [0, 61]
    with pytest.raises(Closed):
        spool.put("logs", "json", b"{}", 1)


def test_many_requests_share_few_fsyncs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    synced: list[int] = []
    slow = threading.Event()
    monkeypatch.setattr(
        os, "fdatasync", lambda descriptor: (synced.append(descriptor), slow.wait(0.05))
    )
    spool = Spool(tmp_path, lambda items: None)
    waiting: list[Future[None]] = [spool.put("traces", "proto", b"x" * 9, 1) for _ in range(200)]
    for stored in waiting:
        stored.result(timeout=10)
    spool.close()
    assert len(synced) <= 10


class _Desk:
    """An inbox that refuses as it is told to."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.refusal = refusal

    def admit(self, caller: object) -> None: ...

    def check(self, body: bytes, signal: object, encoding: object) -> Checked:
        return Checked(1)

    async def store(self, *arguments: object) -> None:
        if self.refusal is not None:
            raise self.refusal

    def count(self, *arguments: object) -> None: ...


def answered(
    inbox: Inbox, messages: list[dict[str, Any]], limits: Limits | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one request to the receiver; messages that end leave it hanging."""
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not messages:
            await asyncio.sleep(60)
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/traces",
        "headers": [(b"content-type", b"application/x-protobuf")],
        "client": ("127.0.0.1", 5),
    }
    asyncio.run(HttpReceiver(inbox, limits)(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in said[0]["headers"]}
    return said[0]["status"], headers, said[1]["body"]


def body_of(data: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": data, "more_body": more}


@pytest.mark.parametrize(("refusal", "status"), [(Full(), 429), (Closed(), 503)])
def test_a_full_queue_and_a_full_disk_ask_to_come_back(refusal: Exception, status: int) -> None:
    code, headers, body = answered(_Desk(refusal), [body_of(export({}))])
    assert (code, headers["retry-after"]) == (status, "1")
    detail = any_pb2.Any.FromString(body[body.index(b"\n", 4) - 2 :].partition(b"\x1a")[2][1:])
    assert detail.type_url == "type.googleapis.com/google.rpc.RetryInfo"


def test_an_error_of_ours_is_told_and_harms_no_other(engine: LiveEngine) -> None:
    code, _, body = answered(_Desk(ZeroDivisionError("x")), [body_of(export({}))])
    assert code == 500 and b"BUG: ZeroDivisionError" in body
    assert answered(_Desk(), [body_of(export({}))])[0] == 200


def test_a_body_that_does_not_come_is_408_and_one_without_end_is_413() -> None:
    limits = Limits(body_bytes=1000, body_s=0.1)
    assert answered(_Desk(), [body_of(b"x", more=True)], limits)[0] == 408
    endless = [body_of(b"x" * 600, more=True)] * 5
    assert answered(_Desk(), endless, limits)[0] == 413
    left = [body_of(b"x", more=True), {"type": "http.disconnect"}]
    assert answered(_Desk(), left, limits)[0] == 408


def test_requests_that_are_read_at_once_share_a_bounded_memory() -> None:
    limits = Limits(body_bytes=1000, memory_bytes=500)
    assert answered(_Desk(), [body_of(b"x" * 600)], limits)[0] == 429
    assert answered(_Desk(), [body_of(b"x" * 400)], limits)[0] == 200


@given(
    st.lists(
        st.tuples(st.text(), st.integers(), st.floats(allow_nan=False), st.none(), st.binary())
    )
)
def test_rows_come_over_the_wire_as_they_were(rows: list[tuple[object, ...]]) -> None:
    assert rows_of(rows_line(rows)) == rows
