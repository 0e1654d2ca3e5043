"""google.rpc.Status and RetryInfo as bytes: what OTLP puts into the body of a refusal.

The messages have four fields in all, so they are written here by the wire format rather than through
another package. https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import json
from typing import Literal

Code = Literal[3, 4, 7, 8, 13, 14, 16]
INVALID_ARGUMENT: Code = 3
DEADLINE_EXCEEDED: Code = 4
PERMISSION_DENIED: Code = 7
RESOURCE_EXHAUSTED: Code = 8
INTERNAL: Code = 13
UNAVAILABLE: Code = 14
UNAUTHENTICATED: Code = 16
RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"


def status_proto(code: Code, message: str, *, retry_s: int = 0) -> bytes:
    """Status {code = 1, message = 2, details = 3}.

    >>> status_proto(3, "no").hex()
    '080312026e6f'
    """
    status = b"\x08" + _varint(code) + _bytes(2, message.encode(errors="replace"))
    if retry_s:
        duration = b"\x08" + _varint(retry_s)  # Duration.seconds = 1
        retry_info = _bytes(1, duration)  # RetryInfo.retry_delay = 1
        status += _bytes(3, _bytes(1, RETRY_INFO.encode()) + _bytes(2, retry_info))
    return status


def status_json(code: Code, message: str, *, retry_s: int = 0) -> bytes:
    """The same as JSON.

    >>> status_json(14, "later", retry_s=1).decode()
    '{"code": 14, "message": "later", "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"}]}'
    """  # noqa: E501
    status: dict[str, object] = {"code": code, "message": message}
    if retry_s:
        status["details"] = [{"@type": RETRY_INFO, "retryDelay": f"{retry_s}s"}]
    return json.dumps(status).encode()


def _bytes(field: int, value: bytes) -> bytes:
    """A field of wire type 2: tag, length, bytes."""
    return bytes([field << 3 | 2]) + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])
