"""Parquet files: a row is an event, read like one line of JSON.

Reads     any Parquet file that DuckDB reads; nested columns are flattened to dotted names
Returns   canonical columns by the names of the columns; other columns as attributes
Units     durations by the column's name, else by their size, which the ledger says
Blind to  byte offsets: `line` and `byte_offset` count rows
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from clew.errors import InputError
from clew.formats import Settings
from clew.formats._json import JsonParser
from clew.formats._records import Records, records_of_texts
from clew.model.case import Sample

ROWS = 100_000


class ParquetParser(JsonParser):
    """Reads the file by itself: it has rows, not lines."""

    def read(self, bench: duckdb.DuckDBPyConnection, path: Path) -> Iterator[Records]:
        """The rows as records whose text is JSON. Raises InputError where the file is damaged."""
        try:
            rows = bench.cursor().execute(
                "SELECT to_json(t)::VARCHAR FROM read_parquet(?) t", [str(path)]
            )
            number = 0
            while texts := rows.fetchmany(ROWS):
                yield records_of_texts([text for (text,) in texts], number)
                number += len(texts)
        except duckdb.Error as error:
            reason = str(error).split("\n", 1)[0].rpartition(": ")[2]
            raise InputError(f"{path.name} is not a whole Parquet file: {reason}.") from error


def sniff(head: bytes) -> float:
    """1 where the file begins as Parquet does."""
    return float(head.startswith(b"PAR1"))


def parse(head: bytes, settings: Settings) -> ParquetParser:
    """A parser of rows as JSON."""
    return ParquetParser(settings)


def _sample() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sample.parquet")
        duckdb.execute(
            "COPY (SELECT TIMESTAMP '2026-11-20 09:00:00' AS timestamp, 'u-1' AS user_id, "
            "120 AS prompt_tokens, 0.0006::DECIMAL(9, 6) AS cost, {'region': 'eu'} AS extra "
            f"UNION ALL SELECT NULL, 'u-2', 80, NULL, NULL) TO '{path}' (FORMAT parquet)"
        )
        return path.read_bytes()


SAMPLES = [
    Sample(
        _sample,
        [
            {
                "timestamp": "2026-11-20T09:00:00Z",
                "user_id": "u-1",
                "input_tokens": 120,
                "cost_given_usd": 0.0006,
                "line": 1,
                "region": "eu",
            },
            {"timestamp": None, "user_id": "u-2", "input_tokens": 80, "line": 2},
        ],
        name="API metadata with a nested column",
    )
]
