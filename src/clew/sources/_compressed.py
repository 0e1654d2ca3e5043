"""Compressed bodies: what a Content-Encoding names, undone in bounded memory."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import zstandard

from clew.errors import InputError
from clew.sources._otlp_request import TooLarge, Unsupported

MOST_MEMBERS = 100
"""Members of one gzip stream: each costs a copy of what follows it."""

Take = Callable[[int], None]
"""Told how many more bytes are in memory; raises where they are too many."""


def unpacker(compression: str) -> Callable[[bytes, int, Take], bytes]:
    """What undoes a Content-Encoding."""
    unpackers = {
        "": _plain,
        "identity": _plain,
        "gzip": _gunzip,
        "deflate": _inflate,
        "zstd": _unzstd,
    }
    found = unpackers.get(compression.strip().lower())
    if found is None:
        raise Unsupported(f"The content encoding is {compression}: send gzip, or none.")
    return found


def _plain(body: bytes, most: int, take: Take) -> bytes:
    if len(body) > most:
        raise _too_large_unpacked(most)
    return body


def _gunzip(body: bytes, most: int, take: Take) -> bytes:
    return _members(body, most, take, zlib.MAX_WBITS | 16)


def _inflate(body: bytes, most: int, take: Take) -> bytes:
    """RFC 9110 means zlib's form; some clients send the bare one."""
    is_zlib = len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0
    return _members(body, most, take, zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)


def _members(body: bytes, most: int, take: Take, bits: int) -> bytes:
    """Every member of the stream, and never more than `most` bytes of it in memory."""
    parts: list[bytes] = []
    size, rest = 0, body
    while rest:
        if len(parts) == MOST_MEMBERS:
            raise InputError(f"The compressed body has more than {MOST_MEMBERS} members.")
        member = zlib.decompressobj(bits)
        try:
            part = member.decompress(rest, most - size + 1)
        except zlib.error as error:
            raise InputError(f"The body cannot be decompressed: {error}.") from error
        size += len(part)
        if size > most:
            raise _too_large_unpacked(most)
        take(len(part))
        parts.append(part)
        if not member.eof:
            raise InputError("The compressed body ends too early.")
        rest = member.unused_data
    return b"".join(parts)


def _unzstd(body: bytes, most: int, take: Take) -> bytes:
    try:
        reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(
            body, read_across_frames=True
        )
        plain = reader.read(most + 1)
    except zstandard.ZstdError as error:
        raise InputError(f"The body cannot be decompressed: {error}.") from error
    if len(plain) > most:
        raise _too_large_unpacked(most)
    take(len(plain))
    return plain


def _too_large_unpacked(most: int) -> TooLarge:
    return TooLarge(f"The request has more than {most:,} bytes uncompressed: send smaller batches.")
