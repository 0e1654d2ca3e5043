r"""Access logs of web servers: one line a request, in quotes and brackets.

    192.0.2.1 - alice [20/Nov/2026:09:00:00 +0000] "GET /v1?q=1 HTTP/1.1" 200 512 "-" "curl/8" <tail>

The usual layout is taken apart at its quotes, which costs a third of a regular expression over the
line. What stands behind the user agent differs from site to site: keys such as rt=0.012 are found in
the first lines, bare numbers and ids by their shape. Any other layout is given as the server's own
format string and compiled to one pattern.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from clew.formats import Lines, Settings
from clew.formats._fields import Field, Units, map_fields, quoted
from clew.formats._tails import Meaning, Tail
from clew.formats._time import timestamp_sql

CLF_TIME = r"\d{1,2}/[A-Z][a-z]{2}/\d{4}[: ]\d\d:\d\d:\d\d(?:\.\d+)?(?: [+-]\d{4})?"
USUAL_LINE = re.compile(
    r"(?P<vhost>[\w.-]+:\d+ )?"  # app.example.com:443, in Apache's vhost_combined
    r"(?P<client>(?!INFO:)\S+) (?:\S+ (?P<user>.*?) )?"  # 192.0.2.1 - alice, of which aiohttp has no user
    rf"\[{CLF_TIME}\] "  # [20/Nov/2026:09:00:00 +0000]
    r'"(?P<request>(?:[^"\\]|\\.)*)" '  # "GET /v1?q=1 HTTP/1.1"
    r"(?P<status>\d{3}) (?P<bytes>\d+|-)"  # 200 512
    r'(?P<agent> "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*")?'  # "-" "curl/8"
    r"(?P<tail>.*)"  # rt=0.012 rid=4f2a
)
CLIENT = (
    "CASE WHEN contains(client_ip, ':') AND regexp_matches(client_ip, '^[0-9.]+:[0-9]+$') "
    "THEN split_part(client_ip, ':', 1) ELSE client_ip END"
)
"""Hypercorn writes the client's port behind its address."""
COLOUR = "\\x1b\\[[0-9;]*m"
ESCAPED = chr(1)
"""Stands for an escaped quote while a line is taken apart."""
BRACKET = (
    "CASE WHEN head[-29:-28] = ' [' THEN length(head) - 28 "
    "WHEN head[-23:-22] = ' [' THEN length(head) - 22 ELSE strpos(head, ' [') END"
)
"""Where the time begins, with a zone, without, or in any other length: a user may hold brackets."""


QUICK_HEAD = r"(\S+) \S+ (\S+) \[([^\]]*)\] $"
"""What stands before the request, where no user's name holds a space: RE2 reads a pattern in one pass
where it is anchored, each letter leaves one way to go, and it has at most four groups."""


