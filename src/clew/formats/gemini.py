"""Answers of Google's Gemini API, alone.

Reads     {candidates, usageMetadata, modelVersion, responseId}, one a line or in one array, with
          whatever keys a recorder put beside them
Returns   one AI call an answer; output tokens include thoughts
Blind to  when a call was made and how long it took, unless the recorder says so
"""

from __future__ import annotations

from clew.formats import Settings
from clew.formats._calls import parser as calls
from clew.formats._calls.parts import Layout
from clew.model.case import Sample

LAYOUT = Layout(
    keys=(("/candidates", "/usageMetadata"), ("/usageMetadata", "/modelVersion")),
    response=("",),
    request=("/request_body", "/request"),
    names={"createTime": "timestamp"},
    fixed={"provider": "'gcp.gemini'"},
)


def sniff(head: bytes) -> float:
    """High where records are answers with candidates."""
    return calls.sniff(head, LAYOUT)


def parse(head: bytes, settings: Settings) -> calls.CallsParser:
    """A parser of bare answers."""
    return calls.parse(head, settings, LAYOUT)


SAMPLES = [
    Sample(
        '{"candidates":[{"content":{"role":"model","parts":[{"text":"Blue."}]},"finishReason":"STOP"}],'
        '"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":29,"thoughtsTokenCount":901,"totalTokenCount":933},'
        '"modelVersion":"gemini-2.5-pro","responseId":"r1"}\n'
        '{"candidates":[],"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4,'
        '"totalTokenCount":4},"modelVersion":"gemini-2.5-pro"}\n',
        [
            {"provider": "gcp.gemini", "response_model": "gemini-2.5-pro", "input_tokens": 3,
             "output_tokens": 930, "reasoning_tokens": 901, "completion": "Blue.", "finish_reason": "STOP"},
            {"input_tokens": 4, "output_tokens": 0, "finish_reason": "SAFETY"},
        ],
        name="bare answers",
    )
]  # fmt: skip
