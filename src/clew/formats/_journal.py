"""Records of the journal as JSON: journalctl writes what is not plain text as a list of its bytes.

    {"MESSAGE":[104,195,169,27,91,51,49,109],"_HOSTNAME":"host1"}

A field with several values is a list of texts, of which the first counts as the message.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import duckdb

from clew.formats._functions import make_known
from clew.formats._json import JsonParser

MARK = r'"\s*:\s*\['
"""Behind the name of a field that holds a list."""


@dataclass(slots=True)
class JournalParser(JsonParser):
    """Parses such records after it has turned bytes into text."""

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        make_known(workbench, "clew_journal_text", as_text)
        workbench.execute(
            f"CREATE OR REPLACE TEMP TABLE of_journal AS SELECT * REPLACE (CASE WHEN regexp_matches(text, '{MARK}') "
            f"THEN clew_journal_text(text) ELSE text END AS text) FROM {records}"
        )
        return JsonParser.select(self, workbench, "of_journal")


def as_text(text: str | None) -> str | None:
    r"""The record with text in place of bytes.

    >>> as_text('{"MESSAGE": [104, 105], "N": ["a", [98]]}')
    '{"MESSAGE": "hi", "N": ["a", "b"]}'
    """
    try:
        record = json.loads(text or "")
    except (ValueError, RecursionError):
        return text
    return json.dumps(plain(record), ensure_ascii=False) if isinstance(record, dict) else text


def plain(record: dict[str, Any]) -> dict[str, Any]:
    """The same of a record that was read."""
    found = {name: _plain(value) for name, value in record.items()}
    if isinstance(several := found.get("MESSAGE"), list) and several:
        found["MESSAGE"], found["MORE_MESSAGES"] = several[0], several[1:]
    return found


def _plain(value: Any) -> Any:
    if not isinstance(value, list) or not value:
        return value
    if all(type(byte) is int and 0 <= byte < 256 for byte in value):
        return bytes(value).decode(errors="replace")
    return [_plain(one) for one in value]
