"""Log lines in the cell of a table: what the line itself says, where no column of the table does.

    Timestamp,PodName,Log
    2023-01-29T08:48:42Z,order-0,"{""log"":""16:48:42 ERROR o.Impl#9 no such order\\n"",""stream"":""stdout"",...}"

A container runtime's wrapper is taken off; the level is the line's own, JSON's or a word near its begin.
"""

from __future__ import annotations

from collections.abc import Collection

from clew.formats._severity import severity_sql

WRAPPED = '{"log":'
LEVEL_KEY = r'"(?:severity|level|levelname|lvl)" ?: ?"([A-Za-z]+)"'
LEVEL_PAIR = r"\b(?:level|severity)=\"?([A-Za-z]+)"
LEVEL_WORD = (
    r"^(?:[^A-Za-z]*|[\d\[(].{0,60}[\s|\[(])"  # 16:48:42.468, or 2023-01-29T08:48:42Z [main]
    r"(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|CRITICAL|FATAL)(?:[\s|\]):,]|$)"
)
"""A level as loggers write it: capitals, at the begin, or after a time and perhaps a name or two."""
LOOKED_AT = 400
"""Characters of a line in which its level is looked for."""


def with_lines(rows: str, columns: Collection[str]) -> str:
    """SQL of the rows, with the message unwrapped and a severity from it where there is none.

    rows: SELECT of these canonical columns. Each step is a SELECT of its own: what is long to say is
    said once.
    """
    if "message" not in columns:
        return rows
    wrapped = f"starts_with(message, '{WRAPPED}') AND json_valid(message)"
    line = f"CASE WHEN {wrapped} THEN rtrim(message::JSON->>'log', chr(10)) END"
    is_json = "starts_with(clew_head, '{')"
    words = [
        f"regexp_extract(clew_head, '{LEVEL_KEY}', 1)",
        f"CASE WHEN NOT {is_json} THEN regexp_extract(clew_head, '{LEVEL_WORD}', 1) END",
        f"CASE WHEN NOT {is_json} THEN regexp_extract(clew_head, '{LEVEL_PAIR}', 1) END",
    ]
    word = "coalesce(" + ", ".join(f"nullif({word}, '')" for word in words) + ")"
    found = severity_sql("clew_word")
    kept = "EXCLUDE (clew_line, clew_head, clew_word)"
    said = "coalesce(clew_line, message) AS message"
    severity = f"coalesce(severity, {found}) AS severity" if "severity" in columns else ""
    new = "" if severity else f", {found} AS severity"
    replaced = ", ".join(part for part in (said, severity) if part)
    lined = f"SELECT *, {line} AS clew_line FROM ({rows})"
    headed = (
        f"SELECT *, left(coalesce(clew_line, message), {LOOKED_AT}) AS clew_head FROM ({lined})"
    )
    worded = f"SELECT *, {word} AS clew_word FROM ({headed})"
    return f"SELECT * {kept} REPLACE ({replaced}){new} FROM ({worded})"
