"""Secrets that do not stand in the open: in URLs, beside other values, over lines, in names of files."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote, quote_plus

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.redacting import FOUND, KEY

from clew import pipeline
from clew.formats import Settings
from clew.model.redaction import Policy
from clew.redact._json import Change, Document
from clew.redact._rows import Redactor
from clew.redact._split_keys import without_split_keys
from clew.redact._values import Texts, redacted, token

GITHUB = "ghp_EXAMPLEexampleEXAMPLEexample012345678"
AWS_ID, AWS_SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SHA = "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"
KEY_LINES = [
    "-----BEGIN RSA PRIVATE KEY-----",
    "MIIEowIBAAKCAQEAexampleEXAMPLE",
    "-----END RSA PRIVATE KEY-----",
]


def _document(texts: Texts, value: object) -> str:
    document = Document(json.dumps(value))
    inner = list(document.texts())
    found = dict(zip(inner, redacted(texts, inner), strict=True))
    return document.rewritten(Change(found))


def test_what_a_url_encodes_is_redacted_and_the_rest_stays(texts: Texts) -> None:
    mark = "[secret:github_token]"
    given_texts = [
        f"/search?q=my%20key%20{GITHUB}%21&page=2",
        f"/search?q=my+key+{GITHUB}+4111+1111+1111+1111",
        "https://app.example.com/cb?next=https%3a%2f%2fann%3ahunter2%40db.example.com%2Fx",
        "/q?text=password%3Dhunter2%26theme%3Ddark",
        "/a%20b/100%25?x=%E4%BD%A0+%ff",
        f"/twice?q=a%2520{GITHUB}",
    ]
    card = f"[payment_card:{token(KEY, 'payment_card', '4111111111111111')}]"
    assert redacted(texts, given_texts) == [
        f"/search?q=my%20key%20{mark}%21&page=2",
        f"/search?q=my+key+{mark}+{card}",
        "https://app.example.com/cb?next=https%3a%2f%2fann%3a[secret:url_password]%40db.example.com%2fx",
        "/q?text=password%3D[secret:password]%26theme%3Ddark",
        "/a%20b/100%25?x=%E4%BD%A0+%ff",
        f"/twice?q=a%2520{mark}",
    ]


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    parts=st.lists(st.sampled_from(FOUND) | st.text(max_size=8), min_size=1, max_size=4),
    blanks=st.booleans(),
)
def test_redacting_an_encoded_text_twice_changes_nothing(
    parts: list[str], blanks: bool, texts: Texts
) -> None:
    encode = quote_plus if blanks else quote
    text = "/x?q=" + encode(" ".join(parts).encode("utf-8", "replace"))
    once = redacted(texts, [text, text + " " + text])
    assert redacted(texts, once) == once


def test_an_aws_secret_is_known_by_the_key_id_beside_it(texts: Texts) -> None:
    after = redacted(
        texts,
        [f"{AWS_ID},{AWS_SECRET}", f"{AWS_ID} at {SHA}", AWS_SECRET, f"{AWS_SECRET} {AWS_ID}"],
    )
    id_mark, mark = "[secret:aws_access_key]", "[secret:aws_secret_key]"
    assert after == [f"{id_mark},{mark}", f"{id_mark} at {SHA}", AWS_SECRET, f"{mark} {id_mark}"]
    document = _document(texts, {"id": AWS_ID, "value": AWS_SECRET, "commit": SHA})
    assert json.loads(document) == {"id": id_mark, "value": mark, "commit": SHA}
    assert json.loads(_document(texts, {"value": AWS_SECRET})) == {"value": AWS_SECRET}


def test_a_name_in_json_tells_as_much_as_in_a_text(texts: Texts) -> None:
    secret = {
        "Pwd": "cGEMlb5VF7EE", "PGPASSWORD": "s3cr3t", "dbPassword": "correct horse", "openaiApiKey": "0123456789",
        "AccountKey": "Zm9vYmFyZm9vYmFyZm9vYmFy==", "JSESSIONID": "Z49EA1Y4G4", "connect.sid": "s%3Aabc",
        "Secret access key": "0123456789",
    }  # fmt: skip
    kept = {
        "author": "Ann", "sort_key": "name", "max_tokens": "4096", "session_id": "sess-7", "PWD": "required",
        "tokenizer": "cl100k_base", "passed": "12 of 13", "signal": "SIGTERM",
    }  # fmt: skip
    after = json.loads(_document(texts, secret | kept))
    assert {name: value for name, value in after.items() if name in kept} == kept
    for name in secret:
        assert after[name].startswith("[secret:") and after[name].endswith("]"), name


def test_a_name_in_json_is_the_word_before_a_number(texts: Texts) -> None:
    personal = {
        "phone": "4155550132", "phoneNumber": 4155550132, "contact_phone": "5550132", "user.tel": "02079460958",
        "ssn": "078051120", "employee_ssn": 120051078, "customerCpf": "52998224725",
    }  # fmt: skip
    kept = {
        "phone_count": "4155550132",
        "telemetry": "02079460958",
        "mobile": "yes",
        "ssn_hint": 78051120,
    }
    after = json.loads(_document(texts, personal | kept))
    assert {name: value for name, value in after.items() if name in kept} == kept
    for name in personal:
        assert str(after[name]).startswith(("[phone:", "[us_ssn:", "[br_cpf:")), name
    assert after["phone"] == after["phoneNumber"]


def test_a_private_key_over_several_lines_goes_as_a_whole() -> None:
    lines = ["before", *KEY_LINES, "", "behind it"]
    (mark,) = set(without_split_keys(lines)) - set(lines)
    assert mark == "[secret:private_key]"
    assert without_split_keys(lines) == ["before", KEY_LINES[0], mark, *lines[3:]]


@pytest.mark.parametrize("around", ['{"content": "%s"}', '["x%s", "%s y"]', '"%s"'])
def test_a_prompt_that_its_messages_tell_again_is_looked_at_itself(around: str) -> None:
    bench = duckdb.connect(config={"threads": 1})
    told = around.replace("%s", AWS_ID)
    bench.execute("CREATE TABLE given AS SELECT ? AS prompt, ? AS input_messages", [AWS_ID, told])
    rows = Redactor(bench, Policy(), lambda: KEY).rows("given", ["prompt", "input_messages"])
    assert rows is not None
    (found,) = bench.execute(rows).fetchall()
    assert found[0] == "[secret:aws_access_key]" and f'"{AWS_ID}"' not in found[1]


def _stored(case: Path, path: Path) -> str:
    pipeline.ingest([str(path)], case=str(case), settings=Settings())
    assert pipeline.verify(str(case)).ok
    engine = pipeline.open_case(str(case), write=False)
    try:
        rows = [
            engine.run(f"SELECT {sql}").dicts()
            for sql in (
                "* REPLACE (attributes::JSON AS attributes) FROM events",
                "* FROM rejects",
                "* FROM sources",
            )
        ]
    finally:
        engine.close()
    return json.dumps(rows, default=str)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("app.txt", "loaded {key}"),
        ("access.log", '192.0.2.7 - - [02/Jan/2026:03:04:05 +0000] "GET /?q=a%20{secret} HTTP/1.1" 200 5\n{key}'),
        ("app.log", "2026-01-02 03:04:05,678 INFO app - Cookie: theme=dark; sessionid={secret}\n{key}"),
        ("alice@example.com.jsonl", '{{"time": "2026-01-02T03:04:05Z", "url": "https://example.com/?q=a%20{secret}"}}'),
    ],
)  # fmt: skip
def test_a_case_holds_none_of_it(name: str, line: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(line.format(secret=GITHUB, key="\n".join(KEY_LINES)) + "\nlast line\n")
    stored = _stored(tmp_path / "case.duckdb", path)
    for private in (GITHUB, KEY_LINES[1], "alice@example.com"):
        assert private not in stored


LONG_KEY = [
    "-----BEGIN RSA PRIVATE KEY-----",
    *("MIIEowIBAAKCAQEA" + f"{n:02}" + "exampleEXAMPLE" * 3 + "abcd" for n in range(12)),
    "cm93cw==",
    "-----END RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("app.log", "2026-01-02 03:04:{n:02},678 INFO app - {text}"),
        ("app.jsonl", '{{"time": "2026-01-02T03:04:{n:02}Z", "level": "INFO", "msg": "{text}"}}'),
        ("app.txt", "[2026-01-02 03:04:{n:02}] INFO: {text}"),
    ],
)
def test_a_key_that_is_logged_line_by_line_is_taken(name: str, line: str, tmp_path: Path) -> None:
    told = ["starting", *LONG_KEY, "started"]
    told.insert(5, "a request came between")
    path = tmp_path / name
    path.write_text("".join(line.format(n=n, text=text) + "\n" for n, text in enumerate(told)))
    stored = _stored(tmp_path / "case.duckdb", path)
    for text in LONG_KEY[1:-1]:
        assert text not in stored
    for text in ("starting", "a request came between", "started", LONG_KEY[0], LONG_KEY[-1]):
        assert text in stored
    assert json.loads(json.loads(stored)[2][0]["redacted"])["private_key"] == len(LONG_KEY) - 2
