r"""Text to JSON, as far as it can be told what was meant.

Half of a surrogate pair that stands alone (`"\ud83d"`) is no character: writers that cut a text leave it,
DuckDB refuses the document, and so it is left out.
"""

from __future__ import annotations

HALF = r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
KEPT = rf"\\\\|{PAIR}"


def document_of(text: str) -> str:
    r"""SQL of the JSON that a text is; NULL where it is none.

    >>> import duckdb
    >>> text = "'[\"a' || chr(92) || 'ud800b\"]'"
    >>> duckdb.connect().execute(f"SELECT {document_of(text)}").fetchall()
    [('["ab"]',)]
    """
    whole = f"regexp_replace({text}, '({KEPT})|{HALF}', '\\1', 'g')"
    return (
        f"coalesce(try_cast({text} AS JSON), CASE WHEN regexp_matches({text}, '{HALF}') "
        f"THEN try_cast({whole} AS JSON) END)"
    )


def is_document(text: str) -> str:
    """SQL of whether a text is an object or an array."""
    return f"left(ltrim({text}), 1) IN ('{{', '[') AND json_valid({text})"


def json_of(text: str, json: str, types: frozenset[str]) -> str:
    """The value as JSON; text that is an object or an array already is taken as it is."""
    if "VARCHAR" not in types:
        return json
    return f"CASE WHEN {is_document(text)} THEN {text} ELSE {json} END"
