"""A pod whose metric leaves its usual range while its service is slow is named in the findings of spans."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clew import pipeline
from clew.detections._span_cases import moment, requests
from clew.investigation import detect

POD = "features-7d9c6b5f48-x2x7k"
FIRST, LAST = 200, 240
"""Requests between which every second one is slow, one every six seconds."""


@pytest.mark.parametrize("is_wide", [True, False])
def test_the_pods_metric_stands_beside_its_slow_spans(tmp_path: Path, is_wide: bool) -> None:
    spans = requests(300, query_ms=lambda n: 400.0 if FIRST <= n < LAST and n % 2 else 10.0)
    path = tmp_path / "spans.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in spans))
    lines = ["timestamp,pod,cpu,memory" if is_wide else "timestamp,pod,metric,value"]
    for step in range(60):
        cpu = 0.9 if FIRST * 6 - 45 <= step * 30 < LAST * 6 else 0.3 + step % 5 / 100
        at = moment(step * 30_000)
        if is_wide:
            lines.append(f"{at},{POD},{cpu},{2e8 + step % 7 * 1e5}")
        else:
            lines.append(f"{at},{POD},cpu,{cpu}")
    metrics = tmp_path / "metrics.csv"
    metrics.write_text("\n".join(lines) + "\n")
    case = str(tmp_path / "case.duckdb")
    pipeline.ingest([str(path), str(metrics)], case=case)
    engine = pipeline.open_case(case, write=False)
    try:
        found = detect(engine, ["slow_dependency"]).findings
    finally:
        engine.close()
    said = [why for why in found[0].why if why.startswith(f"cpu of {POD} rose from 0.32 to 0.9")]
    assert len(said) == 1
    assert "before it was slow" in said[0]
    assert not any("memory" in why for why in found[0].why)
