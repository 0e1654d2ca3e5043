"""Encodings of values for pySigma: by bytes, so that they are right for any text.

pySigma has no `utf16le`, encodes only ASCII as UTF-16, writes its byte order mark as UTF-8, and
counts characters where Base64 counts bytes. `install` puts these in their places.

    CommandLine|wide|base64offset|contains: 'cmd'    # 63 00 6d 00 64 00, then Base64 at three offsets
"""

from __future__ import annotations

import codecs
from base64 import b64encode
from typing import ClassVar

from sigma.exceptions import SigmaValueError
from sigma.modifiers import SigmaModifier, SigmaValueModifier, modifier_mapping
from sigma.types import SigmaExpansion, SigmaString

ONLY_BASE64 = "UTF-16 stands in logs only as Base64: add base64 or base64offset behind it."


class Encoded(SigmaString):
    """A value that stands for bytes; `s` shows each byte as the character of its number."""

    def __init__(self, raw: bytes) -> None:
        super().__init__()
        self.raw = raw
        self.s = [raw.decode("latin-1")] if raw else []
        self.original = raw.decode("latin-1")

    def __add__(self, other: object) -> SigmaString:
        raise SigmaValueError(ONLY_BASE64)

    __radd__ = __add__


def bytes_of(value: SigmaString, doing: str) -> bytes:
    """The bytes of a value. Raises SigmaValueError for one with wildcards or placeholders."""
    if isinstance(value, Encoded):
        return value.raw
    if any(not isinstance(part, str) for part in value.s):
        raise SigmaValueError(
            f"'{value}' has a wildcard or placeholder, which {doing} cannot encode"
        )
    return "".join(str(part) for part in value.s).encode()


class _Utf16(SigmaValueModifier[SigmaString, SigmaString]):
    codec: ClassVar[str] = "utf-16-le"
    mark: ClassVar[bytes] = b""

    def modify(self, val: SigmaString) -> SigmaString:
        text = bytes_of(val, self.codec).decode()
        return Encoded(self.mark + text.encode(self.codec))


class _Utf16BigEndian(_Utf16):
    codec = "utf-16-be"


class _Utf16WithMark(_Utf16):
    mark = codecs.BOM_UTF16_LE


class _Base64(SigmaValueModifier[SigmaString, SigmaString]):
    def modify(self, val: SigmaString) -> SigmaString:
        return SigmaString.from_str(b64encode(bytes_of(val, "base64")).decode())


class _Base64Offset(SigmaValueModifier[SigmaString, SigmaExpansion]):
    """What of the Base64 text stays the same, whatever stands before and behind the value."""

    def modify(self, val: SigmaString) -> SigmaExpansion:
        raw = bytes_of(val, "base64offset")
        return SigmaExpansion([SigmaString.from_str(_middle(raw, shift)) for shift in range(3)])


def _middle(raw: bytes, shift: int) -> str:
    """Base64 of `raw` behind `shift` other bytes, without the digits that those share.

    >>> [_middle(b"foo", shift) for shift in range(3)]
    ['Zm9v', 'Zvb', 'mb2']
    """
    text = b64encode(b" " * shift + raw).decode().rstrip("=")
    begin = (0, 2, 3)[shift]
    end = len(text) - (1 if (shift + len(raw)) % 3 else 0)
    return text[begin:end]


OURS: dict[str, type[SigmaModifier[SigmaString, SigmaString]]] = {
    "wide": _Utf16,
    "utf16le": _Utf16,
    "utf16be": _Utf16BigEndian,
    "utf16": _Utf16WithMark,
    "base64": _Base64,
    "base64offset": _Base64Offset,  # type: ignore[dict-item]
}


def install() -> None:
    """Puts the encodings into pySigma's table of modifiers; a second call changes nothing."""
    modifier_mapping.update(OURS)
