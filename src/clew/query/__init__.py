r"""The search language, on a page.

    severity:ERROR url_path:/v1/* NOT user_id:probe "connection reset" | stats count() by service

Terms        field:value   field>=3   field!=x   field:(a OR b)   field:[1 TO 5]   exists(field)
             a word or "phrase" is looked for in message, prompt, completion, exception_message and _type
Values       * any text, ? one character, /regex/ (RE2), 5xx of a status, 192.0.2.0/24 of an address,
             2s or 500ms of a duration, 1MB of a size, RFC 3339 or 2h (so long ago) of a time
Logic        AND (or nothing between terms), OR, NOT or a leading -, parentheses
Pipes        | stats count() p99(duration_ms) as slow by service, bucket(1m)
             | where slow > 1s   | sort -slow, service   | head 10   | tail 10   | fields a, b
             | top 5 user_id by service   | rare 5 url_path   | dedup request_id   | patterns
Functions    count sum avg min max dcount median p50 .. p99.9 first last values rate

Fields       canonical columns; OpenTelemetry, ECS, OCSF and plain-log names are understood too, and
             any other name is a key of `attributes`. `status:500` is about http_status.
Text         whole, and case counts; but not in severity, http_method and other columns of few words.
             In message, prompt and other free text field:word finds the word inside, in any case;
             field="..." is the whole text.
Numbers      an attribute is compared as a number where both sides are one.
Times        a date is its whole day, a time without seconds its minute: `timestamp:2026-01-05`.
             UTC, where no zone is stated.
Missing      a row without the field is not field:x, so it is NOT field:x and field!=x.
Slashes      a value that begins and ends with one is a regular expression; one that only begins
             with it is a path. A backslash takes * ? " ( ) and spaces as they are.
Columns      the function's name, p99_duration_ms where one function stands twice, or that after `as`.
             `first` and `last` are in time, without NULL; `rate` is a second: over the bucket, else
             from the group's first row to its last; `rate(field)` sums the field.
Order        events by time; rows of a pipe by bucket and keys, or as `sort` says. NULL comes last.

    reader     characters: words, phrases, regular expressions, names
    terms      grammar of search terms
    language   grammar of pipes; text to tree
    tree       what was asked, and where it stands
    values, times, addresses   typed values
    scope      what a name means
    matching   text against a value
    compile    a search to an Ibis condition
    pipes      each pipe, from table to table
"""

from __future__ import annotations

from clew.query.compile import compile
from clew.query.language import parse
from clew.query.tree import Query, is_aggregate

__all__ = ["Query", "compile", "is_aggregate", "parse"]
