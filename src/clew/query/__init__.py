r"""The search language, on a page.

    severity:ERROR url_path:/v1/* NOT user_id:probe "connection reset" | stats count() by service

Terms        field:value   field>=3  field!=x  field:(a OR b)  field:[1 TO 5]  exists(field)
             word and "phrase" are looked for in message, prompt, completion and exception_message
Values       * any text, ? one character, /regex/ (RE2), 5xx for statuses, 192.0.2.0/24 for addresses,
             2s or 500ms for durations, 2h ago as `2h` or RFC 3339 for times, true and false
Logic        AND (or nothing between terms), OR, NOT or a leading -, parentheses
Pipes        | stats count() p99(duration_ms) as slow by service, bucket(1m)
             | where p99 > 1000   | sort -p99, service   | head 10   | tail 10   | fields a, b
             | top 5 user_id by service   | rare 5 url_path   | dedup request_id   | patterns
Functions    count sum avg min max dcount median p50 .. p99.9 first last values rate

Fields are canonical columns; OpenTelemetry, ECS, OCSF and plain-log names are understood too, and any
other name is a key of `attributes`. `status` is http_status where the value is a number. Text is
compared exactly, but severity, http_method and status without regard to case; in message, prompt,
completion and other free text `field:word` finds the word inside, and `field="..."` is exact.
A word between slashes is a regular expression; any other value that begins with one is a path.
IPv6 networks are matched by their text, for prefixes that end on a group (/16, /32 ... /112).
"""

from __future__ import annotations

from clew.query.compile import compile
from clew.query.language import parse
from clew.query.tree import Query, is_aggregate

__all__ = ["Query", "compile", "is_aggregate", "parse"]
