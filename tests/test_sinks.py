"""Sinks: their samples, and what they write read back by readers that others keep."""

from __future__ import annotations

import email
import email.policy
import json
import re
from dataclasses import replace
from datetime import datetime
from typing import Any

import pycef
import pytest
from hypothesis import given
from hypothesis import strategies as st
from py_ocsf_models.events.findings.detection_finding import DetectionFinding
from syslog_rfc5424_parser import SyslogMessage

from clew import registry
from clew.model.escape import visible
from clew.model.finding import Evidence, Finding
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


def line_text() -> st.SearchStrategy[str]:
    """What a stranger may write: marks of every format, control characters, other scripts."""
    hostile = st.sampled_from(list('|=\\"]\n\r\t<>&^%\x00\x1b\x7f\x9b\u202e\u2028é漢😀 a1'))
    return st.text(hostile | st.characters(exclude_categories=("Cs",)), max_size=60)


def row(text: str) -> dict[str, Any]:
    """An event with that text wherever text may be."""
    return {
        "event_id": "00d1f6a2c3b4e5f6",
        "timestamp": datetime(2026, 1, 2, 3, 4, 5),
        "source_format": text,
        "host": text,
        "message": text,
        "user_id": text,
        "url_path": text,
        "client_ip": text,
        "http_status": 200,
        "attributes": {text: text},
    }


def finding(text: str) -> Finding:
    """A finding with that text wherever text may be."""
    line = Evidence("00d1f6a2c3b4e5f6", text, 1, 0, datetime(2026, 1, 2), text)
    return Finding(
        kind="scanner",
        title=text,
        severity="high",
        confidence=0.5,
        start=datetime(2026, 1, 2),
        end=None,
        subject={"user_id": text, "client_ip": text},
        measures={"events": 3, "share": None},
        evidence=(line,),
        why=(text,),
        recommendations=(text,),
        references=("attack.t1595",),
    )


def strings(value: Any) -> list[str]:
    """Every text of a document, keys included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [part for pair in value.items() for item in pair for part in strings(item)]
    return [part for item in value for part in strings(item)] if isinstance(value, list) else []


@pytest.mark.parametrize("name", registry.names("sinks"))
@given(text=line_text())
def test_whatever_a_text_holds_a_payload_is_one_line_that_acts_on_no_terminal(
    name: str, text: str
) -> None:
    module = registry.load("sinks", name)
    payloads = [(written(name, finding(text), way), way) for way in ("file", "http")]
    if "events" in module.TAKES:
        payloads += [(written(name, row(text), way), way) for way in ("file", "syslog")]
    for payload, _ in payloads:
        lines = payload.decode().split("\n")
        if name == "email":
            head = payload.split(b"\r\n\r\n")[0]
            assert head.count(b"Subject:") == 1 and b"\x1b" not in payload
            continue
        assert len(lines) == (2 if name == "elasticsearch" else 1)
        for line in lines:
            assert not any(c in line for c in "\r\x00\x1b\x7f\x9b\u202e\u2028")


@given(text=line_text())
def test_pycef_reads_every_value_back(text: str) -> None:
    event = pycef.parse(written("cef", row(text), "syslog").decode())
    assert event["DeviceVendor"] == "Clew" and event["externalId"] == "00d1f6a2c3b4e5f6"
    if text.strip():
        said = unescaped(event["msg"])
        assert said.strip() == visible_lines(text).strip()
        assert unescaped(event["suser"]).strip() == visible_lines(text).strip()


def unescaped(value: str) -> str:
    """A value of CEF's extension without its escapes."""
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), value)


def visible_lines(text: str) -> str:
    return "\n".join(visible(line) for line in text.replace("\r\n", "\n").split("\n"))


@given(text=line_text())
def test_a_leef_attribute_ends_where_its_tab_is(text: str) -> None:
    line = written("leef", row(text)).decode()
    head, _, said = line.partition("|x09|")
    assert len(head.split("|")) == 5
    pairs = dict(part.split("=", 1) for part in said.split("\t"))
    assert pairs["msg"] == visible(text) and pairs["usrName"] == visible(text)


