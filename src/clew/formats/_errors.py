"""A field that says what went wrong, as SQL, to the exception columns.

An error may be a word, a sentence, `Type: message`, a whole traceback or its lines in a list; the text
decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from clew.formats._traceback import MARK, WRITTEN_MARK, exception_sql

OK_WORDS = ("ok", "success", "successful", "succeeded", "completed", "pass", "passed")
ERROR_WORDS = ("error", "err", "failed", "failure", "fail", "exception", "timeout", "aborted")
"""How a status says that it went well, or did not."""
OUTCOMES = frozenset(
    [
        "outcome",
        "result",
        "state",
        "event.outcome",
        "event_outcome",
        "job_status",
        "task_status",
        "run_status",
    ]
)
IS_WELL = frozenset(
    ["success", "succeeded", "successful", "is_success", "issuccess", "ok", "is_ok"]
)
IS_ILL = frozenset(["failed", "failure", "is_failed", "is_error", "iserror", "has_error"])
"""Names of fields that say how it ended, in a word or by true and false."""


def status_of_word(text: str) -> str:
    """SQL of ok or error, as a word says it; NULL for any other."""
    word = f"lower(trim({text}))"
    return f"CASE WHEN {word} IN {OK_WORDS} THEN 'ok' WHEN {word} IN {ERROR_WORDS} THEN 'error' END"


def outcome_of(texts: Mapping[str, str]) -> str:
    """SQL of ok or error, as the outcome of a record without a status says it; empty where no field does.

    Fields keep their own names and values too: `success:false` and `outcome:failure` are searched for.
    texts: field name to SQL of its text
    """
    said = []
    for name, text in texts.items():
        if name.lower() in OUTCOMES:
            said.append(status_of_word(text))
        elif name.lower() in IS_WELL | IS_ILL:
            well, ill = ("ok", "error") if name.lower() in IS_WELL else ("error", "ok")
            said.append(
                f"CASE lower({text}) WHEN 'true' THEN '{well}' WHEN 'false' THEN '{ill}' END"
            )
    return ", ".join(said)


def error_columns(column: str, said: str) -> dict[str, tuple[str, bool, int]]:
    """Column to its SQL, whether a value may fail to fill it, and how much later it counts than what
    other fields say.

    column  what the field's name means: exception_stacktrace, exception_message or error_type
    said    SQL of its text
    """
    text = f"nullif(trim({said}), '')"
    is_flag = f"lower({text}) IN ('true', 'false', 'null', 'none')"
    shown = f"CASE WHEN NOT ({is_flag}) THEN {text} END"
    is_trace = (
        f"(contains({shown}, 'Traceback (most recent') OR contains({shown}, chr(10)) "
        f"OR starts_with({shown}, '{WRITTEN_MARK}'))"
    )
    is_named = f"regexp_matches({shown}, '^[A-Za-z_$][\\w.$]*(Error|Exception|Exit|Interrupt|Warning|Timeout)\\b')"
    headed = (
        f"CASE WHEN starts_with({shown}, 'File \"') "
        f"THEN '{MARK}' || chr(10) || '  ' || {shown} ELSE {shown} END"
    )
    parts = exception_sql(f"CASE WHEN {is_trace} OR {is_named} THEN {headed} END")
    found = {
        name: (sql, False, 50) for name, sql in parts.items() if name != "exception_stacktrace"
    }
    found["exception_stacktrace"] = (f"CASE WHEN {is_trace} THEN {shown} END", False, 0)
    plain = f"CASE WHEN NOT ({is_trace} OR {is_named}) THEN {shown} END"
    if column == "error_type":
        is_word = f"regexp_full_match({plain}, '[\\w.:/-]+')"
        found["error_type"] = (f"CASE WHEN {is_word} THEN {plain} END", True, 0)
        found["status_message"] = (f"CASE WHEN NOT {is_word} THEN {plain} END", False, 50)
        return found
    unread = f"CASE WHEN {parts['exception_type']} IS NULL THEN {shown} END"
    if column == "exception_stacktrace":
        unread = "NULL"  # frames alone are no message
    message = f"coalesce({plain}, {parts['exception_message']}, {unread})"
    found["exception_message"] = (message, column != "exception_message", 0)
    return found


def lines_of_text(text: str, json: str, types: Collection[str]) -> str:
    """SQL of the text; of the lines of a stack that came as a list, one under the other."""
    if "ARRAY" not in types:
        return text
    lines = f"array_to_string(try_cast({json} AS JSON)::VARCHAR[], chr(10))"
    return f"CASE WHEN starts_with({text}, '[\"') THEN {lines} ELSE {text} END"
