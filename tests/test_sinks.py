"""Sinks: their samples, and what they write read back by readers that others keep."""

from __future__ import annotations

import email
import email.policy
import json
from datetime import datetime
from typing import Any

import pytest

from clew import registry
from clew.sinks import Sample, Told

NOW = datetime(2026, 1, 2, 12, 0, 0)


def told(way: str = "http", most: int = 0) -> Told:
    return Told("0.0", "clew-host", NOW, way, most)  # type: ignore[arg-type]


def written(
    name: str, given: Any, way: str = "http", state: str = "firing", **options: Any
) -> bytes:
    """The payload of a finding or an event."""
    sink = registry.load("sinks", name).sink(told(way), **options)
    payload: bytes = sink.event(given) if isinstance(given, dict) else sink.finding(given, state)
    return payload


SAMPLES = [
    pytest.param(name, sample, id=f"{name}: {sample.name}")
    for name in registry.names("sinks")
    for sample in registry.load("sinks", name).SAMPLES
]


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_a_sample_comes_out_as_it_says(name: str, sample: Sample) -> None:
    payload = written(name, sample.given, sample.way, sample.state, **sample.options)
    if isinstance(sample.payload, str):
        assert payload.decode() == sample.payload
    elif name == "email":
        mail = email.message_from_bytes(payload, policy=email.policy.default)
        assert {key: mail[key] for key in sample.payload} == sample.payload
    else:
        assert_within(sample.payload, json.loads(payload.splitlines()[-1]))


def assert_within(wanted: Any, found: Any) -> None:
    """Every part that is wanted is there."""
    if isinstance(wanted, dict):
        assert isinstance(found, dict), found
        for key, value in wanted.items():
            assert key in found, f"no {key} in {found}"
            assert_within(value, found[key])
    else:
        assert found == wanted
