"""Files, folders, globs and standard input, plain or gzip or zstd, as blocks of whole lines.

A source is read twice: once for its hash, which is its identity, and once to be parsed. The second
reading stops where the first one did, so a file that is being written to is stored as it was.
Memory stays at a few blocks whatever the size of the file.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import itertools
import os
import shutil
import sys
import tempfile
import time
import zlib
from codecs import BOM_UTF8
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

from clew.errors import InputError

BLOCK_BYTES = 32 << 20
READ_BYTES = 4 << 20
PIECE_BYTES = 4 << 20
HEAD_BYTES = 256 << 10
COMPRESSED_STEP_BYTES = 64 << 10
DECOMPRESSORS: dict[bytes, Callable[[], _Decompressor]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
    b"\x28\xb5\x2f\xfd": lambda: zstandard.ZstdDecompressor().decompressobj(),
}
"""First bytes of a compressed file to what inflates one member of it."""
CASSETTE_HEAD_BYTES = 2048
LONGEST_MAGIC = max(len(magic) for magic in DECOMPRESSORS)
MOST_STRANGE = 0.1
"""Share of bytes that are no characters, above which a file of no known format is not text."""
MOVES = dict.fromkeys(map(ord, "\t\r\n\x1b"))
"""Control characters that text has."""
NOT_LOGS = (
    ".duckdb", ".key", ".wal", ".swp", ".tmp", ".py", ".pyc", ".sh", ".md", ".toml", ".yml", ".yaml", ".html",
    ".js", ".css", ".png", ".jpg", ".pdf", ".zip", ".tar", ".whl", ".so", ".exe",
)  # fmt: skip
"""Endings that a walk over a folder passes over; a file that is named is always read."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a source; only the last block may end without a newline.

    data         uncompressed bytes
    byte_offset  of its first byte in the uncompressed source
    """

    data: bytes
    byte_offset: int


@dataclass(slots=True)
class Identity:
    """What the first reading of a source found.

    sha256          of the bytes as they lie on disk
    content_sha256  of the uncompressed bytes: a rotated and compressed copy has the same
    size            uncompressed bytes
    head            the first uncompressed bytes, for finding the format, without a mark of UTF-8
    prefixes        length to sha256 of that many first bytes, for the lengths that were asked for
    problem         one sentence where the file could only be read in part, else ""
    """

    sha256: str
    content_sha256: str
    size: int
    head: bytes
    prefixes: dict[int, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to read. `uri` is what the ledger calls it."""

    uri: str
    path: Path

    def modified_year(self) -> int:
        """Year of the last change, for times that state none."""
        return time.gmtime(self.path.stat().st_mtime).tm_year

    def identify(self, lengths: Iterable[int] = ()) -> Identity:
        """Reads the whole source once; `lengths` are the prefixes whose hash is wanted.

        Raises InputError where the file cannot be opened. Damage in a compressed file is told in
        `problem`, and what can be read before it counts.
        """
        content = hashlib.sha256()
        raw = hashlib.sha256() if self._is_packed() else None
        wanted = deque(sorted(set(lengths)))
        prefixes: dict[int, str] = {}
        head, size, problem = b"", 0, ""
        try:
            for chunk in self._chunks(raw):
                head += chunk[: max(0, HEAD_BYTES - len(head))]
                left = memoryview(chunk)
                while wanted and wanted[0] <= size + len(left):
                    part, left = left[: wanted[0] - size], left[wanted[0] - size :]
                    content.update(part)
                    size = wanted.popleft()
                    prefixes[size] = content.copy().hexdigest()
                content.update(left)
                size += len(left)
        except _Damaged as damage:
            problem = (
                f"{self.uri} is damaged after {size:,} uncompressed bytes ({damage}); "
                "what stands before is stored."
            )
        found = content.hexdigest()
        on_disk = found if raw is None else raw.hexdigest()
        return Identity(on_disk, found, size, head.removeprefix(BOM_UTF8), prefixes, problem)

    def _is_packed(self) -> bool:
        """Whether the bytes on disk differ from the uncompressed ones, which are then hashed once."""
        try:
            with open(self.path, "rb") as disk:
                return disk.read(LONGEST_MAGIC).startswith(tuple(DECOMPRESSORS))
        except OSError as error:
            raise _cannot_read(self.uri, error) from error

    def blocks(self, start: int, end: int) -> Iterator[Block]:
        """Blocks of the uncompressed bytes from `start` up to `end`."""
        offset, position = start, 0
        rest: list[bytes] = []
        held = 0
        for chunk in self._chunks_until_damage():
            begin, position = position, position + len(chunk)
            rest.append(chunk[max(0, start - begin) : max(0, end - begin)])
            held += len(rest[-1])
            if held >= BLOCK_BYTES and b"\n" in rest[-1]:
                cut = rest[-1].rfind(b"\n") + 1
                data = b"".join([*rest[:-1], memoryview(rest[-1])[:cut]])
                rest = [rest[-1][cut:]]
                held = len(rest[0])
                yield Block(data, offset)
                offset += len(data)
            if position >= end:
                break
        if data := b"".join(rest):
            yield Block(data, offset)

    def pieces(self, start: int, end: int) -> Iterator[Block]:
        """The same bytes in blocks that end anywhere, for what has no lines."""
        offset, position = start, 0
        held: list[bytes] = []
        for chunk in self._chunks_until_damage():
            begin, position = position, position + len(chunk)
            held.append(chunk[max(0, start - begin) : max(0, end - begin)])
            if position >= end or sum(map(len, held)) >= PIECE_BYTES:
                yield Block(b"".join(held), offset)
                offset, held = position, []
            if position >= end:
                return
        if any(held):
            yield Block(b"".join(held), offset)

    def _chunks(self, digest: hashlib._Hash | None = None) -> Iterator[bytes]:
        """The uncompressed bytes; `digest` takes in the bytes on disk. Raises _Damaged at the end."""
        try:
            with open(self.path, "rb") as disk:
                yield from _uncompressed(_raw_chunks(disk, digest))
        except OSError as error:
            raise _cannot_read(self.uri, error) from error

    def _chunks_until_damage(self) -> Iterator[bytes]:
        with contextlib.suppress(_Damaged):
            yield from self._chunks()


