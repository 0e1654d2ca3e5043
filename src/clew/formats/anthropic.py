"""Answers of Anthropic's API: messages alone, and results of batches.

Reads     {id, type: "message", model, content, usage}, one a line or in one array, with whatever keys
          a recorder put beside them; {custom_id, result: {type, message | error}} of batches; recorded
          streams
Returns   one AI call an answer; input tokens include those read from and written to the cache
Blind to  when a call was made and how long it took, unless the recorder says so
"""

from __future__ import annotations

from clew.formats import Settings
from clew.formats._calls import parser as calls
from clew.formats._calls.parts import Layout, has_keys
from clew.formats._calls.recorded import answers, speaks
from clew.formats._json_head import share_of
from clew.model.case import Sample

BODY = Layout(
    keys=(("/content", "/stop_reason", "/usage"), ("/content", "/role", "/usage", "/type")),
    names={"role": "", "stop_sequence": "", "container": ""},
    response=("",),
    request=("/request_body", "/request"),
    provider="anthropic",
)
BATCH = Layout(
    keys=(("/custom_id", "/result"),),
    names={"custom_id": "", "result.type": ""},
    response=("/result/message", "/result/error"),
    provider="anthropic",
    fixed={"service_tier": "'batch'"},
)


def sniff(head: bytes) -> float:
    """High where records are messages, or results of a batch."""
    return max(
        calls.sniff(head, BODY), calls.sniff(head, BATCH), 0.99 * (speaks(head) == "anthropic")
    )


def parse(head: bytes, settings: Settings) -> calls.CallsParser:
    """A parser of bare messages, or of a batch's results."""
    if speaks(head) == "anthropic":
        return calls.of_entries(settings, BODY, answers)
    is_batch = share_of(head, lambda document: has_keys(BATCH, document)) > 0.5
    return calls.parse(head, settings, BATCH if is_batch else BODY)


SAMPLES = [
    Sample(
        '{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":'
        '[{"type":"text","text":"Blue."}],"stop_reason":"end_turn","stop_sequence":null,"usage":'
        '{"input_tokens":10,"cache_creation_input_tokens":5,"cache_read_input_tokens":100,"output_tokens":3}}\n'
        '{"id":"msg_2","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],'
        '"stop_reason":"max_tokens","usage":{"input_tokens":7,"output_tokens":1},"user_id":"u-1"}\n',
        [
            {
                "provider": "anthropic",
                "input_tokens": 115,
                "cache_read_tokens": 100,
                "cache_write_tokens": 5,
                "output_tokens": 3,
                "completion": "Blue.",
                "finish_reason": "end_turn",
                "response_id": "msg_1",
            },
            {"input_tokens": 7, "finish_reason": "max_tokens", "user_id": "u-1"},
        ],
        name="bare messages",
    ),
    Sample(
        '{"custom_id":"a","result":{"type":"succeeded","message":{"id":"msg_3","type":"message","role":"assistant",'
        '"model":"claude-haiku-4-5","content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","usage":'
        '{"input_tokens":1,"output_tokens":2}}}}\n'
        '{"custom_id":"b","result":{"type":"errored","error":{"type":"error","error":'
        '{"type":"invalid_request_error","message":"bad"}}}}\n',
        [
            {"response_id": "msg_3", "service_tier": "batch", "output_tokens": 2, "attributes.custom_id": "a"},
            {"error_type": "invalid_request_error", "error_class": "bad_request", "status": "error"},
        ],
        name="results of a batch",
    ),
    Sample(
        'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_5","type":"message","role":'
        '"assistant","model":"claude-sonnet-4-5","content":[],"usage":{"input_tokens":7,"output_tokens":1}}}\n\n'
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta",'
        '"text":"Blue."}}\n\n'
        'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":'
        '{"output_tokens":3}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n',
        [{"completion": "Blue.", "input_tokens": 7, "output_tokens": 3, "finish_reason": "end_turn",
          "is_streamed": True}],
        name="a recorded stream",
    ),
]  # fmt: skip
