"""Any usual time, as SQL, to UTC microseconds.

    2026-11-20T09:00:00.123456789Z   RFC 3339, with T or a space, comma or dot, any zone or none
    20261120T090000Z                 ISO 8601, basic
    1763629200, 1763629200123        epoch in s, ms, us or ns, by its size
    20/Nov/2026:09:00:00 +0000       access logs
    2026/11/20 09:00:00              nginx's error log, Go
    Nov 20 09:00:00                  RFC 3164: the year comes from the file
    Fri, 20 Nov 2026 09:00:00 +0100  RFC 1123 and RFC 5322, without a day's name too
    Fri Nov 20 09:00:00.123 2026     C's asctime, Apache's error log, date's UTC before the year
    11/20/2026 09:00:00              month first, as the trainers' logs write it
    11/20/2026 9:00 AM               as tables have it; 20.11.2026 09:00 and Nov 20, 2026, 9:00 AM too

A time that is none of these, or that no calendar has, is NULL; so is one in a zone that it only names:
half a time would be hours away from the truth, and nobody would see it.
"""

from __future__ import annotations

import re

from clew.formats import Settings

OFFSET = "(?:Z|z|UTC|GMT|[+-][01][0-9]:?[0-5][0-9]|[+-][01][0-9])"
ISO = (
    "[0-9]{4}-[0-9]{2}-[0-9]{2}"  # 2026-11-20
    "(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]*)?)?)?"  # T09:00:00,123
    f"(?: ?{OFFSET})?"  # +01:00
)
OF_TABLES = "^([0-9]{1,2}[./][0-9]{1,2}[./]|[A-Z][a-z]{2} [0-9]{1,2}, )[0-9]{4}(,? |$)"
MONTH_FIRST = "^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})"


def day_sql(text: str, settings: Settings) -> str:
    """SQL of a moment whose text begins with a whole day; NULL for every other text."""
    return f"CASE WHEN {text} LIKE '____-__-__%' THEN {timestamp_sql(text, settings)} END"


def timestamp_sql(text: str, settings: Settings) -> str:
    """SQL of a TIMESTAMP in UTC from SQL of text; times without a zone are in the settings' zone."""
    shown = f"trim({text}, ' []\"')"
    branches = [
        (f"regexp_full_match({shown}, '{ISO}')", iso_sql(shown, settings)),
        (f"regexp_full_match({shown}, '[0-9]{{1,19}}([.][0-9]*)?([eE][+]?[0-9]+)?')", epoch_sql(shown)),
        (f"regexp_matches({shown}, '^[0-9]{{1,2}}/[A-Za-z]{{3}}/')", access_log_sql(shown, settings)),
        (f"regexp_matches({shown}, '^[0-9]{{4}}/[0-9]')",
         iso_sql(f"regexp_replace({shown}, '^([0-9]{{4}})/([0-9]+)/([0-9]+) *-? *', '\\1-\\2-\\3 ')", settings)),
        (f"regexp_matches({shown}, '^[0-9]{{8}}T[0-9]{{6}}')",
         iso_sql(f"regexp_replace({shown}, '^(....)(..)(..)T(..)(..)(..)', '\\1-\\2-\\3T\\4:\\5:\\6')", settings)),
        (f"regexp_matches({shown}, '^[A-Z][a-z]{{2}} +[0-9]{{1,2}} ([0-9]{{4}} )?[0-9]{{2}}:')",
         bsd_sql(shown, settings)),
        (f"regexp_matches({shown}, '^([A-Z][a-z]{{2}},? )?[0-9]{{1,2}}[ -][A-Z][a-z]{{2}}[ -]')",
         rfc1123_sql(shown, settings)),
        (f"regexp_matches({shown}, '{MONTH_FIRST} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}([.,][0-9]+)?$')",
         month_first_sql(shown, settings)),
        (f"regexp_matches({shown}, '{OF_TABLES}')", table_sql(shown, settings)),
        (f"regexp_matches({shown}, '^[A-Z][a-z]{{2}} [A-Z][a-z]{{2}} ')", asctime_sql(shown, settings)),
    ]  # fmt: skip
    cases = " ".join(f"WHEN {test} THEN {value}" for test, value in branches)
    return f"CASE {cases} END"


def iso_sql(text: str, settings: Settings) -> str:
    """RFC 3339 and its relatives: `2026-11-20 09:00:00,123`, `2026-11-20T09:00:00.123456789+01:00`.

    DuckDB's cast passes over words behind a time, such as PM or PST: those are not read as UTC.
    """
    plain = f"replace({text}, ',', '.')"
    has_zone = f"regexp_matches({plain}, ':[0-9.]+ ?{OFFSET}$')"
    tight = f"regexp_replace({plain}, ' ?(z|UTC|GMT)$', 'Z')"
    tight = f"regexp_replace({tight}, ' ([+-][0-9:]+)$', '\\1')"
    stated = f"timezone('UTC', try_cast({tight} AS TIMESTAMPTZ))"
    ends_in_digit = f"right({plain}, 1) BETWEEN '0' AND '9'"
    bare = f"CASE WHEN {ends_in_digit} THEN try_cast({plain} AS TIMESTAMP) END"
    return (
        f"CASE WHEN ends_with({plain}, 'Z') THEN try_cast(rtrim({plain}, 'Z') AS TIMESTAMP) "
        f"WHEN {has_zone} THEN {stated} ELSE {zoned(bare, settings)} END"
    )


