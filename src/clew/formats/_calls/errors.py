"""Errors of AI providers, as SQL: the type and message they give, and the class that all of them share.

{"error": {"message": "...", "type": "invalid_request_error", "code": "context_length_exceeded"}}  OpenAI
{"type": "error", "error": {"type": "overloaded_error", "message": "..."}, "request_id": "..."}    Anthropic
{"error": {"code": 429, "message": "...", "status": "RESOURCE_EXHAUSTED", "details": [...]}}       Google
{"error": {"code": "content_filter", "message": "...", "innererror": {...}}}                       Azure
{"__type": "ThrottlingException", "message": "..."}                                               AWS
{"object": "error", "message": "...", "type": "BadRequestError", "code": 400}                      vLLM, Mistral
{"error": "model 'x' not found"}, {"detail": "..."}, {"message": "..."}   Ollama, Cohere
"""

from __future__ import annotations

import json

from clew.formats._calls.headers import spelled_s
from clew.formats._fields import quoted

SHAPE = {
    "error": "JSON", "errors": "JSON", "object": "VARCHAR", "type": "VARCHAR", "code": "VARCHAR", "__type": "VARCHAR",
    "message": "JSON", "detail": "JSON", "error_type": "VARCHAR",
    "error_description": "VARCHAR", "request_id": "VARCHAR",
}  # fmt: skip
WORDS: tuple[tuple[str, str], ...] = (
    (
        "context_length",
        r"context_length|context length|context window|prompt is too long|input is too long|string_above_max_length"
        r"|exceeds? the (?:maximum|max) (?:number of |input |allowed )?(?:tokens|token|context|length)"
        r"|input token count .{0,40}exceeds|too many (?:total |input )?tokens(?:$|[.:;] | in | \()"
        r"|maximum (?:input|prompt|sequence) length|reduce the length|token limit exceeded|ContextWindowExceeded"
        r"|max_tokens.{0,80}(?:too large|exceeds).{0,40}context|must have less than \d+ tokens|max_model_len",
    ),
    (
        "content_filter",
        r"content.?filter|content.?policy|content management policy|responsible.?ai|moderation|safety "
        r"system|prohibited_content"
        r"|guardrail|blocked due to|was blocked|flagged|ContentPolicyViolation|blockReason",
    ),
    (
        "tool_mismatch",
        r"tool_calls.{0,60}must be followed|must be a response to a preceding message with .?tool_calls"
        r"|tool_call_ids? did not have response|tool_use.{0,60}without .{0,20}tool_result"
        r"|tool_result.{0,80}(?:corresponding|unexpected|previous|without) .{0,40}tool_use|unexpected .?tool_use_id"
        r"|no tool (?:call|output) found|number of function (?:response|call)|same number of function calls"
        r"|number of tool_?results? blocks|expected tool_?results? blocks|unexpected tool call id|function "
        r"response turn"
        r"|function call turn|tool call id .{0,40}(?:not found|has to be)|unexpected role .?tool",
    ),
    (
        "overloaded",
        r"overloaded|over capacity|at capacity|engine is currently|model is (?:currently "
        r")?(?:busy|loading)|currently loading"
        r"|high demand|ModelNotReady|server busy|queue is full|ServiceUnavailable|temporarily unavailable|No "
        r"deployments available",
    ),
    (
        "rate_limited",
        r"rate.?limit|throttl|too.?many.?requests|resource.?exhausted|quota|tokens per "
        r"(?:minute|day)|requests per (?:minute|day)"
        r"|too many tokens|budget.{0,20}exceeded|exceeded.{0,40}budget",
    ),
    (
        "timeout",
        r"time.?out|timed.?out|deadline.?exceeded|took too long",
    ),
    (
        "auth",
        r"invalid.?api.?key|incorrect api key|api key not "
        r"valid|API_KEY_INVALID|unauthenticated|authentication|unauthorized|expired.?token"
        r"|UnrecognizedClient|invalid.?(?:x-)?api-?key|InvalidSignature|no api key|missing api key|invalid "
        r"token|incomplete.?signature",
    ),
    (
        "permission",
        r"permission|access.?denied|forbidden|not authorized|not allowed to|does not have "
        r"access|insufficient balance|billing|credit balance",
    ),
    (
        "not_found",
        r"not.?found|does not exist|no such (?:model|deployment)|unknown model|ResourceNotFound|model_not_found",
    ),
    (
        "unsupported",
        r"unsupported|not supported|does not support|doesn.t support|not implemented|isn.t "
        r"supported|unrecognized request argument"
        r"|not available in your (?:country|region)|location is not supported",
    ),
    (
        "network",
        r"connection|ECONN|EPIPE|ENOTFOUND|getaddrinfo|name resolution|dns|ssl|tls|socket|network|broken "
        r"pipe|remote.?protocol"
        r"|stream cut off|peer closed|server disconnected|incomplete.?read|client (?:closed|disconnected)",
    ),
    (
        "server_error",
        r"internal.?(?:server.?)?error|server.?error|api_error|InternalServerException|ModelErrorException",
    ),
    ("bad_request", r"invalid.?(?:request|argument|parameter|value)|bad.?request|validation|malformed|unprocessable"),
)  # fmt: skip
BY_STATUS = {
    400: "bad_request", 401: "auth", 402: "permission", 403: "permission", 404: "not_found",
    405: "unsupported", 408: "timeout", 409: "bad_request", 410: "not_found", 413: "bad_request",
    415: "unsupported", 422: "bad_request", 424: "server_error", 429: "rate_limited",
    498: "overloaded", 499: "network", 500: "server_error", 501: "unsupported", 502: "server_error",
    503: "overloaded", 504: "timeout", 520: "server_error", 521: "network", 522: "timeout",
    523: "network", 524: "timeout", 525: "network", 529: "overloaded",
}  # fmt: skip
SPEAKS: dict[int, frozenset[str]] = {
    400: frozenset(name for name, _ in WORDS) - {"network", "server_error", "timeout"},
    401: frozenset({"auth"}),
    403: frozenset({"permission", "content_filter", "unsupported", "rate_limited", "auth"}),
    404: frozenset({"not_found", "unsupported"}),
    413: frozenset({"context_length", "rate_limited", "bad_request"}),
    422: frozenset({"context_length", "content_filter", "tool_mismatch", "unsupported"}),
    424: frozenset({"timeout", "server_error", "overloaded", "tool_mismatch"}),
    429: frozenset({"overloaded", "rate_limited"}),
    500: frozenset({"overloaded", "timeout", "server_error", "network", "context_length"}),
    502: frozenset({"overloaded", "timeout", "server_error", "network"}),
    503: frozenset({"overloaded", "timeout", "rate_limited"}),
}
"""What an error's words may make of its status; other statuses speak for themselves."""
WAIT = (
    "(?i)(?:try again in|retry in|retry after|wait)[^0-9]{0,12}((?:[0-9.]+ ?(?:ms|h|m|s)[a-z]* *)+)"
)


