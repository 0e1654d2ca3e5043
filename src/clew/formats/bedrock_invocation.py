"""Model invocation logs of Amazon Bedrock.

Reads     {schemaType: "ModelInvocationLog", timestamp, accountId, region, requestId, operation, modelId,
          identity, input: {inputBodyJson, inputTokenCount}, output: {outputBodyJson, outputTokenCount}}
Returns   one AI call a record; input tokens include those read from and written to the cache
Blind to  how long a call took, unless it was a stream; bodies that went to S3 because they are big
"""

from __future__ import annotations

from clew.formats import Settings
from clew.formats._calls import parser as calls
from clew.formats._calls.parts import Layout, counted
from clew.model.case import Sample

READ = counted("/input/cacheReadInputTokenCount", "/cacheReadInputTokenCount")
WRITTEN = counted("/input/cacheWriteInputTokenCount", "/cacheWriteInputTokenCount")
FRESH = counted("/input/inputTokenCount")

LAYOUT = Layout(
    keys=(("/schemaType", "/modelId", "/requestId"), ("/modelId", "/requestId", "/input", "/operation")),
    names={
        "accountId": "tenant", "requestId": "request_id", "modelId": "model", "identity.arn": "user_id",
        "operation": "", "input.inputTokenCount": "", "output.outputTokenCount": "",
    },
    request=("/input/inputBodyJson",),
    response=("/output/outputBodyJson",),
    spent=("/errorCode", "/schemaType", "/schemaVersion", "/input/inputTokenCount", "/output/outputTokenCount",
           "/input/cacheReadInputTokenCount", "/cacheReadInputTokenCount",
           "/input/cacheWriteInputTokenCount", "/cacheWriteInputTokenCount"),
    derived={
        "error_type": "(document->>'errorCode')",
        "input_tokens": f"{FRESH} + coalesce({READ}, 0) + coalesce({WRITTEN}, 0)",
        "output_tokens": counted("/output/outputTokenCount"),
        "cache_read_tokens": READ,
        "cache_write_tokens": WRITTEN,
        "is_streamed": "CASE WHEN contains(document->>'operation', 'Stream') THEN true END",
    },
    provider="aws.bedrock",
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where records are invocation logs."""
    return calls.sniff(head, LAYOUT)


def parse(head: bytes, settings: Settings) -> calls.CallsParser:
    """A parser of invocation logs."""
    return calls.parse(head, settings, LAYOUT)


SAMPLES = [
    Sample(
        '{"schemaType":"ModelInvocationLog","schemaVersion":"1.0","timestamp":"2026-11-20T09:00:00Z","accountId":'
        '"111122223333","region":"us-east-1","requestId":"r-1","operation":"Converse","modelId":'
        '"anthropic.claude-3-haiku-20240307-v1:0","identity":{"arn":"arn:aws:iam::111122223333:user/app"},"input":'
        '{"inputContentType":"application/json","inputBodyJson":{"messages":[{"role":"user","content":'
        '[{"text":"Name a colour."}]}],"inferenceConfig":{"maxTokens":50}},"inputTokenCount":12,'
        '"cacheReadInputTokenCount":100},"output":{"outputContentType":"application/json","outputBodyJson":{"output":'
        '{"message":{"role":"assistant","content":[{"text":"Blue."}]}},"stopReason":"end_turn"},"outputTokenCount":3}}\n'
        '{"schemaType":"ModelInvocationLog","schemaVersion":"1.0","timestamp":"2026-11-20T09:00:05Z","accountId":'
        '"111122223333","region":"us-east-1","requestId":"r-2","operation":"InvokeModelWithResponseStream","modelId":'
        '"anthropic.claude-3-haiku-20240307-v1:0","input":{"inputBodyJson":{"messages":[]},"inputTokenCount":4},'
        '"output":{"outputBodyJson":[{"type":"message_start","message":{"id":"msg_1","type":"message","usage":'
        '{"input_tokens":4,"output_tokens":1}}},{"type":"content_block_delta","index":0,"delta":{"type":"text_delta",'
        '"text":"Red"}},{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":4,'
        '"outputTokenCount":2,"invocationLatency":900,"firstByteLatency":300}}],"outputTokenCount":2}}\n'
        '{"schemaType":"ModelInvocationLog","timestamp":"2026-11-20T09:00:06Z","accountId":"1","region":"us-east-1",'
        '"requestId":"r-3","operation":"Converse","modelId":"m","errorCode":"ThrottlingException"}\n',
        [
            {"provider": "aws.bedrock", "request_id": "r-1", "region": "us-east-1", "tenant": "111122223333",
             "model": "anthropic.claude-3-haiku-20240307-v1:0", "input_tokens": 112, "cache_read_tokens": 100,
             "output_tokens": 3, "prompt": "Name a colour.", "completion": "Blue.", "max_tokens": 50,
             "user_id": "arn:aws:iam::111122223333:user/app", "finish_reason": "end_turn"},
            {"completion": "Red", "is_streamed": True, "ttft_ms": 300.0, "input_tokens": 4, "output_tokens": 2,
             "duration_ms": 900.0},
            {"error_type": "ThrottlingException", "error_class": "rate_limited", "status": "error"},
        ],
        name="converse, a stream, a throttled call",
    ),
    Sample(
        '{"schemaType":"ModelInvocationLog","timestamp":"2026-11-20T09:00:00Z","requestId":"r-4","operation":'
        '"InvokeModel","modelId":"mistral.mistral-large-2402-v1:0","input":{"inputBodyJson":{"prompt":"Name a '
        'colour."},"inputTokenCount":9},"output":{"outputBodyJson":{"outputs":[{"text":"Blue.","stop_reason":'
        '"length"}]},"outputTokenCount":2}}\n'
        '{"schemaType":"ModelInvocationLog","timestamp":"2026-11-20T09:00:01Z","requestId":"r-5","operation":'
        '"InvokeModel","modelId":"amazon.titan-text-express-v1","input":{"inputBodyJson":{"inputText":"Name a '
        'colour."},"inputTokenCount":3},"output":{"outputBodyJson":{"inputTextTokenCount":3,"results":[{"tokenCount":'
        '2,"outputText":"Red.","completionReason":"FINISH"}]},"outputTokenCount":2}}\n',
        [
            {"completion": "Blue.", "finish_reason": "length", "operation": "text_completion"},
            {"completion": "Red.", "finish_reason": "FINISH", "operation": "text_completion"},
        ],
        name="Mistral and Titan",
    ),
]  # fmt: skip
