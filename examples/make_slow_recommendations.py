"""Records the example: recommendations of five services, slow for households; then the mended ones.

slow-recommendations/before/   feature-store 1.8.0: a household's features cost a full scan
slow-recommendations/after/    feature-store 1.8.1: the same requests, with the index
    traces.json.gz, metrics.json   as the OpenTelemetry Collector's file exporter writes them
    <service>.log                  each service's own log: JSON lines with trace ids
slow-recommendations.truth.json    the cause and its requests, by the stopwatch of the feature store
                                   around its statements and of this client around its requests

The services are real (recommendation_services/): processes on free ports of loopback, which end
with this one. The requests are the same for every run with the same seed. Durations and ids are
as they were measured; only the clock is moved, to a fixed date. Needs what the tests need
(requirements/test.txt): the OpenTelemetry SDK and its instrumentations.

    python examples/make_slow_recommendations.py [FOLDER] [--requests 220]
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from recommendation_services import collector, feature_database  # noqa: E402
from recommendation_services.callers import Answered, Asked, planned, sent, warm_up  # noqa: E402
from recommendation_services.model_server import is_refused_first  # noqa: E402
from recommendation_services.running import SERVICES, running  # noqa: E402

SEED = 20261120
VERSIONS = {"gateway": "4.2.0", "auth": "2.0.3", "aggregator": "3.7.1", "model-server": "5.1.0"}
ENTRY = "GET /v1/recommendations/{user_id}"
NS = 1_000_000_000


@dataclass(frozen=True)
class Phase:
    name: str
    version: str
    starts: datetime


PHASES = (
    Phase("before", "1.8.0", datetime(2026, 11, 20, 10, 0, tzinfo=UTC)),
    Phase("after", "1.8.1", datetime(2026, 11, 20, 10, 30, tzinfo=UTC)),
)


@dataclass(frozen=True)
class Recorded:
    """One phase: its telemetry with the clock moved, and what was measured beside it."""

    phase: Phase
    answers: list[Answered]
    statements: list[dict[str, Any]]
    traces: list[Any]
    metrics: list[Any]
    logs: dict[str, list[dict[str, Any]]]


def main(folder: Path, requests: int = 220) -> None:
    example = folder / "slow-recommendations"
    plan = planned(random.Random(SEED), requests)
    with tempfile.TemporaryDirectory() as work:
        database = Path(work) / "features.db"
        feature_database.make(database)
        runs = [recorded(phase, plan, database, Path(work) / phase.name) for phase in PHASES]
    told = {run.phase.name: kept(run, example / run.phase.name) for run in runs}
    truth = json.dumps(truth_of(told), indent=1)
    (folder / "slow-recommendations.truth.json").write_text(truth + "\n", encoding="utf-8")


def recorded(phase: Phase, plan: Sequence[Asked], database: Path, work: Path) -> Recorded:
    """Runs the phase's services, sends the requests, and takes in what both leave behind."""
    work.mkdir()
    versions = VERSIONS | {"feature-store": phase.version}
    with (
        collector.Collector() as received,
        running(versions, database, work, received.url) as entry,
    ):
        warm = asyncio.run(sent(entry, warm_up()))
        began_ns = time.time_ns()
        answers = asyncio.run(sent(entry, plan))
    moved_ns = int(phase.starts.timestamp()) * NS - began_ns
    forgotten = {answer.trace_id for answer in warm}
    traces = [
        collector.without(message, {bytes.fromhex(name) for name in forgotten})
        for message in received.traces
    ]
    traces = [message for message in traces if message.resource_spans]
    for message in (*traces, *received.metrics):
        collector.shift(message, moved_ns)
    notes = _json_lines(work / "stopwatch.jsonl")
    return Recorded(
        phase,
        answers,
        [note for note in notes if note["trace_id"] not in forgotten],
        traces,
        received.metrics,
        {name: _log(work / f"{name}.log", forgotten, moved_ns) for name in SERVICES},
    )


