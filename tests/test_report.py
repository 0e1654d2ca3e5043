"""Reports: what they say is what the case says, and nothing in them acts."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.engines import Bench

from clew import ingest, open_case, registry
from clew.cli import main
from clew.cli.render import findings
from clew.investigation import detect
from clew.model.finding import Evidence, Finding, Investigation
from clew.query.traces import example_of
from clew.reports._asking import Asking
from clew.reports._contents import document_of

HOSTILE = "</pre><script>alert(1)</script>\u202e<img src=http://evil.example.com/x onerror=x>`|*[x](javascript:y)"
CALL = {
    "model": "gpt-4o",
    "provider": "openai",
    "prompt_tokens": 1000,
    "completion_tokens": 100,
    "latency_ms": 900,
}


def row(minute: int, **fields: Any) -> dict[str, Any]:
    at = f"2026-11-20T{9 + minute // 60:02d}:{minute % 60:02d}:00Z"
    return {"timestamp": at, "request_id": f"r{minute}", **CALL, **fields}


ROWS = [
    *(row(minute, user_id="ann", team="search", api_key_hash="k1") for minute in range(8)),
    *(row(minute, user_id=HOSTILE, team="chat", api_key_hash="k2") for minute in range(60, 62)),
    row(90, user_id="bob", team="chat", model="own-7b", provider=None),
    row(91, user_id="bob", team="chat", prompt_tokens=None, completion_tokens=None),
    row(92, user_id="bob", team="chat", prompt_tokens=None, completion_tokens=None, status=429),
]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    log = folder / "calls.jsonl"
    log.write_text(
        "".join(f"{json.dumps({k: v for k, v in r.items() if v is not None})}\n" for r in ROWS)
    )
    ingest([str(log)], case=str(folder / "clew.duckdb"))
    return str(folder / "clew.duckdb")


@pytest.fixture(scope="module")
def texts(case: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The report of the case by its ending."""
    return {
        ending: written(case, tmp_path_factory.mktemp(ending), f"cost.{ending}")
        for ending in ("md", "html")
    }