class _Damaged(Exception):
    """A compressed file ends too early or holds bytes that are not of its kind."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


def _raw_chunks(disk: BinaryIO, digest: hashlib._Hash | None) -> Iterator[bytes]:
    while chunk := disk.read(READ_BYTES):
        if digest is not None:
            digest.update(chunk)
        yield chunk


def _uncompressed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(chunks, b"")
    for magic, new in DECOMPRESSORS.items():
        if first.startswith(magic):
            return _members(itertools.chain([first], chunks), new)
    return itertools.chain([first] if first else [], chunks)


def _members(chunks: Iterator[bytes], new: Callable[[], _Decompressor]) -> Iterator[bytes]:
    """The uncompressed bytes of one or more members that follow each other; zeros may pad them."""
    current, started = new(), False
    for step in _steps(chunks):
        data = step
        while data:
            if current.eof:
                current, started = new(), False
            if not started and not data.strip(b"\0"):
                break
            try:
                plain = current.decompress(data)
            except (zlib.error, zstandard.ZstdError) as error:
                _drain(chunks)
                raise _Damaged(str(error)) from error
            started = True
            if plain:
                yield plain
            data = current.unused_data if current.eof else b""
    if started and not current.eof:
        raise _Damaged("its end is missing")


def _steps(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Small pieces, so that a file that inflates a thousandfold stays small in memory."""
    for chunk in chunks:
        for begin in range(0, len(chunk), COMPRESSED_STEP_BYTES):
            yield chunk[begin : begin + COMPRESSED_STEP_BYTES]


def _drain(chunks: Iterator[bytes]) -> None:
    """Reads to the end, so that the hash covers the whole file."""
    for _ in chunks:
        pass


def not_text(head: bytes) -> str:
    """Why these first bytes are no text in a form that logs have; "" where they are."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "is UTF-16: convert it with 'iconv -f UTF-16 -t UTF-8'"
    sample = head[:65_536]
    printable = sample.decode(errors="ignore")
    seen = printable.translate(MOVES)
    strange = 0 if seen.isprintable() else sum(not c.isprintable() for c in seen)
    strange += len(sample) - len(printable.encode())
    if strange > MOST_STRANGE * len(sample):
        return f"is not text: {strange:,} of its first {len(sample):,} bytes are no characters"
    return ""


def _cannot_read(uri: str, error: OSError) -> InputError:
    reason = os.strerror(error.errno).lower() if error.errno else str(error)
    return InputError(f"{uri} cannot be read: {reason}.")


def find(paths: Iterable[str], *, spool: Path) -> tuple[list[SourceFile], list[str]]:
    """The files that paths, folders, globs and `-` name, each once, in order; and what is wrong.

    Folders are walked; hidden files and case files are left out. Standard input is copied to
    `spool` first, because a source is read twice. A problem is one sentence; it stops nothing.
    """
    found: dict[Path, SourceFile] = {}
    problems: list[str] = []
    for given in paths:
        if given == "-":
            source = SourceFile("-", _spooled(spool))
            found[source.path] = source
            continue
        matches = [given] if os.path.lexists(given) else sorted(glob.glob(given, recursive=True))
        if not matches:
            problems.append(f"{given} does not exist.")
        for match in matches:
            files = _walk(Path(match), problems) if os.path.isdir(match) else [Path(match)]
            for path in files:
                # realpath takes a link that leads to itself, which cannot be read later on
                found.setdefault(Path(os.path.realpath(path)), SourceFile(str(path), path))
    return list(found.values()), problems


def _walk(folder: Path, problems: list[str]) -> list[Path]:
    def complain(error: OSError) -> None:
        problems.append(str(_cannot_read(str(error.filename), error)))

    files: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=complain):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [
            Path(parent, name)
            for name in sorted(names)
            if not name.startswith(".")
            and (not name.endswith(NOT_LOGS) or _is_cassette(Path(parent, name)))
        ]
    if not files and not problems:
        problems.append(f"{folder} holds no files.")
    return files


def _is_cassette(path: Path) -> bool:
    """Whether YAML holds recorded HTTP traffic: folders of cassettes are how tests keep it."""
    if path.suffix not in (".yml", ".yaml"):
        return False
    try:
        with open(path, "rb") as disk:
            return b"interactions:" in disk.read(CASSETTE_HEAD_BYTES)
    except OSError:
        return False


def _spooled(spool: Path) -> Path:
    handle, name = tempfile.mkstemp(prefix="clew-stdin-", dir=spool)
    with os.fdopen(handle, "wb") as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy, BLOCK_BYTES)
    return Path(name)
