"""HAR files: the traffic of a browser or a proxy, one event an entry, AI calls read whole.

Reads     {log: {version, entries: [{startedDateTime, time, request, response, timings}]}}, version 1.2
Returns   one event a request; those to AI APIs are calls, with prompt and completion
Units     time and timings are milliseconds
Blind to  bodies that the recorder left out; byte offsets: `line` and `byte_offset` count entries
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clew.errors import InputError
from clew.formats import Settings
from clew.formats._calls.entries import document_of
from clew.formats._calls.parser import EntriesParser, of_entries
from clew.formats._calls.parts import Layout
from clew.model.case import Sample

LAYOUT = Layout(
    keys=(("/request", "/response"),),
    names={
        "startedDateTime": "timestamp", "time": "duration_ms:ms",
        "request.method": "http_method", "response.status": "http_status", "request.httpVersion": "protocol",
        "request.bodySize": "request_bytes", "response.bodySize": "response_bytes", "response.statusText": "",
        "response.httpVersion": "", "pageref": "", "connection": "", "comment": "", "serverIPAddress": "",
    },
    request=("/request/postData/text",),
    response=("/response/content/text",),
    request_headers=("/request/headers",),
    response_headers=("/response/headers",),
    url=("/request/url",),
    status=("/response/status",),
    spent=("/request/cookies", "/response/cookies", "/request/queryString", "/request/postData", "/response/content",
           "/request/headersSize", "/response/headersSize", "/cache", "/response/redirectURL"),
)  # fmt: skip

UNTIL_FIRST_BYTE = ("blocked", "dns", "connect", "send", "wait")
"""Parts of an exchange before its answer begins; -1 stands for none, and `connect` holds `ssl`."""


def sniff(head: bytes) -> float:
    """High where an object begins with a log that has a creator or entries."""
    text = head[:4096].decode(errors="replace").lstrip("\ufeff \t\r\n")
    is_log = text.startswith("{") and '"log"' in text[:200]
    return 0.99 if is_log and ('"creator"' in text or '"entries"' in text) else 0.0


def parse(head: bytes, settings: Settings) -> EntriesParser:
    """A parser of entries."""
    return of_entries(settings, LAYOUT, _entries)


def _entries(path: Path) -> Iterator[Any]:
    document = document_of(path)
    log = document.get("log") if isinstance(document, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise InputError(f"{path.name} is JSON, but no HAR file: it has no log.entries.")
    yield from map(_entry, entries)


def _entry(entry: Any) -> Any:
    """The entry with the fields of a form as its body, and with the time to the first byte of a stream."""
    try:
        sent, told = entry["request"].get("postData") or {}, entry["response"]
        if not sent.get("text") and isinstance(sent.get("params"), list):
            sent["text"] = json.dumps({one["name"]: one.get("value") for one in sent["params"]})
        if "event-stream" in str(told["content"].get("mimeType")):
            parts = [entry["timings"].get(name, 0) for name in UNTIL_FIRST_BYTE]
            entry["ttft_ms"] = sum(part for part in parts if part > 0)
    except (KeyError, TypeError, AttributeError):
        return entry
    return entry


SAMPLES = [
    Sample(
        json.dumps({"log": {"version": "1.2", "creator": {"name": "proxy", "version": "1"}, "entries": [
            {"startedDateTime": "2026-11-20T09:00:00.000Z", "time": 640.5, "request": {
                "method": "POST", "url": "https://api.openai.com/v1/chat/completions", "httpVersion": "HTTP/2",
                "headers": [{"name": "Authorization", "value": "Bearer sk-not-a-real-key"}], "bodySize": 90,
                "postData": {"mimeType": "application/json", "text":
                             '{"model":"gpt-4o","messages":[{"role":"user","content":"Name a colour."}]}'}},
             "response": {"status": 200, "statusText": "OK", "headers": [{"name": "openai-processing-ms",
                                                                             "value": "600"}],
                          "content": {"size": 3, "mimeType": "application/json", "encoding": "base64", "text":
                                      "eyJpZCI6ImNoYXRjbXBsLTEiLCJtb2RlbCI6ImdwdC00byIsImNob2ljZXMiOlt7Im1lc3NhZ2UiOnsicm9sZSI6ImFzc2lzdGFudCIsImNvbnRlbnQiOiJCbHVlLiJ9LCJmaW5pc2hfcmVhc29uIjoic3RvcCJ9XSwidXNhZ2UiOnsicHJvbXB0X3Rva2VucyI6OSwiY29tcGxldGlvbl90b2tlbnMiOjJ9fQ=="}},
             "timings": {"wait": 610}},
            {"startedDateTime": "2026-11-20T09:00:01.000Z", "time": 12, "request": {
                "method": "GET", "url": "https://www.example.com/app.js", "headers": []},
             "response": {"status": 304, "headers": [], "content": {"size": 0}}},
        ]}}),
        [
            {"timestamp": "2026-11-20T09:00:00Z", "duration_ms": 640.5, "provider": "openai", "model": "gpt-4o",
             "prompt": "Name a colour.", "completion": "Blue.", "input_tokens": 9, "output_tokens": 2,
             "server_ms": 600.0, "http_method": "POST", "attributes.timings.wait": 610},
            {"url_path": "/app.js", "http_status": 304, "provider": None, "model": None},
        ],
        name="a call and a script",
    ),
    Sample(
        json.dumps({"log": {"version": "1.2", "creator": {"name": "proxy", "version": "1"}, "entries": [
            {"startedDateTime": "2026-11-20T09:00:00.000Z", "time": 500, "request": {
                "method": "POST", "url": "https://api.openai.com/v1/audio/transcriptions", "headers": [],
                "postData": {"mimeType": "multipart/form-data; boundary=b", "params": [
                    {"name": "model", "value": "whisper-1"}, {"name": "file", "fileName": "a.mp3"}]}},
             "response": {"status": 200, "headers": [], "content": {"mimeType": "application/json",
                                                                     "text": '{"text":"Blue."}'}},
             "timings": {"wait": 400}},
            {"startedDateTime": "2026-11-20T09:00:01.000Z", "time": 900, "request": {
                "method": "POST", "url": "https://api.openai.com/v1/chat/completions", "headers": [],
                "postData": {"mimeType": "application/json", "text": '{"model":"gpt-4o","messages":[]}'}},
             "response": {"status": 200, "headers": [], "content": {"mimeType": "text/event-stream", "text":
                 'data: {"object":"chat.completion.chunk","choices":[{"delta":{"content":"Red."}}]}\n\n'
                 "data: [DONE]\n\n"}},
             "timings": {"blocked": -1, "send": 1, "wait": 300, "receive": 599}},
        ]}}),
        [
            {"model": "whisper-1", "operation": "transcription", "completion": "Blue.", "ttft_ms": None},
            {"ttft_ms": 301.0, "duration_ms": 900.0, "is_streamed": True, "completion": "Red."},
        ],
        name="a form, and a stream",
    ),
]  # fmt: skip
