"""HTTP headers of an AI call, as SQL: who called, which limits are left, when to come back.

Authorization, x-api-key, api-key, x-goog-api-key   hashed at once
x-ratelimit-remaining-tokens: 149984                OpenAI, Azure, Groq and most others
anthropic-ratelimit-requests-limit: 50              Anthropic
retry-after: 20 | Fri, 20 Nov 2026 09:00:20 GMT     seconds, or a date
openai-processing-ms: 512                           the provider's own processing time
"""

from __future__ import annotations

from clew.formats import Settings
from clew.formats._fields import quoted
from clew.formats._time import rfc1123_sql

KEYS = (
    "authorization", "x-api-key", "api-key", "x-goog-api-key", "ocp-apim-subscription-key",
    "x-litellm-api-key", "x-portkey-api-key", "helicone-auth",
)  # fmt: skip
REQUEST_IDS = (
    "x-request-id", "request-id", "x-amzn-requestid", "apim-request-id", "x-ms-request-id",
    "x-litellm-call-id", "mistral-correlation-id", "x-correlation-id", "x-trace-id", "helicone-id", "x-groq-request-id",
)  # fmt: skip
ASKED = {
    "user_agent": ("user-agent",),
    "referer": ("referer",),
    "user_id": ("x-user-id", "x-end-user", "x-openwebui-user-id", "helicone-user-id"),
    "session_id": ("x-session-id", "helicone-session-id"),
    "team": ("x-team", "x-team-id"),
    "tenant": ("x-tenant-id", "openai-organization"),
    "environment": ("x-environment",),
    "service": ("x-service", "x-service-name"),
    "request_id": ("x-request-id", "x-client-request-id"),
}
"""Column to the request headers that state it."""
ANSWERED = {
    "tenant": ("openai-organization", "anthropic-organization-id"),
    "request_id": REQUEST_IDS,
    "rate_limit_requests": ("x-ratelimit-limit-requests", "anthropic-ratelimit-requests-limit",
                            "x-ratelimit-limit", "ratelimit-limit", "x-ratelimit-limit-req-minute"),
    "rate_limit_requests_remaining": ("x-ratelimit-remaining-requests", "anthropic-ratelimit-requests-remaining",
                                      "x-ratelimit-remaining", "ratelimit-remaining",
                                      "x-ratelimit-remaining-req-minute"),
    "rate_limit_tokens": ("x-ratelimit-limit-tokens", "anthropic-ratelimit-tokens-limit",
                          "x-ratelimit-limit-tokens-minute", "x-tokenlimit-limit", "ratelimitbysize-limit"),
    "rate_limit_tokens_remaining": ("x-ratelimit-remaining-tokens", "anthropic-ratelimit-tokens-remaining",
                                    "x-ratelimit-remaining-tokens-minute", "x-tokenlimit-remaining",
                                    "ratelimitbysize-remaining"),
    "server_ms": ("openai-processing-ms", "x-envoy-upstream-service-time", "x-total-time",
                  "x-kong-upstream-latency"),
    "inference_ms": ("x-inference-time",),
    "queue_ms": ("x-queue-time",),
    "cost_given_usd": ("x-litellm-response-cost",),
    "input_tokens": ("x-prompt-tokens",),
    "output_tokens": ("x-generated-tokens",),
}  # fmt: skip
"""Column to the response headers that state it, the surest first."""
DULL = (
    "accept", "accept-encoding", "accept-language", "connection", "content-encoding", "content-type",
    "transfer-encoding", "date", "server", "vary", "via", "alt-svc", "keep-alive", "host", "content-length",
    "strict-transport-security", "x-content-type-options", "cache-control", "pragma", "expires",
    "x-frame-options", "x-xss-protection", "access-control-expose-headers", "cf-cache-status",
    "access-control-allow-origin", "server-timing", "x-forwarded-for", "traceparent", "retry-after",
    "retry-after-ms", "x-ms-retry-after-ms", "report-to", "nel", "cookie", "set-cookie", "proxy-authorization",
)  # fmt: skip
"""Headers that say nothing of the call, those that are read by name, and cookies, which are secrets."""
SECRET = "(?i)token$|secret|password|signature|credential|api[-_]?key|authorization"
MASKED = r"(?i)[*]{3}|x{6}|redacted|filtered|masked|hidden|removed|dummy|…|[.]{3}|^<.*>$|^\[.*\]$"


def with_headers(relation: str) -> str:
    """SQL of the relation with asked_names, asked_values, told_names and told_values: lists made from
    `request_headers` and `response_headers` (JSON in any usual shape), names in lower case."""
    parts = []
    for column, short in (("request_headers", "asked"), ("response_headers", "told")):
        pairs = f"json_transform({column}, '\"MAP(VARCHAR, VARCHAR)\"')"
        is_list = f"json_type({column}) = 'ARRAY'"
        of_list = (
            f"coalesce(nullif(json_extract_string({column}, '$[*].{{}}'), []), "
            f"json_extract_string({column}, '$[*][{{}}]'))"
        )
        names = f"CASE WHEN {is_list} THEN {of_list.format('name', 0)} ELSE map_keys({pairs}) END"
        alone = (
            f"list_transform(map_values({pairs}), lambda v: CASE WHEN starts_with(v, '[\"') "
            "THEN coalesce(json_extract_string(try_cast(v AS JSON), '$[0]'), v) ELSE v END)"
        )
        values = (
            f"CASE WHEN {is_list} THEN {of_list.format('value', 1)} "
            f"WHEN contains({column}::VARCHAR, '[\"') THEN {alone} ELSE map_values({pairs}) END"
        )
        parts.append(f"list_transform({names}, lambda n: lower(n)) AS {short}_names")
        parts.append(f"{values} AS {short}_values")
    return f"SELECT *, {', '.join(parts)} FROM {relation}"


