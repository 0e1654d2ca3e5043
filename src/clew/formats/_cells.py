"""Log lines in the cell of a table: what the line itself says, where no column of the table does.

    Timestamp,PodName,Log
    2023-01-29T08:48:42Z,order-0,"{""log"":""16:48:42 ERROR o.Impl#9 no such order\\n"",""stream"":""stdout"",...}"

A container runtime's wrapper is taken off; the level is the line's own, JSON's or a word near its begin.
"""

from __future__ import annotations

from clew.formats._severity import severity_sql

WRAPPED = '{"log":'
LEVEL_KEY = r'"(?:severity|level|levelname|lvl)" ?: ?"([A-Za-z]+)"'
LEVEL_PAIR = r"\b(?:level|severity)=\"?([A-Za-z]+)"
LEVEL_WORD = (
    r"^[^A-Za-z]*(?:[^|]{0,60}[\s|\[(])?"
    r"(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|CRITICAL|FATAL)(?:[\s|\]):,]|$)"
)
"""A level as loggers write it: capitals, after the time and perhaps a name or two."""
LOOKED_AT = 400
"""Characters of a line in which its level is looked for."""


def with_lines(columns: dict[str, str]) -> dict[str, str]:
    """The columns, with the message unwrapped and a severity from it where there is none."""
    if "message" not in columns:
        return columns
    cell = columns["message"]
    inner = f"CASE WHEN starts_with({cell}, '{WRAPPED}') AND json_valid({cell}) THEN "
    line = f"coalesce({inner}rtrim(({cell})::JSON->>'log', chr(10)) END, {cell})"
    head = f"left({line}, {LOOKED_AT})"
    is_json = f"starts_with({head}, '{{')"
    words = [
        f"regexp_extract({head}, '{LEVEL_KEY}', 1)",
        f"CASE WHEN NOT {is_json} THEN regexp_extract({head}, '{LEVEL_WORD}', 1) END",
        f"CASE WHEN NOT {is_json} THEN regexp_extract({head}, '{LEVEL_PAIR}', 1) END",
    ]
    found = severity_sql("coalesce(" + ", ".join(f"nullif({word}, '')" for word in words) + ")")
    own = columns.get("severity")
    severity = f"coalesce({own}, {found})" if own else found
    return {**columns, "message": line, "severity": severity}