def with_error(relation: str) -> str:
    """SQL of the relation with `e`: a struct of type, code, message and rest, all NULL where `response`
    (JSON) and `response_text` are no error. It has `http_code`, the status of the answer where known."""
    shape = quoted(json.dumps(SHAPE))
    thing = (
        "CASE WHEN json_type(b.error) = 'ARRAY' THEN (b.error->0) "
        "WHEN json_type(b.error) IN ('OBJECT', 'VARCHAR') THEN b.error "
        "WHEN b.object = 'error' OR b.type = 'error' OR b.__type IS NOT NULL OR (response->>'Code') IS NOT NULL "
        "OR (response->>'Message') IS NOT NULL THEN response "
        "WHEN http_code >= 400 AND coalesce(b.message, b.detail, b.errors) IS NOT NULL THEN response "
        "WHEN http_code >= 400 AND response IS NULL AND response_text <> '' "
        "THEN to_json(left(response_text, 2000)) END"
    )
    typed = (
        "coalesce(nullif((t->>'type'), 'error'), "
        "CASE WHEN try_cast((t->>'status') AS BIGINT) IS NULL THEN (t->>'status') END, "
        "list_last(string_split(coalesce((t->>'__type'), (t->>'Code')), '#')), b.error_type, "
        "CASE WHEN json_type(t) = 'VARCHAR' AND regexp_full_match((t->>'$'), '[\\w.:-]+') THEN (t->>'$') END, "
        "CASE WHEN try_cast((t->>'code') AS BIGINT) IS NULL THEN (t->>'code') END, "
        "split_part(told_values[list_position(told_names, 'x-amzn-errortype')], ':', 1))"
    )
    said = (
        "coalesce(CASE WHEN json_type(t) = 'VARCHAR' THEN coalesce(b.error_description, (b.message->>'$'), "
        "(t->>'$')) END, "
        "CASE WHEN json_type(t) = 'OBJECT' THEN concat_ws(': ', coalesce((t->>'message'), (t->>'msg'), "
        "(t->>'Message'), "
        "(t->>'detail'), (t->>'errors')), (t->'metadata'->>'raw')) END)"
    )
    rest = 'json_merge_patch(t, \'{"type":null,"message":null,"code":null,"__type":null,"status":null}\')'
    return (
        "SELECT * EXCLUDE (b, t), CASE WHEN t IS NOT NULL THEN struct_pack("
        f"type := {typed}, code := (t->>'code'), request := b.request_id, said := nullif({said}, ''), "
        f"rest := CASE WHEN json_type(t) = 'OBJECT' AND json_type(b.error) = 'OBJECT' THEN "
        f"nullif(json_merge_patch('{{}}'::JSON, {rest}), '{{}}') END) END AS e "
        f"FROM (SELECT *, {thing} AS t FROM ("
        f"SELECT *, CASE WHEN http_code >= 400 OR contains(response::VARCHAR, 'rror') OR "
        f"contains(response::VARCHAR, '__type') "
        f"THEN json_transform(response, {shape}) END AS b FROM {relation}))"
    )