@given(text=line_text())
def test_a_syslog_parser_reads_structured_data_back(text: str) -> None:
    message = SyslogMessage.parse(written("syslog", row(text), "syslog").decode())
    data = message.sd["clew@32473"]
    assert data["event_id"] == "00d1f6a2c3b4e5f6"
    assert message.appname == "clew"
    if text:
        value = re.sub(r'\\(["\\\]])', r"\1", data["user_id"])  # the parser leaves escapes in
        assert value == visible(text)
        assert message.msg == visible(text)


@given(text=line_text())
def test_ocsf_findings_are_detection_findings(text: str) -> None:
    told = DetectionFinding.model_validate_json(written("ocsf", finding(text)))
    assert told.class_uid == 2004 and told.type_uid == 200401
    assert told.finding_info.title == text and told.severity_id == 4
    assert told.finding_info.attacks[0].technique.uid == "T1595"


@given(text=line_text())
def test_json_sinks_keep_every_text(text: str) -> None:
    for name in (
        "jsonl",
        "splunk_hec",
        "datadog",
        "sentinel",
        "webhook",
        "elasticsearch",
        "secops",
    ):
        document = json.loads(written(name, row(text)).splitlines()[-1])
        assert text in strings(document), name


@given(text=line_text())
def test_slack_and_teams_have_no_markup_from_a_text(text: str) -> None:
    slack = json.loads(written("slack", finding(text)))
    assert not re.search(r"<(?![^>]*&gt;)", slack["text"])
    assert "<" not in slack["text"] and ">" not in slack["text"]
    for block in slack["blocks"]:
        for part in [block.get("text"), *block.get("fields", ()), *block.get("elements", ())]:
            assert part is None or part["type"] == "plain_text"
    card = json.loads(written("teams", finding(text)))["attachments"][0]["content"]
    assert {element["type"] for element in card["body"]} == {"RichTextBlock"}


@pytest.mark.parametrize(
    ("name", "most", "way"),
    [
        ("slack", 40_000, "http"),
        ("teams", 28_000, "http"),
        ("pagerduty", 512_000, "http"),
        ("webhook", 256_000, "http"),
        ("splunk_hec", 1_000_000, "http"),
        ("datadog", 1_000_000, "http"),
        ("elasticsearch", 1_100_000, "http"),
        ("sentinel", 1_000_000, "http"),
        ("secops", 1_000_000, "http"),
        ("syslog", 8_192, "syslog"),
        ("cef", 8_192, "syslog"),
        ("leef", 8_192, "syslog"),
        ("email", 1_000_000, "smtp"),
    ],
)
def test_what_is_too_long_for_its_receiver_is_cut_with_a_mark(
    name: str, most: int, way: str
) -> None:
    long = "漢" * 600_000
    evidence = Evidence("00d1f6a2c3b4e5f6", "a.log", 1, 0, NOW, long)
    huge = replace(finding(long), evidence=(evidence,) * 20, why=(long,) * 30)
    payload = written(name, huge, way)
    assert len(payload) <= most
    assert "more" in payload.decode() or "cut" in payload.decode()
    if "events" in registry.load("sinks", name).TAKES:
        attributes = {f"key{n}": "x" * 100 for n in range(50_000)}
        payload = written(name, {**row(long), "attributes": attributes}, way)
        assert len(payload) <= most
        assert "00d1f6a2c3b4e5f6" in payload.decode()


@given(text=line_text())
def test_a_datagram_is_never_too_long(text: str) -> None:
    for name in ("syslog", "cef", "leef"):
        sink = registry.load("sinks", name).sink(told("syslog", 2_048))
        assert len(sink.event(row(text * 200))) <= 2_048
        assert len(sink.finding(finding(text * 200), "firing")) <= 2_048


def test_a_mail_is_read_back() -> None:
    mail = email.message_from_bytes(
        written("email", finding("a\r\nBcc: x@example.com"), "smtp"), policy=email.policy.default
    )
    assert mail["Bcc"] is None
    assert "a\\r\\nBcc: x@example.com" in mail["Subject"]
    assert mail["Message-ID"].endswith(".firing@clew.invalid>")
    assert "a\\r\\nBcc" in mail.get_content()
