"""Secrets that do not stand in the open: in URLs, beside other values, over lines, in names of files."""

from __future__ import annotations

import base64
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


def test_what_base64_encodes_is_redacted_and_the_rest_stays(texts: Texts) -> None:
    mark = "[secret:github_token]"

    def b64(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    def url64(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    image = base64.b64encode(bytes(range(128, 256)) * 4 + f"x {GITHUB} y".encode() * 2).decode()
    cases = {
        f"body={b64(f'héllo {GITHUB} bye')} size=9": f"body={b64('héllo ').rstrip('=')}{mark}{b64(' bye')} size=9",
        b64(f"token: {GITHUB}"): f"{b64('token: ').rstrip('=')}{mark}",
        f"/cb?state={url64(f'>>>?? {GITHUB}')}&n=1": f"/cb?state={url64('>>>?? ')}{mark}&n=1",
        f"/api/v1/{b64(f'a message {GITHUB}')}": f"/api/v1/{b64('a message ').rstrip('=')}{mark}",
        b64(b64(f"twice {GITHUB}")): f"{b64(b64('twice ').rstrip('=')).rstrip('=')}{mark}",
        f"data:image/png;base64,{image}": f"data:image/png;base64,{image}",
        f"{b64('nothing to be taken out')} {SHA}": f"{b64('nothing to be taken out')} {SHA}",
    }
    assert dict(zip(cases, redacted(texts, list(cases)), strict=True)) == cases
    assert redacted(texts, list(cases.values())) == list(cases.values())
    inside = {"kind": "Secret", "data": {"conf": b64(f"password: hunter22\nkey: {GITHUB}\n")}}
    after = _document(texts, inside)
    assert (
        "[secret:password]" in after
        and mark in after
        and _document(texts, json.loads(after)) == after
    )


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


def test_what_a_query_does_not_encode_is_redacted(texts: Texts) -> None:
    """Servers log what clients send: quotes, and a plus for a blank or for itself."""
    given_texts = [
        'GET /v1?cfg={"db_password":+"hunter2","api_key":+"EXAMPLE0123456789"}&n=2',
        'GET /v1?cfg={"phone":+"(415)+555-0132"}',
        "q=my+card+is+4111111111111111+thanks",
        "a=1&phone=+55+11+96741-5380&z=2",
        "q=call++34680272235+please",
        "/x?k=-----BEGIN+EC+PRIVATE+KEY-----\\nEXAMPLE+example/\\n-----END+EC+PRIVATE+KEY-----",
        "a=b+c&q=one+two",
    ]
    after = redacted(texts, given_texts)
    private = ("hunter2", "EXAMPLE", "555", "4111", "96741", "34680272235")
    assert not [text for text in after if any(value in text for value in private)]
    assert after[0].endswith("&n=2") and after[3].startswith("a=1&phone=[phone:")
    assert after[-1] == given_texts[-1]


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


@pytest.mark.parametrize(
    "value",
    [
        [["host", "a"], ["x-api-key", "EXAMPLEexampleEXAMPLE"]],
        {"vars": {"aws_secret_access_key": f"'{AWS_SECRET}'"}},
        [{"name": "A", "value": "b"}, {"name": "CLIENT_SECRET", "value": "EXAMPLE0123"}],
        {"storage_key": "EXAMPLEexampleEXAMPLE"},
    ],
)
def test_a_secret_is_known_by_the_name_beside_it_in_any_json(value: object) -> None:
    """The gate of rows notices it, and the document finds it."""
    bench = duckdb.connect(config={"threads": 1})
    bench.execute("CREATE TABLE given AS SELECT ? AS attributes", [json.dumps(value)])
    rows = Redactor(bench, Policy(), lambda: KEY).rows("given", ["attributes"])
    assert rows is not None
    ((after,),) = bench.execute(rows).fetchall()
    assert "EXAMPLE" not in after and "[secret:" in after


def test_keys_that_are_values_are_redacted_and_stay_apart(texts: Texts) -> None:
    keys = [GITHUB, GITHUB.replace("01", "99"), "alice@example.com", "total", "gpt-4o-2024-08-06"]
    once = _document(
        texts, {"by": dict.fromkeys(keys, 1), "again": {GITHUB: {"alice@example.com": 2}}}
    )
    after = json.loads(once)
    mark, person = "[secret:github_token]", f"[email:{token(KEY, 'email', 'alice@example.com')}]"
    assert list(after["by"]) == [mark, f"{mark} 2", person, "total", "gpt-4o-2024-08-06"]
    assert after["again"] == {mark: {person: 2}}
    assert json.loads(_document(texts, after)) == after


def test_a_map_of_users_says_who_is_who(tmp_path: Path) -> None:
    path = tmp_path / "usage.jsonl"
    spent = {"alice@example.com": {"usd": 1.5}, "4111111111111111": {"usd": 2}, GITHUB: {"usd": 3}}
    line = {
        "time": "2026-01-02T03:04:05Z",
        "level": "INFO",
        "spent": spent,
        "who": "alice@example.com",
    }
    path.write_text(json.dumps(line) + "\n")
    stored = _stored(tmp_path / "case.duckdb", path)
    for private in ("alice", "411111", GITHUB):
        assert private not in stored
    attributes = json.loads(stored)[0][0]["attributes"]
    attributes = json.loads(attributes) if isinstance(attributes, str) else attributes
    assert attributes["who"] in attributes["spent"]


def test_a_text_in_colours_is_looked_at_without_them(texts: Texts) -> None:
    """As structlog and others write for a terminal."""
    shown = "\x1b[36mapi_key\x1b[0m=\x1b[35m{}\x1b[0m"
    given_texts = [shown.format("EXAMPLE0123456789"), shown.format(GITHUB), shown.format("none")]
    after = redacted(texts, given_texts)
    assert after == ["api_key=[secret:api_key]", "api_key=[secret:github_token]", given_texts[2]]
    bench = duckdb.connect(config={"threads": 1})
    bench.execute("CREATE TABLE given AS SELECT ? AS message", [f"\x1b[35m{GITHUB}\x1b[0m"])
    assert Redactor(bench, Policy(), lambda: KEY).rows("given", ["message"]) is not None


def test_base64_makes_no_pair(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text(
        "2026-01-02 03:04:05,678 INFO app: Authorization: Basic c3ZjOmh1bnRlcjJodW50ZXI== sent n=2\n"
    )
    stored = _stored(tmp_path / "case.duckdb", path)
    assert "c3ZjOmh1bnRlcjJodW50ZXI" not in stored and '"n"' in stored.replace("\\", "")


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
        ("kubectl.log", "2026-01-02T03:04:{n:02}.123456789Z {text}"),
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


@pytest.mark.parametrize(
    "line",
    [
        "2026-01-02T03:04:{n:02}.123456789Z stdout F {text}",
        "[pod/api-7d9c/api] 2026-01-02T03:04:{n:02}.123456789Z {text}",
        '{{"log":"{text}\\n","stream":"stdout","time":"2026-01-02T03:04:{n:02}.123456789Z"}}',
    ],
)
def test_a_key_that_a_container_printed_is_taken(line: str, tmp_path: Path) -> None:
    """Its lines are one event, for a container's runtime writes each line of one apart."""
    told = ["starting", *LONG_KEY, "2026-01-02 03:05:06 INFO started"]
    path = tmp_path / "api-json.log"
    path.write_text("".join(line.format(n=n, text=text) + "\n" for n, text in enumerate(told)))
    stored = _stored(tmp_path / "case.duckdb", path)
    assert not [text for text in LONG_KEY[1:-1] if text in stored]
    assert "starting" in stored and "started" in stored


@pytest.mark.parametrize("cut", [slice(5, None), slice(None, 9), slice(None, -1)])
def test_a_key_that_is_cut_off_is_taken_as_far_as_it_goes(cut: slice, tmp_path: Path) -> None:
    """A log that begins in the midst of a key, or ends there."""
    path = tmp_path / "kubectl.log"
    told = [SHA, *LONG_KEY[cut]]
    path.write_text(
        "".join(f"2026-01-02T03:04:{n:02}.123Z {text}\n" for n, text in enumerate(told))
    )
    stored = _stored(tmp_path / "case.duckdb", path)
    assert not [text for text in LONG_KEY[1:-1] if text in stored]
    assert f":00.123Z {SHA}" in stored and ":02.123Z [secret:private_key]" in stored