def asked_wait() -> str:
    """SQL of the seconds that an error's own words ask to wait: Google's RetryInfo, or `Please try again in 6m0s.`"""
    delay = "json_extract_string(e.rest, '$.details[*].retryDelay')[1]"
    words = f"regexp_extract(e.said, {quoted(WAIT)}, 1)"
    tidy = f"regexp_replace(regexp_replace(trim({words}), '(?i)seconds?', 's', 'g'), '(?i)minutes?', 'm', 'g')"
    return f"CASE WHEN e IS NOT NULL THEN coalesce({spelled_s(delay)}, {spelled_s(tidy)}) END"


def error_class(status: str, words: str) -> str:
    """SQL of the class of an error by its HTTP status and its words; NULL where nothing tells."""
    usual = " ".join(f"WHEN {code} THEN '{name}'" for code, name in BY_STATUS.items())
    usual = (
        f"CASE {status} {usual} ELSE CASE WHEN {status} >= 500 THEN 'server_error' "
        f"WHEN {status} >= 400 THEN 'bad_request' END END"
    )
    branches = []
    for name, pattern in WORDS:
        heard = [code for code, names in SPEAKS.items() if name in names]
        listed = ", ".join(map(str, heard)) or "0"
        may = f"({status} IS NULL OR {status} < 400 OR {status} IN ({listed}))"
        branches.append(
            f"WHEN {may} AND regexp_matches({words}, {quoted('(?is)' + pattern)}) THEN '{name}'"
        )
    return f"CASE {' '.join(branches)} ELSE {usual} END"
