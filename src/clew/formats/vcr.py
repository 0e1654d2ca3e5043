"""VCR cassettes, YAML or JSON: recorded HTTP interactions, one event each; AI calls are read whole.

Reads     {interactions | http_interactions: [{request: {method, uri, body, headers},
          response: {status: {code, message}, headers, body: {string | base64_string}}, recorded_at}]},
          as vcrpy and Ruby's VCR write it, and go-vcr's {response: {status, code, duration, body}}
Returns   one event an interaction; those with AI APIs are calls
Blind to  how long a call took, but for go-vcr; byte offsets: `line` and `byte_offset` count interactions
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from clew.errors import InputError
from clew.formats import Settings
from clew.formats._calls.entries import document_of, text_of
from clew.formats._calls.parser import EntriesParser, of_entries
from clew.formats._calls.parts import Layout
from clew.model.case import Sample

LAYOUT = Layout(
    keys=(("/request", "/response"),),
    names={
        "recorded_at": "timestamp", "request.method": "http_method",
        "response.status.code": "http_status", "response.status.message": "", "response.url": "",
        "response.http_version": "protocol", "response.protocol": "protocol", "response.proto": "protocol",
        "response.duration": "duration_ms:ms", "response.code": "", "request.proto": "", "request.content_length": "",
    },
    request=("/request/body/string", "/request/body/base64_string", "/request/body"),
    response=("/response/body/string", "/response/body/base64_string", "/response/body", "/response/content"),
    request_headers=("/request/headers",),
    response_headers=("/response/headers",),
    url=("/request/uri", "/request/url"),
    spent=("/response/code",),
    status=("/response/code", "/response/status/code", "/response/status_code", "/response/status"),
)  # fmt: skip


YAML_HEAD = re.compile(
    r"(?:\A|\n)(?:---[^\n]*\n)?(?:version: *\d+ *\n)?(?:http_)?interactions: *(?:\n|\[)"
)
VALUES = 5_000_000
"""More values than any cassette has: YAML's aliases can make billions of a few lines."""


def sniff(head: bytes) -> float:
    """High where a document holds interactions."""
    text = head[:2048].decode(errors="replace").lstrip("\ufeff \t\r\n")
    is_cassette = '"interactions"' in text or '"http_interactions"' in text
    if text.startswith("{"):
        return 0.99 if is_cassette else 0.0
    return 0.99 if YAML_HEAD.search(text) else 0.0


def parse(head: bytes, settings: Settings) -> EntriesParser:
    """A parser of interactions."""
    return of_entries(settings, LAYOUT, _interactions)


def _interactions(path: Path) -> Iterator[Any]:
    document = _document(path)
    found = document if isinstance(document, dict) else {}
    interactions = found.get("interactions", found.get("http_interactions"))
    if not isinstance(interactions, list):
        raise InputError(f"{path.name} is no cassette: it has no list of interactions.")
    yield from interactions


def _document(path: Path) -> Any:
    text = text_of(path)
    if text.lstrip().startswith("{"):
        return document_of(path)
    import yaml  # long to load, and rarely needed: every format is asked whose a file is

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return _Json().of(yaml.load(text, Loader=loader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise InputError(f"{path.name} is not one whole YAML document: {reason}.") from error


class _Json:
    """YAML's values as those of JSON."""

    def __init__(self) -> None:
        self.left = VALUES

    def of(self, value: Any) -> Any:
        """Times as text; bytes as the text that they hold, or else as base64."""
        self.left -= 1
        if self.left < 0:
            raise ValueError(f"it has more than {VALUES:,} values")
        if isinstance(value, dict):
            return {str(key): self.of(one) for key, one in value.items()}
        if isinstance(value, list | tuple | set):
            return [self.of(one) for one in value]
        if isinstance(value, datetime | date):
            return value.isoformat()
        if isinstance(value, bytes):
            try:
                return value.decode()
            except UnicodeDecodeError:
                return base64.b64encode(value).decode()
        return value


SAMPLES = [
    Sample(
        json.dumps({"version": 1, "interactions": [
            {"request": {"method": "POST", "uri": "https://api.anthropic.com/v1/messages",
                         "body": '{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":"Name a '
                         'colour."}]}',
                         "headers": {"x-api-key": ["not-a-real-key"]}},
             "response": {"status": {"code": 200, "message": "OK"}, "headers": {"request-id": ["req_1"]},
                          "body": {"string": '{"id":"msg_1","type":"message","model":"claude-sonnet-4-5","content":'
                                             '[{"type":"text","text":"Blue."}],"stop_reason":"end_turn","usage":'
                                             '{"input_tokens":9,"output_tokens":2}}'}}},
            {"request": {"method": "POST", "uri": "https://api.anthropic.com/v1/messages", "body": None, "headers": {}},
             "response": {"status": {"code": 529, "message": "Overloaded"}, "headers": {},
                          "body": {"string": '{"type":"error","error":{"type":"overloaded_error",'
                                             '"message":"Overloaded"}}'}}},
        ]}),
        [
            {"provider": "anthropic", "model": "claude-sonnet-4-5", "prompt": "Name a colour.", "completion": "Blue.",
             "input_tokens": 9, "output_tokens": 2, "http_status": 200, "request_id": "req_1"},
            {"http_status": 529, "error_class": "overloaded", "error_type": "overloaded_error",
             "provider": "anthropic"},
        ],
        name="a call and an error",
    ),
    Sample(
        """interactions:
- request:
    body: '{"model": "gpt-4o", "messages": [{"role": "user", "content": "Name a colour."}]}'
    headers:
      authorization: [not-a-real-key]
    method: POST
    uri: https://api.openai.com/v1/chat/completions
  response:
    body:
      string: !!binary |
        H4sIAAAAAAACAz1Nuw7CMAz8l5sDEoiFjPwGQlXUmtYiiaPYnaL8O+kA0z1118ALPOYLHJIsFIdY
        i51uMox5E55J4Z8NiVTDSvANVeJABFVWC9mOpmSjwTwecaczusObM+s2VQoqeQRqUtBfDvtvp1RJ
        xSaTD+Vxcj9mUolkLPnvXnv/AgRmkm6kAAAA
    headers:
      Date: ['Fri, 20 Nov 2026 09:00:00 GMT']
    status: {code: 200, message: OK}
version: 1
""",
        [{"timestamp": "2026-11-20T09:00:00Z", "provider": "openai", "model": "gpt-4o", "http_status": 200,
          "prompt": "Name a colour.", "completion": "Blue.", "input_tokens": 9, "output_tokens": 2}],
        name="YAML with a gzip body",
    ),
]  # fmt: skip
