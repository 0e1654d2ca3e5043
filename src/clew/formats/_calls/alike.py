"""AI calls of every format in the same words: sellers, kinds of calls, and classes of errors.

A log line, a span and a row of a table state a call as well as a body does; what the formats of API
calls say of themselves is left as it is.
"""

from __future__ import annotations

from clew.formats._calls.errors import error_class
from clew.model.ai_names import operation_sql, provider_sql

AI_MARKS = (
    "model", "response_model", "input_tokens", "output_tokens", "prompt", "completion", "span_id",
)  # fmt: skip
"""Columns of which an AI call, or a step around one, states one."""
AS_FOUND = frozenset({"csv", "parquet", "jsonl", "logfmt", "python_logging", "syslog", "text"})
"""Formats of whoever writes them: who names a seller there will look for that name."""
CALLS = ("model", "response_model", "provider")
"""Columns of which an AI call states one."""
ERROR_WORDS = ("error_type", "status_message", "exception_type", "exception_message")


def column_sql(name: str, given: frozenset[str], format_name: str) -> str:
    """SQL of a column as a format gives it; sellers and kinds of AI calls by their one name, in spans and
    in the formats of such calls."""
    asked = ("span_id",) if format_name in AS_FOUND else AI_MARKS
    marks = " OR ".join(f'"{mark}" IS NOT NULL' for mark in asked if mark in given)
    if name not in ("provider", "operation") or not marks:
        return f'"{name}"'
    text = f'"{name}"::VARCHAR'
    named = provider_sql(text) if name == "provider" else operation_sql(text)
    return f"CASE WHEN {marks} THEN {named} ELSE {text} END"


def error_class_sql(given: frozenset[str]) -> str:
    """SQL of the class of a failed AI call's error, where the format names none; "" where no row can
    be one."""
    asked = " OR ".join(f'"{name}" IS NOT NULL' for name in CALLS if name in given)
    words = [name for name in ERROR_WORDS if name in given]
    signs = [f'"{name}" IS NOT NULL' for name in words if name != "status_message"]
    status = 'try_cast("http_status" AS BIGINT)' if "http_status" in given else "NULL::BIGINT"
    if "http_status" in given:
        signs.append(f"{status} >= 400")
    if "status" in given:
        signs.append("\"status\" = 'error'")
    if not asked or not signs:
        return ""
    heard = "concat_ws(' ', {})".format(", ".join(f'"{name}"' for name in words)) if words else "''"
    told = '"error_class"::VARCHAR' if "error_class" in given else "NULL::VARCHAR"
    return (
        f"CASE WHEN {told} IS NOT NULL THEN {told} WHEN ({asked}) AND ({' OR '.join(signs)}) "
        f"THEN {error_class(status, heard)} END"
    )