def _json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _log(path: Path, forgotten: set[str], moved_ns: int) -> list[dict[str, Any]]:
    """The lines of a log without those of the forgotten traces, with the clock moved."""
    lines = [line for line in _json_lines(path) if line.get("trace_id") not in forgotten]
    for line in lines:
        at = datetime.fromisoformat(line["timestamp"]) + timedelta(microseconds=moved_ns // 1000)
        line["timestamp"] = f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"
    return lines


def kept(run: Recorded, folder: Path) -> dict[str, Any]:
    """Writes a phase's files; returns what is true of it."""
    folder.mkdir(parents=True, exist_ok=True)
    traces = "".join(f"{collector.written(message)}\n" for message in run.traces)
    (folder / "traces.json.gz").write_bytes(gzip.compress(traces.encode(), 9, mtime=0))
    metrics = "".join(f"{collector.written(message)}\n" for message in run.metrics)
    (folder / "metrics.json").write_text(metrics, encoding="utf-8", newline="\n")
    for name, lines in run.logs.items():
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        (folder / f"{name}.log").write_text(text, encoding="utf-8", newline="\n")
    spans = list(collector.spans_of(run.traces))
    held = {span.span_id.hex() for _, span in spans}
    named = {line["span_id"] for lines in run.logs.values() for line in lines if "span_id" in line}
    if named - held:
        raise SystemExit(f"{len(named - held)} spans that a log names did not reach the collector.")
    return {
        "service_version": run.phase.version,
        "start": _time(min(span.start_time_unix_nano for _, span in spans)),
        "end": _time(max(span.end_time_unix_nano for _, span in spans) + 1000),
        "spans": len(spans),
        "trace_lines": len(run.traces),
        "metric_lines": len(run.metrics),
        "log_lines": {f"{name}.log": len(lines) for name, lines in run.logs.items()},
        **_measured(run),
    }


def _time(nanoseconds: int) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=nanoseconds // 1000)
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"


def _measured(run: Recorded) -> dict[str, Any]:
    """The requests of a phase by the client's clock, their statements by the store's."""
    served = [a for a in run.answers if a.asked.user_id and a.status == 200]
    household_ms = {
        note["trace_id"]: note["ms"]
        for note in run.statements
        if note["statement"] == feature_database.HOUSEHOLD
    }
    asked = [a for a in served if a.trace_id in household_ms]
    others = [a for a in served if a.trace_id not in household_ms]
    return {
        "requests": len(run.answers),
        "entry_point_requests": sum(1 for a in run.answers if a.asked.user_id),
        "refused_trace_ids": [a.trace_id for a in run.answers if a.status == 401],
        "retried_trace_ids": [a.trace_id for a in served if is_refused_first(a.asked.request_id)],
        "full_scans": sum(note["is_scan"] for note in run.statements),
        "statements": len(run.statements),
        "household_requests": [
            {
                "trace_id": a.trace_id,
                "request_id": a.asked.request_id,
                "user_id": a.asked.user_id,
                "request_ms": a.ms,
                "statement_ms": household_ms[a.trace_id],
            }
            for a in asked
        ],
        "household_request_ms": _spread([a.ms for a in asked]),
        "household_statement_ms": _spread(list(household_ms.values())),
        "other_request_ms": _spread([a.ms for a in others]),
    }


def _spread(values: list[float]) -> dict[str, float]:
    return {
        "min": min(values),
        "median": round(statistics.median(values), 3),
        "max": max(values),
    }


def truth_of(told: dict[str, Any]) -> dict[str, Any]:
    before, after = told["before"], told["after"]
    return {
        "seed": SEED,
        "cause": {
            "kind": "slow_dependency",
            "service": "feature-store",
            "span_name": "SELECT",
            "entry_service": "gateway",
            "entry_span_name": ENTRY,
            "db_query": feature_database.HOUSEHOLD,
            "plan": "SCAN interactions",
            "rows_read": feature_database.INTERACTIONS,
            "missing_index": feature_database.INDEX,
            "segment": "household",
            "log_message": "full scan of interactions",
        },
        "improvement_ms": {
            name: round(before[name]["median"] - after[name]["median"], 3)
            for name in ("household_request_ms", "household_statement_ms", "other_request_ms")
        },
        **told,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path, default=HERE)
    parser.add_argument("--requests", type=int, default=220)
    options = parser.parse_args()
    main(options.folder, options.requests)
