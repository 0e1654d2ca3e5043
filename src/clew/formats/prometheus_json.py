"""Answers of Prometheus' query API, as curl or a dashboard saves them: instant and range queries.

Reads     {"status": "success", "data": {"resultType": ..., "result": [...]}}: a matrix or a vector, one
          document or several; Thanos, Mimir and VictoriaMetrics answer alike
Returns   an event a sample, with __name__ as metric_name; labels such as pod, namespace, container and
          instance as their columns, others as attributes. Of a native histogram its sum
Units     as measured; `line` counts samples, `byte_offset` is their document's
Blind to  what was asked: a result of functions has no name, so its metric_name is `unnamed`
Source    https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from clew.errors import InputError
from clew.formats import Settings
from clew.formats._fields import spelling_of
from clew.formats._telemetry.batches import Message, MessageParser, elements_of
from clew.formats._telemetry.gathered import Gathered
from clew.formats._telemetry.points import OWNERS, Metric, Point, Points
from clew.formats._telemetry.signals import Rows, Scope
from clew.model.case import Sample
from clew.sources.files import Block

BEGIN = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:status|data)"\s*:')
KEYS = (b'"resultType"', b'"result"')
OF_LOGS = re.compile(rb'"resultType"\s*:\s*"streams"')
"""Loki's answer, whose results are lines."""
HEAD = 65_536
UNNAMED = "unnamed"
NAME = "__name__"


def sniff(head: bytes) -> float:
    """Whether it begins with an answer that says what type its result is."""
    start = head[:HEAD]
    is_answer = BEGIN.match(start) and all(key in start for key in KEYS)
    return 0.97 if is_answer and not OF_LOGS.search(start) else 0.0


def parse(head: bytes, settings: Settings) -> MessageParser:
    """A parser of one document, or of several."""
    return MessageParser(settings, _documents, {"answer": _rows})


def _documents(blocks: Iterable[Block]) -> Iterator[Message]:
    for place, document in elements_of(blocks, is_array=False):
        yield Message(place, document, ("answer",))


def _rows(payloads: Sequence[bytes]) -> Rows:
    points = Points(Gathered())
    for number, payload in enumerate(payloads):
        for series in _series(payload):
            labels = {str(name): str(value) for name, value in series.get("metric", {}).items()}
            metric = Metric(labels.pop(NAME, "") or UNNAMED, "", "", "gauge")
            owner, rest = _owner(labels)
            points.gathered.scopes.append(Scope(owner))
            scope = len(points.gathered.scopes) - 1
            points.add(number, metric, list(_points(series, rest)), scope=scope)
    return points.rows()


def _series(payload: bytes) -> list[dict[str, Any]]:
    """The series of one answer. Raises InputError where it has none."""
    try:
        found = json.loads(payload.decode(errors="replace"), strict=False)
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON: {error}") from error
    answer = found.get("data") if isinstance(found, dict) else None
    result = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(result, list):
        said = found.get("error") if isinstance(found, dict) else None
        raise InputError(f"an answer without a result: {said or 'no error is stated'}")
    if answer.get("resultType") == "scalar":
        return [{"value": result}]
    is_whole = all(isinstance(s, dict) and isinstance(s.get("metric", {}), dict) for s in result)
    if answer.get("resultType") not in ("matrix", "vector") or not is_whole:
        raise InputError(f"a result of type {answer.get('resultType')}: no matrix and no vector")
    return result


def _owner(labels: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Labels that say whose a number is, as attributes of a resource; and the others."""
    owner: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for name, value in labels.items():
        spelling = spelling_of(name)
        key = OWNERS.get(spelling.column) if spelling else None
        if key and key not in owner:
            owner[key] = value
        else:
            rest[name] = value
    return owner, rest


def _points(series: dict[str, Any], labels: dict[str, Any]) -> Iterator[Point]:
    """Samples of [seconds, "value"]; of a histogram [seconds, {"count", "sum", "buckets"}]."""
    pairs = [series[key] for key in ("value", "histogram") if key in series]
    for key in ("values", "histograms"):
        pairs += series[key] if isinstance(series.get(key), list) else []
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2 or _number(pair[0]) is None:
            raise InputError(f"a sample that is no pair of time and value: {str(pair)[:80]}")
        other: dict[str, Any] = {}
        value = pair[1]
        if isinstance(value, dict):
            other = {
                "metric.count": _number(value.get("count")),
                "metric.buckets": value.get("buckets"),
            }
            value = value.get("sum")
        yield Point(
            round(float(pair[0]) * 1_000_000) * 1000,
            value=_number(value),
            attributes=labels,
            other={name: said for name, said in other.items() if said is not None},
        )


def _number(value: Any) -> float | None:
    """Prometheus writes numbers as text; NaN and the infinities are none."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


SAMPLES = [
    Sample(
        '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":'
        '"container_cpu_usage","pod":"cart-7d9c6b5f48-x2x7k","namespace":"shop","cpu":"total",'
        '"instance":"192.0.2.7:10250"},"values":[[1763629200,"0.25"],[1763629215.5,"NaN"]]},'
        '{"metric":{"pod":"cart-0"},"values":[[1763629200,"3"]]}]}}\n',
        [
            {
                "timestamp": "2025-11-20T09:00:00Z",
                "metric_name": "container_cpu_usage",
                "metric_value": 0.25,
                "k8s_pod": "cart-7d9c6b5f48-x2x7k",
                "k8s_namespace": "shop",
                "service_instance": "192.0.2.7:10250",
                "attributes.cpu": "total",
            },
            {"timestamp": "2025-11-20T09:00:15.500000Z", "metric_value": None},
            {"metric_name": "unnamed", "metric_value": 3.0, "k8s_pod": "cart-0"},
        ],
        name="a range query",
    ),
    Sample(
        '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up"},'
        '"value":[1763629200.25,"1"]}]}}\n{"status":"error","errorType":"bad_data","error":"no"}\n',
        [{"timestamp": "2025-11-20T09:00:00.250000Z", "metric_name": "up", "metric_value": 1.0}],
        name="an instant query, and one that failed",
        rejects=1,
    ),
]
