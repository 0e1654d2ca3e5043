"""A network as a pattern over the text of addresses, the same for every engine.

An IPv4 address may carry a port or stand in IPv6 (::ffff:192.0.2.1); an IPv6 address may be spelled
in any way: shortened, with leading zeros, in capitals, in brackets, with a port or a zone.
IPv4 that is written inside other IPv6 addresses is not seen.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
GROUP = "[0-9a-f]{1,4}"
GROUPS = 8


def pattern_of(network: IPv4Network | IPv6Network) -> str:
    """A pattern of RE2 that matches the addresses of a network and no others."""
    if isinstance(network, IPv4Network):
        return rf"^(?:::(?:ffff:)?)?{_octets(network)}(?::\d+)?$"
    return rf"(?i)^\[?(?:{'|'.join(_spellings(network))})(?:%[^\]]*)?(?:\](?::\d+)?)?$"


def _octets(network: IPv4Network) -> str:
    parts = []
    for first, last in zip(network[0].packed, network[-1].packed, strict=True):
        if (first, last) == (0, 255):
            parts.append(OCTET)
        elif first == last:
            parts.append(str(first))
        else:
            parts.append(f"(?:{'|'.join(str(octet) for octet in range(first, last + 1))})")
    return r"\.".join(parts)


def _spellings(network: IPv6Network) -> list[str]:
    """Every way to write its addresses: in full, and with :: for one run of zero groups."""
    groups = [_group(first, last) for first, last in zip(*_ends(network), strict=True)]
    may_be_zero = [first == 0 for first in _ends(network)[0]]
    found = [":".join(groups)]
    for begin in range(GROUPS):
        for end in range(begin + 1, GROUPS + 1):
            if not may_be_zero[end - 1]:
                break
            if all(may_be_zero[begin:end]):
                found.append(f"{':'.join(groups[:begin])}::{':'.join(groups[end:])}")
    return found


def _ends(network: IPv6Network) -> tuple[list[int], list[int]]:
    """The eight groups of the first and of the last address."""
    first, last = (
        [int.from_bytes(address.packed[place : place + 2]) for place in range(0, 16, 2)]
        for address in (network[0], network[-1])
    )
    return first, last


def _group(first: int, last: int) -> str:
    """A pattern of the hexadecimal numbers from `first` to `last`, which differ in their low bits."""
    if (first, last) == (0, 0xFFFF):
        return GROUP
    if first == last:
        return f"0{{0,{4 - len(f'{first:x}')}}}{first:x}"
    digits = ""
    for low, high in zip(f"{first:04x}", f"{last:04x}", strict=True):
        inside = "0123456789abcdef"[int(low, 16) : int(high, 16) + 1]
        digits += low if low == high else f"[{inside}]"
    shorter = []
    for length in (1, 2, 3):
        if first < 16**length:
            top = min(last, 16**length - 1)
            shorter.append(_same_length(first, top, length))
    return f"(?:{'|'.join([digits, *shorter])})"


def _same_length(first: int, last: int, length: int) -> str:
    """As `_group`, written with `length` digits."""
    parts = []
    for low, high in zip(f"{first:0{length}x}", f"{last:0{length}x}", strict=True):
        inside = "0123456789abcdef"[int(low, 16) : int(high, 16) + 1]
        parts.append(low if low == high else f"[{inside}]")
    return "".join(parts)
