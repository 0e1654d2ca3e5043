"""Secrets go, personal data become tokens, nothing else is touched, and twice is the same as once."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.redacting import FOUND, KEY

from clew import pipeline
from clew.errors import ConfigError
from clew.formats import Settings
from clew.instrument import secrets as at_log_time
from clew.model.ledger import Ledger
from clew.model.redaction import CONTENT, MARK, PROMPTS, WHATS, Policy
from clew.redact import pii, secrets
from clew.redact._json import Change, Document
from clew.redact._key import key_of
from clew.redact._pattern import Pattern
from clew.redact._values import Texts, redacted, token, tokens_of

ALL = [
    *((pattern, True) for pattern in secrets.PATTERNS),
    *((pattern, False) for pattern in pii.PATTERNS),
]


@pytest.fixture(scope="module")
def with_addresses(texts: Texts) -> Texts:
    return Texts(texts.bench, Policy(addresses=True), KEY)


def _name(item: object) -> str:
    return f"{item.name}-{item.means[:24]}" if isinstance(item, Pattern) else ""


@pytest.mark.parametrize(("pattern", "is_secret"), ALL, ids=_name)
def test_a_pattern_takes_what_it_must_and_leaves_the_rest(
    pattern: Pattern, is_secret: bool, texts: Texts, with_addresses: Texts
) -> None:
    mark = f"[secret:{pattern.name}]" if is_secret else f"[{pattern.name}:"
    asked = with_addresses if pattern.option == "addresses" else texts
    after = redacted(asked, [*pattern.found, *pattern.kept])
    assert pattern.found
    for before, text in zip(pattern.found, after, strict=False):
        assert mark in text, f"{before} became {text}"
    assert after[len(pattern.found) :] == list(pattern.kept)


@pytest.mark.parametrize(("pattern", "is_secret"), ALL, ids=_name)
def test_no_gate_and_no_hint_hides_what_a_pattern_finds(
    pattern: Pattern, is_secret: bool, texts: Texts
) -> None:
    for text in pattern.found:
        assert texts.bench.execute(
            "SELECT regexp_matches(?, ?)", [text, pattern.gate]
        ).fetchall() == [(True,)]
        assert not pattern.hints or any(hint in text.lower() for hint in pattern.hints)


def test_a_hint_of_letters_hides_nothing_in_any_group(texts: Texts) -> None:
    (pattern,) = (p for p in pii.PATTERNS if p.name == "uk_nino" and p.group == "digits")
    hinted = replace(pattern, hints=("nino",))
    texts.bench.execute(
        "CREATE OR REPLACE TEMP TABLE hinted AS SELECT 'NINO AB123456C' AS before, NULL::VARCHAR AS after"
    )
    texts._look("hinted", [(hinted, False)])
    ((after,),) = texts.bench.execute("SELECT after FROM hinted").fetchall()
    assert after.startswith("NINO [uk_nino:")


def test_what_only_looks_like_it_stays(texts: Texts) -> None:
    """Ids, hashes, base64, times, numbers, addresses, versions, models: none of thousands is touched."""
    chance = random.Random(5)
    kept = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(500)]
    kept += [f"{chance.getrandbits(size):0{size // 4}x}" for size in (64, 128) for _ in range(500)]
    kept += [hashlib.sha256(bytes([n % 256, n // 256])).hexdigest() for n in range(500)]
    kept += [base64.b64encode(chance.randbytes(60)).decode() for _ in range(500)]
    kept += [base64.urlsafe_b64encode(chance.randbytes(32)).decode() for _ in range(500)]
    kept += [str(chance.random()) for _ in range(500)]
    kept += [f"{1.7e9 + chance.random() * 1e8:.6f}" for _ in range(500)]
    kept += [
        str(chance.randrange(17 * 10**e, 18 * 10**e)) for e in (8, 11, 14, 17) for _ in range(200)
    ]
    kept += [f"order {chance.randrange(10**10)} of {chance.randrange(10**6)}" for _ in range(300)]
    kept += [f"10.{n}.{chance.randrange(256)}.{255 - n}:{8000 + n}" for n in range(256)]
    kept += [
        f"2026-{n % 12 + 1:02}-{n % 28 + 1:02}T{n % 24:02}:{n % 60:02}:07.{n:06}+00:00"
        for n in range(300)
    ]
    kept += [f"2026-11-{n % 28 + 1:02} {n % 24:02}:{n % 60:02}:07,{n:03}" for n in range(300)]
    kept += [
        "gpt-4o-2024-08-06", "anthropic.claude-3-5-sonnet-20241022-v2:0", "v1.22.333", "0x7ffee4b0c8a0",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0",
        "max_tokens=4096 prompt_tokens: 512", "arn:aws:iam::123456789012:role/x", "id=4155550132", "fe80::1",
        "192.0.2.1 - - [02/Jan/2026:03:04:05 +0000] \"GET / HTTP/1.1\" 200 612", "EAN 4006381333931",
        "chatcmpl-9mTgJx1AbCdEfGhIjKlMnOpQrStUv", "Please reset your password", "the token was rejected",
        "unexpected token: 'foo'", "Bearer authentication is required", "api_key: str = None", "1 000 000 000",
        '{"token":"Hello","logprob":-0.31}', "git@github.com:a/b.git", "session_id=sess-20260102-42",
    ]  # fmt: skip
    assert redacted(texts, kept) == kept


JOINTS = [
    "",
    " ",
    "\n",
    ", ",
    '"',
    "'",
    "=",
    ":",
    "&",
    "/",
    "[",
    "]",
    "@",
    "\\",
    "\\n",
    "\x00",
    "\x01",
    "é",
]


@st.composite
def jumbles(draw: st.DrawFn) -> str:
    """Samples, marks and arbitrary text, joined by what stands between words."""
    part = st.sampled_from(FOUND) | st.sampled_from(JOINTS) | st.text(max_size=12)
    part |= st.sampled_from(
        ["[email:0123456789ab]", "[secret:jwt]", "[phone:012345678901]", "password", "token="]
    )
    whole = "".join(draw(st.lists(part, max_size=8)))
    return whole[draw(st.integers(0, 3)) :].encode("utf-8", "replace").decode()


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(given_texts=st.lists(jumbles(), min_size=1, max_size=40))
def test_redacting_twice_changes_nothing(given_texts: list[str], texts: Texts) -> None:
    once = redacted(texts, given_texts)
    assert redacted(texts, once) == once


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    before=jumbles(),
    key=st.sampled_from(["note", "password", "Cookie", "x-api-key", "token", "who"]),
)
def test_a_document_stays_json_with_the_keys_it_had(before: str, key: str, texts: Texts) -> None:
    document = json.dumps({key: before, "n": [1.50, 12345678901234567890, {"a": [before, None]}]})
    inner = list(Document(document).texts())
    found = dict(zip(inner, redacted(texts, inner), strict=True))
    new = json.loads(Document(document).rewritten(Change(found)))
    assert list(new) == [key, "n"] and list(new["n"][2]) == ["a"]
    assert new["n"][0] == 1.5 and new["n"][2]["a"][1] is None


def test_the_token_is_an_hmac_that_any_library_makes(texts: Texts) -> None:
    (mail, card) = redacted(texts, ["Alice@Example.com", "4111-1111-1111-1111"])
    assert mail == f"[email:{token(KEY, 'email', 'alice@example.com')}]"
    assert card == f"[payment_card:{token(KEY, 'payment_card', '4111111111111111')}]"
    same = redacted(texts, ["alice%40example.com", "4111111111111111"])
    assert same == [mail, card]
    longer = Texts(texts.bench, Policy(), b"k" * 100)
    longer.prepare()
    try:
        assert redacted(longer, ["a@example.com"]) == [
            f"[email:{token(b'k' * 100, 'email', 'a@example.com')}]"
        ]
    finally:
        texts.prepare()


RECORD: dict[str, Any] = {
    "timestamp": "2026-01-02T03:04:05Z", "level": "ERROR", "user_id": "alice@example.com",
    "message": "mail to bob@example.com with AKIAIOSFODNN7EXAMPLE failed", "model": "gpt-4o",
    "path": "/v1/chat?api_key=0123456789abcdef&mail=alice%40example.com",
    "trace_id": "0f17a3007e62aa0a1df9fd789c653938",
    "exception_type": "ValueError", "exception_message": "no account for alice@example.com",
    "prompt": "Call me at +1 415 555 2671. My card is 4111 1111 1111 1111.", "prompt_tokens": 12,
    "headers": {"Authorization": "Bearer EXAMPLE0123456789", "Cookie": "theme=dark; sessionid=abc123"},
    "extra": {"password": "correct horse", "card": 4111111111111111, "body": '{"to": "carol@example.org", "n": 1}',
              "note": "first line\nalice@example.com", "shard": 0.4111111111111111},
}  # fmt: skip
PRIVATE = (
    "alice", "bob@", "carol", "AKIAIOSFODNN7EXAMPLE", "0123456789abcdef&", "4111111111111111,", "4111 1111",
    "415 555", "EXAMPLE0123456789", "abc123", "correct horse",
)  # fmt: skip


def _ingest(case: Path, path: Path | str, **policy: Any) -> Ledger:
    return pipeline.ingest(
        [str(path)], case=str(case), settings=Settings(redaction=Policy(**policy))
    )


def _query(case: Path, sql: str) -> list[dict[str, Any]]:
    engine = pipeline.open_case(str(case), write=False)
    try:
        return engine.run(sql).dicts()
    finally:
        engine.close()


def _everything(case: Path) -> str:
    rows = _query(case, "SELECT * REPLACE (attributes::JSON AS attributes) FROM events")
    rejects = _query(case, "SELECT * FROM rejects")
    return json.dumps([rows, rejects], default=str)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return tmp_path / "case.duckdb"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "app.log"
    lines = [json.dumps(RECORD), json.dumps({**RECORD, "user_id": "u-2", "prompt": "hello"})]
    path.write_text("\n".join([*lines, '{"broken": "alice@example.com', ""]))
    return path


def test_an_ingest_stores_and_digests_what_is_left(case: Path, log: Path) -> None:
    (row,) = _ingest(case, log).sources
    said = _everything(case)
    for text in PRIVATE:
        assert text not in said, text
    assert row.redacted["email"] == 12 and row.redacted["aws_access_key"] == 2
    assert row.redacted["payment_card"] == 3 and row.redacted["phone"] == 1
    assert row.as_json()["redacted"] == row.redacted
    assert pipeline.verify(str(case)).ok
    (stored,) = _query(case, "SELECT redacted, redaction FROM sources")
    assert json.loads(stored["redacted"]) == row.redacted
    assert stored["redaction"].startswith("pii, key ")
    first, second = _query(case, "SELECT * FROM events ORDER BY line")
    assert re.fullmatch(MARK, first["user_id"]) and first["user_id"] in first["exception_message"]
    assert first["user_id"] in first["url_query"] and second["user_id"] == "u-2"
    assert first["trace_id"] == RECORD["trace_id"] and first["model"] == "gpt-4o"
    (reject,) = _query(case, "SELECT text FROM rejects")
    assert reject["text"] == f'{{"broken": "{first["user_id"]}'


def test_the_key_stands_beside_the_case_and_is_in_no_case(case: Path, log: Path) -> None:
    _ingest(case, log)
    path = case.with_name("case.duckdb.key")
    assert path.stat().st_mode & 0o777 == 0o600
    key = path.read_bytes().strip()
    assert len(key) == 64 and key not in case.read_bytes()
    assert repr(Policy(key=key.decode())).find(key.decode()) < 0


def test_cases_with_one_key_have_the_same_tokens(tmp_path: Path, log: Path) -> None:
    users = {}
    for name, more in {"a": {}, "b": {"key_file": str(tmp_path / "a.key")}, "c": {}}.items():
        _ingest(tmp_path / name, log, **more)
        users[name] = _query(tmp_path / name, "SELECT user_id FROM events WHERE line = 1")
    assert users["a"] == users["b"] != users["c"]


def test_a_key_that_is_too_short_is_refused(case: Path) -> None:
    with pytest.raises(ConfigError, match="too short"):
        key_of(Policy(key="short"), str(case))


def test_nothing_is_taken_where_none_is_asked(case: Path, log: Path) -> None:
    (row,) = _ingest(case, log, what="none").sources
    assert row.redacted == {} and not case.with_name("case.duckdb.key").exists()
    assert "alice@example.com" in _everything(case)
    assert _query(case, "SELECT text FROM rejects") == [{"text": None}]


def test_secrets_alone_leave_personal_data(case: Path, log: Path) -> None:
    (row,) = _ingest(case, log, what="secrets").sources
    said = _everything(case)
    assert "alice@example.com" in said and "AKIAIOSFODNN7EXAMPLE" not in said
    assert "email" not in row.redacted and row.redacted["aws_access_key"] == 2


@pytest.mark.parametrize(
    ("policy", "is_hashed"), [({"what": "prompts"}, True), ({"prompts": "drop"}, False)]
)
def test_prompts_are_hashed_or_dropped_and_stay_countable(
    case: Path, log: Path, policy: dict[str, Any], is_hashed: bool
) -> None:
    with log.open("a") as more:
        more.write(
            json.dumps({**RECORD, "extra": {"turn": [{"role": "user", "content": "so secret"}]}})
            + "\n"
        )
    (row,) = _ingest(case, log, **policy).sources
    first, second, third = _query(
        case,
        "SELECT prompt, prompt_hash, input_tokens, attributes::JSON::VARCHAR AS a FROM events ORDER BY line",
    )
    assert first["prompt_hash"] == third["prompt_hash"] != second["prompt_hash"]
    assert first["prompt"] == (f"[prompt:{first['prompt_hash']}]" if is_hashed else None)
    assert first["input_tokens"] == 12 and row.redacted["prompt"] >= 4
    assert "so secret" not in third["a"] and "content" in third["a"]
    assert "hello" not in _everything(case) and pipeline.verify(str(case)).ok


def test_addresses_are_taken_only_where_that_is_asked(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(
        '192.0.2.7 - - [02/Jan/2026:03:04:05 +0000] "GET /a?t=1 HTTP/1.1" 200 5 "-" "curl/8.5.0"\n'
    )
    for name, addresses in (("a", False), ("b", True)):
        _ingest(tmp_path / name, log, addresses=addresses)
        (row,) = _query(tmp_path / name, "SELECT client_ip FROM events")
        assert bool(re.fullmatch(MARK, row["client_ip"])) == addresses


def test_the_same_file_under_other_settings_adds_nothing_and_says_so(case: Path, log: Path) -> None:
    _ingest(case, log, what="secrets")
    (row,) = _ingest(case, log, what="pii").sources
    assert (
        row.status == "known" and "redacted as 'secrets'" in row.note and "another case" in row.note
    )


def test_a_secret_in_the_identity_column_still_is_one_key(tmp_path: Path, case: Path) -> None:
    log = tmp_path / "calls.jsonl"
    keys = (
        "sk-proj-EXAMPLE0123456789a",
        "sk-proj-EXAMPLE0123456789b",
        "sk-proj-EXAMPLE0123456789a",
    )
    log.write_text(
        "".join(
            json.dumps({"ts": 1.79e9 + n, "model": "m", "api_key_hash": key}) + "\n"
            for n, key in enumerate(keys)
        )
    )
    _ingest(case, log)
    one, two, three = (
        row["api_key_hash"] for row in _query(case, "SELECT * FROM events ORDER BY line")
    )
    assert one == three != two and re.fullmatch(r"\[openai_key:[0-9a-f]{12}\]", one)


def test_what_a_value_has_become_can_be_looked_for(case: Path, log: Path) -> None:
    _ingest(case, log)
    (user,) = {row["user_id"] for row in _query(case, "SELECT user_id FROM events WHERE line = 1")}
    assert tokens_of(["alice@example.com", "u-2"], Policy(), str(case)) == {
        "alice@example.com": user
    }


def test_names_of_secrets_are_one_table_for_log_time_and_ingest() -> None:
    for name in ("X-Api-Key", "db.password", "refresh_token", "Authorization"):
        assert at_log_time.NAMES.search(name)


SHARDS = [
    b"\n",
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"\\ud800",
]


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    parts=st.lists(
        st.sampled_from([text.encode() for text in FOUND] + [json.dumps(RECORD).encode()])
        | st.sampled_from(SHARDS)
        | st.binary(max_size=20),
        max_size=14,
    ),
    what=st.sampled_from(["secrets", "pii", "prompts"]),
)
def test_any_bytes_are_redacted_without_an_error_and_balance(
    parts: list[bytes], what: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    case = tmp_path_factory.getbasetemp() / "any.duckdb"
    source = case.with_name("any.log")
    source.write_bytes(b"".join(parts))
    (row,) = _ingest(case, source, what=what).sources
    assert row.count.is_balanced


def test_a_text_that_stands_alone_and_within_json_makes_no_row_twice(
    case: Path, tmp_path: Path
) -> None:
    text = ' {"to": "alice@example.com"}'
    log = tmp_path / "twice.jsonl"
    records = [{"ts": 1.79e9 + n, "msg": text, "extra": {"x": text, "y": [text]}} for n in range(3)]
    log.write_text("".join(json.dumps(record) + "\n" for record in records))
    (row,) = _ingest(case, log).sources
    assert row.count.events == 3 and row.redacted == {"email": 9}
    assert "alice" not in _everything(case) and pipeline.verify(str(case)).ok


DOCS = Path(__file__).resolve().parents[1] / "docs" / "redaction.md"


def _table(heading: str) -> dict[str, str]:
    """First cell to second of the first table under a heading."""
    section = DOCS.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ", 1) for line in section.splitlines() if "|" in line]
    return {first.strip("`"): second for first, second in rows[2:]}


@pytest.mark.parametrize(
    ("heading", "patterns"), [("Secrets", secrets.PATTERNS), ("Personal data", pii.PATTERNS)]
)
def test_the_page_names_every_type(heading: str, patterns: tuple[Pattern, ...]) -> None:
    known: dict[str, list[str]] = {}
    for pattern in patterns:
        known.setdefault(pattern.name, []).append(pattern.means)
    assert _table(heading) == {name: "; ".join(means) for name, means in known.items()}


def test_the_page_names_every_policy_and_column() -> None:
    text = DOCS.read_text()
    for words in (WHATS, PROMPTS, CONTENT):
        assert all(f"`{word}`" in text for word in words)
    assert list(_table("Prompts")) == list(PROMPTS)