def header_columns(settings: Settings) -> dict[str, list[str]]:
    """Canonical column to SQL over a relation that `with_headers` made, the surest first."""
    found: dict[str, list[str]] = {}
    for column, names in ASKED.items():
        found[column] = [_asked(name) for name in names]
    for column, names in ANSWERED.items():
        found[column] = [*found.get(column, []), *(_converted(column, _told(n)) for n in names)]
    found["client_ip"] = [f"nullif(trim(split_part({_asked('x-forwarded-for')}, ',', 1)), '')"]
    found["trace_id"] = [
        f"nullif(regexp_extract({_asked('traceparent')}, '^[0-9a-f]{{2}}-([0-9a-f]{{32}})-', 1), '')"
    ]
    found["parent_span_id"] = [
        f"nullif(regexp_extract({_asked('traceparent')}, '^[0-9a-f]{{2}}-[0-9a-f]{{32}}-([0-9a-f]{{16}})-', 1), '')"
    ]
    found["api_key_hash"] = [key_hash(f"coalesce({', '.join(_asked(name) for name in KEYS)})")]
    found["retry_after_s"] = [_wait(settings)]
    return found


def answered_at() -> str:
    """SQL of the text of the answer's own date."""
    return f"trim({_told('date')}, '[]\" ')"


def key_hash(text: str) -> str:
    """SQL of the hash under which a key is known; NULL where it was masked before it came here."""
    bare = f"regexp_replace(trim({text}), '(?i)^(bearer|basic|token|key) +', '')"
    signed = f"nullif(regexp_extract({bare}, 'Credential=([^/,\\s]+)', 1), '')"
    key = f"coalesce({signed}, {bare})"
    masked = f"regexp_matches({key}, {quoted(MASKED)})"
    return f"CASE WHEN {text} <> '' AND NOT {masked} THEN left(sha256({key}), 16) END"


def leftover(short: str) -> str:
    """SQL of a JSON object with the headers that no column holds; values of secrets are hashed."""
    known = {*DULL, *KEYS}
    table = ASKED if short == "asked" else ANSWERED
    known |= {name for names in table.values() for name in names}
    listed = "[" + ", ".join(quoted(name) for name in sorted(known)) + "]"
    pairs = f"list_zip({short}_names, {short}_values)"
    said = "p[1] IS NOT NULL AND p[2] IS NOT NULL"
    kept = f"list_filter({pairs}, lambda p: {said} AND NOT list_contains({listed}, p[1]))"
    member = (
        f"to_json(p[1]) || ':' || to_json(CASE WHEN regexp_matches(p[1], '{SECRET}') "
        "THEN left(sha256(p[2]), 16) ELSE p[2] END)"
    )
    text = f"array_to_string(list_transform({kept}, lambda p: {member}), ',')"
    return f"CASE WHEN len({kept}) > 0 THEN ('{{' || {text} || '}}')::JSON END"


def _asked(name: str) -> str:
    return f"asked_values[list_position(asked_names, '{name}')]"


def _told(name: str) -> str:
    return f"told_values[list_position(told_names, '{name}')]"


def _converted(column: str, text: str) -> str:
    """Numbers may carry a policy behind them: `100, 100;w=60`; times may carry a unit: `1.2s`."""
    if column.startswith("rate_limit_") or column.endswith("_tokens"):
        return f"try_cast(nullif(regexp_extract({text}, '^[\\[\" ]*([0-9]+)', 1), '') AS BIGINT)"
    if column.endswith("_ms"):
        number = f"try_cast(regexp_extract({text}, '^[\\[\" ]*([0-9.]+)', 1) AS DOUBLE)"
        return f"({number} * CASE WHEN regexp_matches({text}, '[0-9]s') THEN 1e3 ELSE 1 END)"
    if column == "cost_given_usd":
        return f"try_cast({text} AS DECIMAL(18, 9))"
    return text


def _wait(settings: Settings) -> str:
    """Seconds to wait: a number, a duration such as 1m30s, or a date after the answer's own."""
    ms = f"coalesce({_told('retry-after-ms')}, {_told('x-ms-retry-after-ms')})"
    text = f"trim({_told('retry-after')}, '[]\" ')"
    until = (
        f"(epoch_ms({rfc1123_sql(text, settings)}) - "
        f"epoch_ms({rfc1123_sql(answered_at(), settings)})) / 1e3"
    )
    return (
        f"coalesce(try_cast({ms} AS DOUBLE) / 1e3, try_cast({text} AS DOUBLE), {spelled_s(text)}, "
        f"CASE WHEN contains({text}, ':') THEN greatest(0, {until}) END)"
    )


def spelled_s(text: str) -> str:
    """SQL of the seconds of a duration such as `6m0s`, `20s`, `350ms`."""

    def part(unit: str, scale: float) -> str:
        number = f"regexp_extract({text}, '([0-9.]+) ?{unit}(?:[^a-z]|$)', 1)"
        return f"coalesce(try_cast({number} AS DOUBLE), 0) * {scale!r}"

    parts = " + ".join([part("h", 3600.0), part("m", 60.0), part("s", 1.0), part("ms", 1e-3)])
    return f"CASE WHEN regexp_full_match({text}, '(?:[0-9.]+ ?(?:h|m|s|ms))+') THEN {parts} END"
