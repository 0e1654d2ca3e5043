"""VCR cassettes in JSON: recorded HTTP interactions, one event each; AI calls are read whole.

Reads     {interactions | http_interactions: [{request: {method, uri, body, headers},
          response: {status: {code, message}, headers, body: {string | base64_string}}, recorded_at}]}
Returns   one event an interaction; those with AI APIs are calls
Blind to  cassettes in YAML; how long a call took; byte offsets: `line` and `byte_offset` count interactions
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clew.errors import InputError
from clew.formats import Settings
from clew.formats._calls.entries import EntriesParser, document_of, parser
from clew.formats._calls.parts import Layout
from clew.model.case import Sample

LAYOUT = Layout(
    keys=(("/request", "/response"),),
    names={
        "recorded_at": "timestamp", "request.method": "http_method",
        "response.status.code": "http_status", "response.status.message": "", "response.url": "",
        "response.http_version": "protocol", "response.protocol": "protocol",
    },
    request=("/request/body/string", "/request/body/base64_string", "/request/body"),
    response=("/response/body/string", "/response/body/base64_string", "/response/body", "/response/content"),
    request_headers=("/request/headers",),
    response_headers=("/response/headers",),
    url=("/request/uri", "/request/url"),
    status=("/response/status/code", "/response/status_code", "/response/status"),
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where an object holds interactions."""
    text = head[:2048].decode(errors="replace").lstrip("\ufeff \t\r\n")
    is_cassette = '"interactions"' in text or '"http_interactions"' in text
    return 0.99 if text.startswith("{") and is_cassette else 0.0


def parse(head: bytes, settings: Settings) -> EntriesParser:
    """A parser of interactions."""
    return parser(settings, LAYOUT, _interactions)


def _interactions(path: Path) -> Iterator[Any]:
    document = document_of(path)
    found = document if isinstance(document, dict) else {}
    interactions = found.get("interactions", found.get("http_interactions"))
    if not isinstance(interactions, list):
        raise InputError(f"{path.name} is JSON, but no cassette: it has no interactions.")
    yield from interactions


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
    )
]  # fmt: skip
