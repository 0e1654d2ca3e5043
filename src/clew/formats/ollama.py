"""Answers of Ollama's API: the final objects of /api/chat, /api/generate and /api/embed.

Reads     {model, created_at, message | response, done, total_duration, prompt_eval_count, eval_count},
          one a line; the pieces of recorded streams, put together
Returns   one AI call an answer
Units     durations are nanoseconds
Blind to  cached prompts: Ollama leaves prompt_eval_count out, so input tokens are then unknown
"""

from __future__ import annotations

from clew.formats import Settings
from clew.formats._calls import parser as calls
from clew.formats._calls.parts import Layout
from clew.formats._calls.recorded import answers, speaks
from clew.model.case import Sample

LAYOUT = Layout(
    keys=(
        ("/model", "/done", "/total_duration"),
        ("/model", "/embeddings", "/total_duration"),
        ("/model", "/clew_stream"),
    ),
    response=("",),
    request=("/request_body", "/request"),
    names={"created_at": "timestamp"},
    spent=("/embeddings",),
    provider="ollama",
)


def sniff(head: bytes) -> float:
    """High where records are final objects."""
    return max(calls.sniff(head, LAYOUT), 0.99 * (speaks(head) == "ollama"))


def parse(head: bytes, settings: Settings) -> calls.CallsParser:
    """A parser of final objects."""
    if speaks(head) == "ollama":
        return calls.of_entries(settings, LAYOUT, answers)
    return calls.parse(head, settings, LAYOUT)


SAMPLES = [
    Sample(
        '{"model":"llama3.2","created_at":"2026-11-20T09:00:00.123456789Z","message":{"role":"assistant",'
        '"content":"Blue."},"done_reason":"stop","done":true,"total_duration":2000000000,"load_duration":1000000,'
        '"prompt_eval_count":26,"prompt_eval_duration":130000000,"eval_count":2,"eval_duration":70000000}\n'
        '{"model":"llama3.2","created_at":"2026-11-20T09:00:05Z","response":"Red.","done":true,"done_reason":"length",'
        '"total_duration":1000000000,"eval_count":3}\n',
        [
            {"provider": "ollama", "response_model": "llama3.2", "timestamp": "2026-11-20T09:00:00.123456Z",
             "input_tokens": 26, "output_tokens": 2, "duration_ms": 2000.0, "prefill_ms": 130.0,
             "decode_ms": 70.0, "completion": "Blue.", "finish_reason": "stop"},
            {"completion": "Red.", "operation": "text_completion", "server_ms": 1000.0,
             "input_tokens": None, "output_tokens": 3, "finish_reason": "length"},
        ],
        name="chat and generate",
    ),
    Sample(
        '{"model":"llama3.2","created_at":"2026-11-20T09:00:00Z","message":{"role":"assistant","content":"Bl"},"done":false}\n'
        '{"model":"llama3.2","created_at":"2026-11-20T09:00:01Z","message":{"role":"assistant","content":"ue."},"done":true,'
        '"done_reason":"stop","total_duration":1000000000,"prompt_eval_count":4,"eval_count":2}\n'
        '{"model":"llama3.2","created_at":"2026-11-20T09:00:02Z","message":{"role":"assistant","content":"Re"},"done":false}\n',
        [
            {"completion": "Blue.", "input_tokens": 4, "output_tokens": 2, "is_streamed": True},
            {"completion": "Re", "output_tokens": None, "is_streamed": True},
        ],
        name="a recorded stream, and one that was cut off",
    ),
]  # fmt: skip
