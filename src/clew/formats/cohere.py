"""Answers of Cohere's API: chat, embed and rerank, alone.

Reads     {id, message, finish_reason, usage} of version 2; {text, generation_id, meta} of version 1;
          {id, embeddings, meta} and {id, results, meta}
Returns   one AI call an answer; tokens are the billed ones, all of the block is in usage_details
Blind to  the model, when and how long, unless the recorder says so
"""

from __future__ import annotations

from clew.formats import Settings
from clew.formats._calls import parser as calls
from clew.formats._calls.parts import Layout
from clew.model.case import Sample

LAYOUT = Layout(
    keys=(
        ("/usage/billed_units",),
        ("/meta/billed_units",),
        ("/usage/tokens", "/message"),
        ("/generation_id", "/text"),
    ),
    response=("",),
    request=("/request_body", "/request"),
    provider="cohere",
)


def sniff(head: bytes) -> float:
    """High where records are answers with billed units."""
    return calls.sniff(head, LAYOUT)


def parse(head: bytes, settings: Settings) -> calls.CallsParser:
    """A parser of bare answers."""
    return calls.parse(head, settings, LAYOUT)


SAMPLES = [
    Sample(
        '{"id":"c1","finish_reason":"COMPLETE","message":{"role":"assistant","content":[{"type":"text","text":"Blue."}]},'
        '"usage":{"billed_units":{"input_tokens":5,"output_tokens":2},"tokens":{"input_tokens":71,"output_tokens":3}}}\n'
        '{"text":"Red.","generation_id":"g1","finish_reason":"MAX_TOKENS","model":"command-r","meta":{"billed_units":'
        '{"input_tokens":9,"output_tokens":1}}}\n',
        [
            {"provider": "cohere", "response_id": "c1", "input_tokens": 5, "output_tokens": 2, "completion": "Blue.",
             "attributes.usage_problem": "usage without a model"},
            {"completion": "Red.", "response_id": "g1", "operation": "chat",
             "input_tokens": 9, "finish_reason": "MAX_TOKENS",
             "response_model": "command-r"},
        ],
        name="version 2 and version 1",
    )
]  # fmt: skip