@dataclass(slots=True)
class UsualParser:
    """Parses the common, combined and vhost layouts, with the tail found in the first lines."""

    settings: Settings
    has_vhost: bool = False
    tail: Tail | None = None

    def heads(self, lines: Lines) -> None:
        """Every line is a record."""

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`, in four steps: quotes,
        fields, words of the fields, columns. A step is named once and computed once."""
        shift = 1 if self.has_vhost else 0
        joined = f"replace(array_to_string(p[{{}}:], '\"'), '{ESCAPED}', '\\\"')"
        tail = (
            f"CASE WHEN len(p) > 7 OR p[7] <> '' THEN {joined.format(7)} WHEN len(p) BETWEEN 3 AND 5 THEN "
            f"substr({joined.format(3)}, 6 + length(split_part(p[3], ' ', 3))) END"
        )
        parts = (
            f"SELECT line, byte_offset, string_split({_marked('text')}, '\"') AS p FROM {records}"
        )
        fields = (
            "SELECT line, byte_offset, len(p) AS parts, p[1] AS head, p[3] AS counts, "
            f"{_uncoloured(_shown('p[2]'))} AS request, nullif(nullif({_shown('p[4]')}, '-'), '') AS asked_from, "
            f"nullif(nullif({_shown('p[6]')}, '-'), '') AS user_agent, {tail} AS tail FROM ({parts})"
        )
        words = self._words(fields, shift)
        typed = (
            f"SELECT *, {clf_time_sql('clock', self.settings)} AS moment, "
            f"try_cast(code AS BIGINT) AS status_code FROM ({words})"
        )
        columns = {
            "timestamp": "moment",
            "timestamp_text": "clock",
            "client_ip": CLIENT,
            "user_id": "nullif(remote_user, '')",
            **REQUEST_COLUMNS,
            "http_status": "status_code",
            "response_bytes": "try_cast(sent AS BIGINT)",
            "referer": "CASE WHEN parts > 5 THEN asked_from END",
            "user_agent": "user_agent",
        }
        if self.has_vhost:
            columns["server_address"] = "split_part(split_part(head, ' ', 1), ':', 1)"
            columns["server_port"] = (
                "try_cast(split_part(split_part(head, ' ', 1), ':', 2) AS BIGINT)"
            )
        source = f"({typed})"
        if self.tail:
            source = self.tail.source(source)
            columns.update(self._tail_columns(self.tail))
        else:
            columns["attributes"] = _as_tail("tail")
        is_whole = (
            "parts >= 3 AND status_code BETWEEN 100 AND 999 AND length(code) = 3 "
            "AND moment IS NOT NULL"
        )
        return _selected(columns, source, is_whole)

    def _words(self, fields: str, shift: int) -> str:
        """SQL of who asked, when, for what: by one pattern for most lines, else word by word."""
        first = "[0-9A-Za-z._-]+:[0-9]+ " if self.has_vhost else ""
        quick = f"regexp_extract(head, '^{first}{QUICK_HEAD}', ['client', 'user', 'clock'])"
        return (
            f"SELECT * EXCLUDE (quick), CASE WHEN quick.clock = '' THEN {BRACKET} END AS bracket, "
            "CASE WHEN quick.clock <> '' THEN quick.clock "
            "ELSE rtrim(substr(head, bracket + 2), '] ') END AS clock, "
            "CASE WHEN quick.clock <> '' THEN quick.client "
            f"ELSE split_part(head, ' ', {1 + shift}) END AS client_ip, "
            "CASE WHEN quick.clock <> '' THEN nullif(quick.user, '-') "
            f"WHEN bracket > strpos(head, ' ') AND split_part(head, ' ', {3 + shift}) <> '-' "
            f"THEN {_user(shift)} END AS remote_user, "
            "split_part(counts, ' ', 2) AS code, split_part(counts, ' ', 3) AS sent, "
            f"{request_words('request')} FROM (SELECT *, {quick} AS quick FROM ({fields}))"
        )

    def _tail_columns(self, tail: Tail) -> dict[str, str]:
        fields = [
            _value_field(meaning, f"v{place}", place) for place, meaning in enumerate(tail.meanings)
        ]
        fields.append(Field("tail", "nullif(left_over, '')", "to_json(nullif(left_over, ''))"))
        units = {meaning.name: meaning.unit for meaning in tail.meanings}
        return _mapped(fields, units, self.settings)


def _user(shift: int) -> str:
    """The words between the second, or third, and the time: a user's name may have several."""
    words = " + ".join(f"length(split_part(head, ' ', {n}))" for n in range(1, 3 + shift))
    begin = f"{words} + {3 + shift}"
    return f"substr(head, {begin}, bracket - ({begin}))"


@dataclass(slots=True)
class PatternParser:
    """Parses lines by one pattern, made from a server's format string."""

    pattern: str
    groups: Sequence[Meaning]
    settings: Settings
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.names = tuple(f"g{place}" for place in range(len(self.groups)))

    def heads(self, lines: Lines) -> None:
        """Every line is a record."""

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        names = "[" + ", ".join(f"'{name}'" for name in (*self.names, "rest")) + "]"
        source = (
            f"(SELECT line, byte_offset, text, regexp_extract(text, {quoted(self.pattern)}, {names}) "
            f"AS m, regexp_full_match(text, {quoted(self.pattern)}) AS is_match FROM {records})"
        )
        columns: dict[str, str] = {}
        fields, units = [], {}
        for place, (name, meaning) in enumerate(zip(self.names, self.groups, strict=True)):
            value = f"nullif(nullif(m.{name}, '-'), '')"
            if meaning.name == "request":
                columns.update(request_sql(value))
            elif meaning.name == "timestamp":
                columns["timestamp"] = timestamp_sql(value, self.settings)
                columns["timestamp_text"] = value
            else:
                fields.append(_value_field(meaning, value, place))
                units[meaning.name] = meaning.unit
        columns = {**_mapped(fields, units, self.settings), **columns}
        return _selected(columns, source, "is_match")


def _selected(columns: Mapping[str, str], source: str, is_whole: str) -> str:
    picked = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
    return (
        f"SELECT line, byte_offset, CASE WHEN ({is_whole}) IS NOT TRUE "
        f"THEN 'not a line of this access log' END AS reject, {picked} FROM {source}"
    )


def _value_field(meaning: Meaning, value: str, place: int) -> Field:
    name = meaning.name or f"value_{place + 1}"
    return Field(name, value, f"to_json({value})::VARCHAR")


def _mapped(
    fields: Sequence[Field], units: Mapping[str, str], settings: Settings
) -> dict[str, str]:
    """Columns of the fields; a duration in seconds is scaled, and of several upstreams the last
    counts while all of them stay in `attributes`."""
    scaled = []
    lists = []
    for item in fields:
        unit = units.get(item.name, "")
        text = item.text
        if item.name in LAST_OF_LIST:
            lists.append(
                Field(f"{item.name}_all", _only_lists(text), f"to_json({_only_lists(text)})")
            )
            last = f"trim(list_last(string_split_regex({text}, ' ?[,:] (?:: )?')))"
            text = f"CASE WHEN contains({text}, ' ') THEN {last} ELSE {text} END"
        if unit == "s/us":
            text, unit = f"split_part({text}, '/', 2)", "us"
        if unit in ("s", "us"):
            number = f"try_cast({text} AS DOUBLE) {'* 1000' if unit == 's' else '/ 1000'}"
            scaled.append(Field(item.name, f"({number})::VARCHAR", item.json, number=number,
                                types=frozenset({"DOUBLE"})))  # fmt: skip
        else:
            scaled.append(Field(item.name, text, item.json))
    return map_fields([*scaled, *lists], settings, Units(lambda number: None))


LAST_OF_LIST = ("upstream_address", "upstream_status", "upstream_ms")


def _only_lists(text: str) -> str:
    return f"CASE WHEN contains({text}, ', ') OR contains({text}, ' : ') THEN {text} END"


REQUEST_COLUMNS = {
    "http_method": "CASE WHEN uri IS NOT NULL THEN verb END",
    "url_path": "nullif(split_part(uri, '?', 1), '')",
    "url_query": "CASE WHEN contains(uri, '?') THEN nullif(substr(uri, strpos(uri, '?') + 1), '') END",
    "protocol": "version",
}
"""Columns of a request line, from the words that `request_words` takes it apart into."""


def request_words(line: str) -> str:
    """SQL of the columns verb, uri and version. A line that is not HTTP, such as a TLS greeting, has
    no uri; spaces inside an address and whole URLs take the slow way."""
    second, third = f"split_part({line}, ' ', 2)", f"split_part({line}, ' ', 3)"
    is_plain = f"starts_with({second}, '/') AND starts_with({third}, 'HTTP/')"
    slow = f"regexp_extract({line}, '^[A-Z]+ (?:[a-z]+://[^/? ]*)?(.*?)(?: HTTP/[0-9.]+| [0-9][.][0-9])?$', 1)"
    version = f"nullif(regexp_extract({line}, ' (HTTP/[0-9.]+)$', 1), '')"
    return (
        f"split_part({line}, ' ', 1) AS verb, "
        f"CASE WHEN {is_plain} THEN {second} ELSE nullif({slow}, '') END AS uri, "
        f"CASE WHEN {is_plain} THEN {third} ELSE {version} END AS version"
    )


def request_sql(line: str) -> dict[str, str]:
    """Columns of a request line that stands among other text, from SQL of the line."""
    words = f"regexp_extract({line}, '{REQUEST_LINE}', ['verb', 'uri', 'version'])"
    uri = f"nullif({words}.uri, '')"
    return {
        "http_method": f"CASE WHEN {uri} IS NOT NULL THEN {words}.verb END",
        "url_path": f"nullif(split_part({uri}, '?', 1), '')",
        "url_query": f"CASE WHEN contains({uri}, '?') THEN "
        f"nullif(substr({uri}, strpos({uri}, '?') + 1), '') END",
        "protocol": f"nullif({words}.version, '')",
    }


REQUEST_LINE = "^([A-Z]+) (?:[a-z]+://[^/? ]*)?(.*?)(?: (HTTP/[0-9.]+|[0-9][.][0-9]))?$"


def clf_time_sql(text: str, settings: Settings) -> str:
    """`20/Nov/2026:09:00:00 +0000`; anything else takes the slow way."""
    stated = f"timezone('UTC', try_strptime({text}, '%d/%b/%Y:%H:%M:%S %z'))"
    in_utc = f"try_strptime(left({text}, 20), '%d/%b/%Y:%H:%M:%S')"
    return (
        f"CASE WHEN length({text}) <> 26 THEN {timestamp_sql(text, settings)} "
        f"WHEN ends_with({text}, ' +0000') THEN {in_utc} ELSE {stated} END"
    )


def _marked(text: str) -> str:
    """Escaped quotes out of the way of those that part the fields."""
    return f"CASE WHEN contains({text}, '\\\"') THEN replace({text}, '\\\"', '{ESCAPED}') ELSE {text} END"


def _shown(text: str) -> str:
    """Escapes back to what they stand for: \\" and \\x22."""
    plain = f"replace(replace({text}, '{ESCAPED}', '\"'), '\\x22', '\"')"
    plain = f"replace(replace({plain}, '\\x5C', '\\'), '\\x5c', '\\')"
    return f"CASE WHEN contains({text}, '\\x') OR contains({text}, '{ESCAPED}') THEN {plain} ELSE {text} END"


def _uncoloured(text: str) -> str:
    """Without the colours that Flask gives a request that failed."""
    return f"CASE WHEN contains({text}, chr(27)) THEN regexp_replace({text}, '{COLOUR}', '', 'g') ELSE {text} END"


def _as_tail(text: str) -> str:
    """What nobody can name, as the only member of `attributes`."""
    bare = f"nullif(trim({text}), '')"
    return f"CASE WHEN {bare} IS NOT NULL THEN '{{\"tail\":' || to_json({bare}) || '}}' END"


def first_lines(head: bytes, count: int = 200) -> list[str]:
    """The first whole lines of a head that are not blank."""
    lines = [
        line for line in head.decode(errors="replace").split("\n")[: count + 1] if line.strip()
    ]
    if len(lines) > 1 and not head.endswith(b"\n"):
        lines.pop()
    return [line.rstrip("\r") for line in lines[:count]]


def share_of_lines(head: bytes, pattern: str) -> float:
    """Share of the first lines that begin with this pattern, 0 where there are none."""
    lines = first_lines(head)
    return sum(bool(re.match(pattern, line)) for line in lines) / len(lines) if lines else 0.0


def usual_matches(head: bytes) -> list[re.Match[str]]:
    """The first lines that are in the usual layout."""
    return [m for line in first_lines(head) if (m := USUAL_LINE.fullmatch(line))]


def tails_of(head: bytes) -> list[str]:
    """What stands behind the user agent in the first lines."""
    return [m["tail"] for m in usual_matches(head)]


def share_of(matches: Sequence[object], head: bytes) -> float:
    """How many of the first lines matched, 0 to 1."""
    lines = len(first_lines(head))
    return len(matches) / lines if lines else 0.0


def compiled(
    log_format: str,
    variable: re.Pattern[str],
    meanings: Mapping[str, tuple[Meaning, str]],
    other: str,
) -> tuple[str, list[Meaning]]:
    """A format string as an RE2 pattern and the meaning of each group.

    variable  finds the variables; its first group is the name
    meanings  name to meaning and pattern; an unknown one matches `other` and becomes an attribute
    """
    pattern, groups, position = "", [], 0
    for found in variable.finditer(log_format):
        pattern += re.escape(log_format[position : found.start()]).replace(r"\ ", " ")
        name = found[1] or found[0]
        meaning, shape = meanings.get(name, (Meaning(name.lower().replace("http_", "", 1)), other))
        following = log_format[found.end() : found.end() + 1]
        if name not in meanings and following in ('"', "]", "|", ",", ";", "\t"):
            shape = f"[^{re.escape(following)}]*"
        pattern += f"({shape})"
        groups.append(meaning)
        position = found.end()
    pattern += re.escape(log_format[position:]).replace(r"\ ", " ")
    return f"^{pattern}(.*)$", groups
