r"""What a plain reader costs: the floor that bench/ingest.py holds Clew against.

    python bench/plain.py jsonl|nginx|traceback SOURCE CASE

Each reads the whole source into one table of a DuckDB file, with a checkpoint. None has a digest, a
ledger, or a way to tell a repeated file.

jsonl      read_json as DuckDB comes: stops at a bad line, and loses keys that appear late
nginx      read_csv, parted at spaces and quotes: time, method, path, protocol, status, bytes, referer,
           agent, a row number, whether the line is whole and its text where it is not; the lines are
           counted beside it, so that a loss is seen
traceback  numpy finds the first line of each record by its date, DuckDB takes that line apart by one
           pattern, and the error and its frame out of what follows; the text of a traceback is stored
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import duckdb
import nanoarrow as na
import numpy as np
from nanoarrow.c_array import CArray, c_array_from_buffers
from nanoarrow.c_array_stream import CArrayStream

STEP_BYTES = 16 << 20
FIELDS = ("client", "ident", "who", "day", "zone", "request", "status", "sent", "referer", "agent")
SPARE = tuple(f"more_{place}" for place in range(6))
RECORDS = na.struct({"line": na.int64(), "lines": na.int64(), "record": na.string()})
FIRST_LINE = r"^(\S+ \S+) (\w+) \[([^\]]+)\] ([\w.]+): ([^\n]*)"
RAISED = r"(?m)^([A-Za-z_][\w.]*(?:Error|Exception)): "
FRAME = r'(?m)^  File "([^"]+", line \d+, in \S+)'


def jsonl(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Every key that the first lines have, as a column."""
    connection.execute(f"CREATE TABLE read AS SELECT * FROM read_json('{source}')").fetchall()


def nginx(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """The combined layout; lines that are not like it are kept as text."""
    lines, is_escaped = 0, False
    with open(source, "rb") as disk:
        while step := disk.read(STEP_BYTES):
            lines += step.count(b"\n")
            is_escaped = is_escaped or b'\\"' in step
    names = ", ".join(f"'{name}': 'VARCHAR'" for name in (*FIELDS, *SPARE))
    whole = "day LIKE '[%' AND zone LIKE '%]' AND length(status) = 3 AND agent IS NOT NULL"
    connection.execute(f"""
        CREATE TABLE read AS SELECT row_number() OVER () AS line, client, nullif(who, '-') AS who,
            try(strptime(substr(day, 2) || ' ' || rtrim(zone, ']'), '%d/%b/%Y:%H:%M:%S %z')) AS at,
            split_part(request, ' ', 1) AS method, split_part(request, ' ', 2) AS path,
            split_part(request, ' ', 3) AS protocol, try_cast(status AS USMALLINT) AS status,
            try_cast(sent AS UBIGINT) AS sent, nullif(referer, '-') AS referer, agent,
            CASE WHEN more_0 IS NOT NULL THEN [{", ".join(SPARE)}] END AS more, {whole} AS is_whole,
            CASE WHEN ({whole}) IS NOT TRUE THEN concat_ws(' ', {", ".join(FIELDS)}) END AS text
        FROM read_csv('{source}', delim = ' ', quote = '"', escape = '{chr(92) if is_escaped else '"'}',
            header = false, auto_detect = false, columns = {{{names}}}, null_padding = true,
            strict_mode = false, store_rejects = true, parallel = true)""").fetchall()
    read = connection.execute("SELECT count(*) FROM read").fetchall()[0][0]
    refused = connection.execute(
        "SELECT count(DISTINCT line_byte_position) FROM reject_errors"
    ).fetchall()[0][0]
    print(f"{lines - read - refused:,} of {lines:,} lines lost", file=sys.stderr)


class Traces:
    """The records of a Python log as an Arrow stream: a line with a date, and those behind it."""

    def __init__(self, source: str) -> None:
        self.source = source

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Read once, step by step."""
        stream: object = CArrayStream.from_c_arrays(
            list(self._batches()), na.c_schema(RECORDS)
        ).__arrow_c_stream__()
        return stream

    def _batches(self) -> Iterator[CArray]:
        line, held = 1, b""
        with open(self.source, "rb") as disk:
            while True:
                step = disk.read(STEP_BYTES)
                text = held + step
                if not text:
                    return
                edges, newlines = self._edges(text, is_last=not step)
                before = np.searchsorted(newlines, edges)
                yield c_array_from_buffers(
                    RECORDS,
                    len(edges) - 1,
                    [None],
                    children=[
                        na.c_array(line + before[:-1]),
                        na.c_array(np.diff(before)),
                        c_array_from_buffers(
                            na.string(), len(edges) - 1, [None, edges.astype(np.int32), text]
                        ),
                    ],
                )
                line += int(before[-1])
                held = text[edges[-1] :]
                if not step:
                    return

    @staticmethod
    def _edges(text: bytes, *, is_last: bool) -> tuple[np.ndarray, np.ndarray]:
        """Where records begin and the last one ends, and the newlines."""
        letters = np.frombuffer(text, np.uint8)
        newlines = np.flatnonzero(letters == ord("\n"))
        starts = np.concatenate(([0], newlines + 1))
        starts = starts[starts + 19 < len(letters)]
        for place in (0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18):
            starts = starts[letters[starts + place] - ord("0") < 10]
        for place, mark in ((4, "-"), (7, "-"), (13, ":"), (16, ":")):
            starts = starts[letters[starts + place] == ord(mark)]
        return (np.concatenate((starts, [len(letters)])) if is_last else starts), newlines


def traceback(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """One row a record."""
    connection.execute("SET preserve_insertion_order = false")
    connection.register("records", Traces(source))
    connection.execute(f"""
        CREATE TABLE read AS SELECT line, lines, try(strptime(head.at, '%Y-%m-%d %H:%M:%S,%g')) AS at,
            head.level, head.thread, head.logger, head.said,
            CASE WHEN lines > 1 THEN record END AS stack,
            CASE WHEN lines > 1 THEN list_last(regexp_extract_all(record, '{RAISED}', 1)) END AS error,
            CASE WHEN lines > 1 THEN list_last(regexp_extract_all(record, '{FRAME}', 1)) END AS frame,
            CASE WHEN head.at = '' THEN record END AS unread
        FROM (SELECT *, regexp_extract(record, '{FIRST_LINE}',
            ['at', 'level', 'thread', 'logger', 'said']) AS head FROM records)""").fetchall()


READERS: dict[str, Callable[[duckdb.DuckDBPyConnection, str], None]] = {
    "jsonl": jsonl,
    "nginx": nginx,
    "traceback": traceback,
}


def main(kind: str, source: str, target: str) -> None:
    connection = duckdb.connect(target)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    READERS[kind](connection, source)
    connection.execute("CHECKPOINT").fetchall()
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