class Page(HTMLParser):
    """The tags of a page, their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def written(case: str, tmp_path: Path, name: str, *flags: str) -> str:
    path = tmp_path / name
    assert main(["report", "--case", case, "-o", str(path), *flags]) == 0
    assert [left.name for left in tmp_path.iterdir()] == [name]
    return path.read_text()


def finding(title: str, saving: float | None, **fields: Any) -> Finding:
    proof = Evidence("e1", "calls.jsonl", 7, 90, datetime(2026, 11, 20, 9), HOSTILE)
    at = datetime(2026, 11, 20, 9)
    return Finding(
        kind="redundant_requests", title=title, severity="medium", confidence=0.8, start=at, end=at,
        subject={"user_id": HOSTILE}, measures={"saving_usd": saving}, evidence=(proof,),
        why=("because it repeats",), recommendations=("Cache it.",), id=title, **fields,
    )  # fmt: skip


def test_the_summary_and_the_tables_say_what_the_analyses_say(texts: dict[str, str]) -> None:
    # gpt-4o: 1,000 at $2.50 and 100 at $10 a million are $0.0035; ten such calls have a price
    text = texts["md"].replace("\\", "")
    assert "13 AI calls cost $0.04." in text
    assert "Without a price: 2 calls (15.4 %)" in text and "Failed: 1 call (7.7 %)." in text
    assert "The user that spent most is ann: $0.03 (80.0 %) with 8 calls." in text
    for owner in ("user", "team", "API key", "model", "provider"):
        assert f"| {owner} | calls | cost | share | unpriced calls | failed calls |" in text
    assert "| ann | 8 | $0.03 | 80.0 % | 0 | 0 | 8,000 | 800 |" in text
    assert "| bob | 3 | – | – | 2 | 1 | 1,000 | 100 |" in text
    assert "| own-7b | (not stated) | no price known | 1 | 1,100 |" in text
    assert "| gpt-4o | openai | no tokens stated | 1 | – |" in text
    prices = re.search(r"## Prices used\n\n.*?\n\n", text, re.DOTALL)
    assert prices and "genai-prices" in prices[0] and "| 10 | $0.04 |" in prices[0]
    sources = text.split("## Sources")[1]
    assert "| calls.jsonl | jsonl | 13 | 13 | 0 | 0 | 0 |" in sources
    assert re.search(r"\| [0-9a-f]{64} \|", sources)


def test_the_page_stands_alone_and_nothing_in_it_acts(texts: dict[str, str]) -> None:
    text = texts["html"]
    page = Page(text)
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "img", "iframe", "link", "object", "embed", "a", "form", "base"}
    attributes = {name for _, given in page.tags for name in given}
    assert not {name for name in attributes if name.startswith("on")} | attributes & {
        "src",
        "href",
        "style",
    }
    policy = [given["content"] for _, given in page.tags if "http-equiv" in given]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]
    assert "url(" not in text and "@import" not in text and "prefers-color-scheme: dark" in text
    assert sum(tag == "svg" for tag, _ in page.tags) >= 6
    assert "<script>alert(1)" in page.words and "\u202e" not in text
    assert "13 AI calls cost $0.04." in page.words


def test_markdown_keeps_hostile_text_as_text(texts: dict[str, str]) -> None:
    text = texts["md"]
    assert "<script" not in text.replace("\\<", "") and "](javascript" not in text.replace(
        "\\]", ""
    )
    tables = [line for line in text.splitlines() if "alert" in line and line.startswith("|")]
    assert tables and all(len(re.findall(r"(?<!\\)\|", line)) == 9 for line in tables)


def test_savings_are_listed_and_said_not_to_add_up(case: str) -> None:
    found = Investigation(
        (
            finding("one", 2.5),
            replace(finding("two", 4.0), title=f"two {HOSTILE}"),
            finding("three", None),
        ),
        not_evaluable=("x is not evaluable: needs y.",),
    )
    engine = open_case(case, write=False)
    document = document_of(Asking(engine), found, made=datetime(2026, 11, 21), version="1")
    engine.close()
    assert any(said.startswith("To save $4.00: two") for said in document.summary)
    for format in registry.names("reports"):
        text = registry.load("reports", format).written(document).replace("\\", "")
        words = Page(text).words if format == "html" else text
        assert "2 findings: $6.50 taken together, at most." in words and "do not add up" in words
        assert words.index("$4.00") < words.index("$2.50")
        assert (
            "Cache it." in words
            and "because it repeats" in words
            and "calls.jsonl:7 (byte 90)" in words
        )
        assert "x is not evaluable: needs y." in words
        assert "\u202e" not in text


def test_only_the_time_that_was_asked_for_is_told(case: str, tmp_path: Path) -> None:
    text = written(
        case,
        tmp_path,
        "late.md",
        "--since",
        "2026-11-20T10:00:00Z",
        "--until",
        "2026-11-20T10:02:00Z",
    )
    assert "2 AI calls cost" in text and not re.search(r"\bann\b", text)
    assert "since 2026-11-20 10:00:00 UTC, until 2026-11-20 10:02:00 UTC" in text


def test_a_case_without_calls_is_reported_as_an_incident(tmp_path: Path) -> None:
    lines = [
        f'192.0.2.{n % 9} - - [20/Nov/2026:09:{n // 60:02d}:{n % 60:02d} +0000] "GET /v1/x HTTP/1.1" '
        f'{500 if n % 4 == 0 else 200} 12 "-" "ua"\n'
        for n in range(400)
    ]  # fmt: skip
    (tmp_path / "access.log").write_text("".join(lines))
    case = str(tmp_path / "clew.duckdb")
    ingest([str(tmp_path / "access.log")], case=case)
    out = tmp_path / "out"
    out.mkdir()
    text = written(case, out, "incident.md").replace("\\", "")
    assert text.startswith("# Incident report") and "400 requests: 100 errors (25.0 %)" in text
    assert "AI call" not in text and "| /v1/x | 400 | 100 | 25.0 % | 0 |" in text


def test_an_empty_case_is_a_report_too(tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text("")
    ingest([str(tmp_path / "none.jsonl")], case=str(tmp_path / "clew.duckdb"))
    path = tmp_path / "x.html"
    assert main(["report", "--case", str(tmp_path / "clew.duckdb"), "-o", str(path)]) == 0
    assert "no events" in path.read_text() and "No findings" in path.read_text()


def test_what_is_printed_is_markdown_or_what_is_asked_for(
    case: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clew.reporting.report", lambda *_, format, **__: f"as {format}\n")
    for flags, said in (
        (["-o", "-"], "as md\n"),
        (["--format", "html"], "as html\n"),
        ([], "as md\n"),
    ):
        assert main(["report", "--case", case, *flags]) == 0
        assert capsys.readouterr().out == said


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["-o", "cost.docx"], "'.docx' is no ending of a report"),
        (["-o", "cost"], "'cost' has no ending"),
        (["-o", "nowhere/cost.html"], "The folder nowhere of --output does not exist"),
        (["-o", "."], ". is a folder"),
        (["--format", "htm"], "There is no report called 'htm'. Did you mean 'html'?"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(
    case: str, flags: list[str], words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["report", "--case", case, *flags]) == 2
    said = capsys.readouterr()
    assert words in said.err and said.err.count("\n") == 1 and not said.out
    assert not list(tmp_path.iterdir())


def test_a_report_that_fails_leaves_the_old_one(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cost.html"
    path.write_text("old")
    path.chmod(0o600)
    monkeypatch.setattr("clew.reporting.report", lambda *_, **__: "new")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(os, "fsync", full)
    assert main(["report", "--case", case, "-o", str(path)]) == 3
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    monkeypatch.setattr(os, "fsync", lambda _: None)
    assert main(["report", "--case", case, "-o", str(path)]) == 0
    assert path.stat().st_mode & 0o777 == 0o600 and path.read_text() == "new"


def test_both_engines_report_the_same(bench: Bench) -> None:
    rows = [
        {"timestamp": "2026-11-20T09:00:00Z", "model": "m", "user_id": "ann", "input_tokens": 10,
         "output_tokens": 1, "cost_usd": "1.25", "price_source": "own", "duration_ms": 5.0},
        {"timestamp": "2026-11-20T10:00:00Z", "model": "m2", "user_id": "bob", "input_tokens": 10},
    ]  # fmt: skip
    bench.fill(rows)
    document = document_of(
        Asking(bench.engine), Investigation(()), made=datetime(2026, 11, 21), version="1"
    )
    text = registry.load("reports", "md").written(document).replace("\\", "")
    assert "2 AI calls cost $1.25." in text and "| ann | 1 | $1.25 | 100.0 % | 0 | 0 |" in text
    assert (
        "| m2 | (not stated) | no price known | 1 | 10 |" in text and "| own | 1 | $1.25 |" in text
    )


def test_a_trace_is_drawn_below_the_finding_that_its_spans_prove(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spans = []
    for n in range(60):
        trace, at = f"{n + 1:032x}", f"2026-11-20T09:{n:02d}:00"
        common = {"trace_id": trace, "status": "OK"}
        spans.append({**common, "span_id": f"{n:016x}"[:-1] + "a", "name": "POST /pay", "service": "web",
                      "kind": "SERVER", "start_time": f"{at}.000Z", "end_time": f"{at}.900Z"})  # fmt: skip
        spans += [
            {**common, "span_id": f"{n * 100 + k:015x}b", "parent_span_id": f"{n:016x}"[:-1] + "a",
             "name": "SELECT item", "service": "web", "kind": "CLIENT", "db.system": "postgresql",
             "start_time": f"{at}.{k * 30 + 10:03d}Z", "end_time": f"{at}.{k * 30 + 35:03d}Z"}
            for k in range(28)
        ]  # fmt: skip
    (tmp_path / "spans.jsonl").write_text("".join(f"{json.dumps(span)}\n" for span in spans))
    case = str(tmp_path / "clew.duckdb")
    assert main(["investigate", str(tmp_path / "spans.jsonl"), "--case", case]) == 0
    as_text = capsys.readouterr().out
    engine = open_case(case, write=False)
    found = detect(engine, ["n_plus_one"])
    as_md = "\n".join(findings.markdown(found, None, example_of(engine, found.findings)))
    assert example_of(engine, ()) is None
    engine.close()
    for text, heading in ((as_text, "one of these traces"), (as_md, "### One of these traces")):
        assert text.count(heading) == 1
        picture = text.split(heading)[1].split("draws the whole of it")[0]
        assert "SELECT item" in picture and "█" in picture and picture.strip().count("\n") <= 25