def epoch_sql(text: str) -> str:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size."""
    number = f"try_cast({text} AS DOUBLE)"
    whole = f"try_cast(regexp_extract({text}, '^[0-9]+$') AS BIGINT)"
    return (
        f"CASE WHEN {number} < 1e11 THEN try(make_timestamp(round({number} * 1e6)::BIGINT)) "
        f"WHEN {number} < 1e14 THEN try(make_timestamp(round({number} * 1e3)::BIGINT)) "
        f"WHEN {number} < 1e17 THEN try(make_timestamp(coalesce({whole}, round({number})::BIGINT))) "
        f"ELSE try(make_timestamp(coalesce({whole} // 1000, round({number} / 1e3)::BIGINT))) END"
    )


def access_log_sql(text: str, settings: Settings) -> str:
    """`20/Nov/2026:09:00:00 +0000`, with a fraction or without a zone too."""
    with_zone = f"timezone('UTC', try_strptime({text}, ['%d/%b/%Y:%H:%M:%S %z', '%d/%b/%Y:%H:%M:%S.%f %z']))"
    layouts = "['%d/%b/%Y:%H:%M:%S', '%d/%b/%Y %H:%M:%S', '%d/%b/%Y:%H:%M:%S.%f']"
    bare = f"try_strptime({text}, {layouts})::TIMESTAMP"
    return f"CASE WHEN regexp_matches({text}, '[+-][0-9]{{4}}$') THEN {with_zone} ELSE {zoned(bare, settings)} END"


def bsd_sql(text: str, settings: Settings) -> str:
    """`Nov 20 09:00:00`: the year is the settings'; `Nov 20 2026 09:00:00` has its own."""
    dated = f"'{settings.year:04d} ' || regexp_replace({text}, ' +', ' ', 'g')"
    yearly = f"try_strptime({dated}, ['%Y %b %d %H:%M:%S', '%Y %b %d %H:%M:%S.%f'])"
    stated = f"try_strptime(regexp_replace({text}, ' +', ' ', 'g'), '%b %d %Y %H:%M:%S')"
    return zoned(f"coalesce({yearly}, {stated})::TIMESTAMP", settings)


def rfc1123_sql(text: str, settings: Settings) -> str:
    """`Fri, 20 Nov 2026 09:00:00 +0100`, `20-Nov-2026 09:00:00`."""
    zone = "(GMT|UTC|Z|[+-][01][0-9][0-5][0-9])$"
    bare = f"regexp_replace({text}, '^[A-Za-z]+,? |,| *{zone}', '', 'g')"
    bare = f"regexp_replace({bare}, '^([0-9]+)-([A-Za-z]+)-', '\\1 \\2 ')"
    parsed = f"try_strptime({bare}, ['%d %b %Y %H:%M:%S', '%d %b %Y %H:%M:%S.%f'])::TIMESTAMP"
    offset = f"regexp_extract({text}, '{zone}', 1)"
    return (
        f"CASE WHEN {offset} = '' THEN {zoned(parsed, settings)} "
        f"WHEN length({offset}) = 5 THEN {parsed} - {_interval(offset)} ELSE {parsed} END"
    )


def _interval(offset: str) -> str:
    """SQL of the interval that `+0130` is."""
    minutes = f"try_cast({offset}[2:3] AS INTEGER) * 60 + try_cast({offset}[4:5] AS INTEGER)"
    return f"to_minutes(CASE WHEN {offset}[1] = '-' THEN -1 ELSE 1 END * ({minutes}))"


def month_first_sql(text: str, settings: Settings) -> str:
    """`11/20/2026 09:00:00`; a first number above 12 can only be the day."""
    iso = "'\\3-\\1-\\2'", "'\\3-\\2-\\1'"
    dated = [
        f"replace(regexp_replace({text}, '{MONTH_FIRST}', {order}), ',', '.')" for order in iso
    ]
    tries = ", ".join(f"try_cast({one} AS TIMESTAMP)" for one in dated)
    return zoned(f"coalesce({tries})", settings)


def table_sql(text: str, settings: Settings) -> str:
    """What spreadsheets and billing exports write: `3/14/2026 8:00 AM`, `14.03.2026 08:00`."""
    bare = f"regexp_replace({text}, '([0-9]{{4}}),', '\\1')"
    days = ("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%b %d, %Y")
    clocks = (" %I:%M:%S %p", " %I:%M %p", " %H:%M:%S", " %H:%M", "")
    layouts = ", ".join(f"'{day}{clock}'" for clock in clocks for day in days)
    return zoned(f"try_strptime({bare}, [{layouts}])::TIMESTAMP", settings)


def asctime_sql(text: str, settings: Settings) -> str:
    """`Fri Nov 20 09:00:00.123456 2026`, and with UTC before the year."""
    bare = f"regexp_replace(regexp_replace({text}, ' (UTC|GMT) ', ' '), ' +', ' ', 'g')"
    parsed = f"try_strptime({bare}, ['%a %b %d %H:%M:%S %Y', '%a %b %d %H:%M:%S.%f %Y'])::TIMESTAMP"
    is_utc = f"regexp_matches({text}, ' (UTC|GMT) ')"
    return f"CASE WHEN {is_utc} THEN {parsed} ELSE {zoned(parsed, settings)} END"


def zoned(naive: str, settings: Settings) -> str:
    """A time on the wall of the settings' zone, as UTC."""
    zone = settings.timezone
    if zone.upper() in ("UTC", "Z", "GMT", "ETC/UTC"):
        return naive
    if offset := re.fullmatch(r"([+-])(\d{1,2}):?(\d{2})?", zone):
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        sign = "-" if offset[1] == "+" else "+"
        return f"({naive} {sign} INTERVAL {minutes} MINUTE)"
    return f"timezone('UTC', timezone('{zone.replace(chr(39), '')}', {naive}))"
