"""Block lists: addresses into a file that a proxy or a firewall reads.

A file is read, the new addresses are added, and it is written anew as a whole. Only addresses come in: a
text that is none is refused. Loopback, multicast and unspecified addresses, and those that the settings or
the playbook keep, stand on no list.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from clew.errors import ConfigError

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
NAME = "clew-blocked"
HEADER = "# Written by clew playbook; addresses that you add by hand stay."
TOKEN = re.compile(r"[0-9a-fA-F:.]+(?:/\d{1,3})?")


def network_of(text: str) -> Network:
    """The address or network. Raises ValueError.

    >>> str(network_of("192.0.2.7"))
    '192.0.2.7/32'
    """
    return ipaddress.ip_network(text.strip(), strict=False)


def may_not_be_blocked(network: Network, kept: Iterable[str]) -> str:
    """Why it may stand on no list; "" when it may."""
    address = network.network_address
    if (
        address.is_loopback
        or address.is_multicast
        or address.is_unspecified
        or network.prefixlen < 8
    ):
        return f"{network} is never blocked"
    for one in kept:
        try:
            other = network_of(one)
        except ValueError as error:
            raise ConfigError(f"'{one}' of the addresses to keep is no network.") from error
        if other.version == network.version and network.overlaps(other):
            return f"{network} is kept, as {other}"
    return ""


def blocked(path: Path) -> list[Network]:
    """The addresses that a list has already."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    found: list[Network] = []
    for line in text.splitlines():
        for word in TOKEN.findall(line.partition("#")[0]):
            if "." in word or ":" in word:
                try:
                    found.append(network_of(word))
                except ValueError:
                    continue
    return list(dict.fromkeys(found))


def write_list(path: Path, format: str, networks: Sequence[Network], name: str = NAME) -> None:
    """Writes the list, whole or not at all. AWS WAF has a set for each version: IPv6 stands in NAME-v6."""
    if format == "aws_waf":
        for version, place in ((4, path), (6, path.with_name(f"{path.stem}-v6{path.suffix}"))):
            of_version = [one for one in networks if one.version == version]
            if of_version or version == 4:
                _replace(place, _aws_waf(of_version, name, version))
        return
    _replace(path, FORMATS[format](networks, name))


def read_list(path: Path, format: str) -> list[Network]:
    """All that a list has, over both of its files."""
    found = blocked(path)
    if format == "aws_waf":
        found += blocked(path.with_name(f"{path.stem}-v6{path.suffix}"))
    return found


def _nginx(networks: Sequence[Network], name: str) -> str:
    return "\n".join([HEADER, *(f"deny {_short(one)};" for one in networks), ""])


def _cidr(networks: Sequence[Network], name: str) -> str:
    return "\n".join([HEADER, *map(str, networks), ""])


def _nftables(networks: Sequence[Network], name: str) -> str:
    table = re.sub(r"\W", "_", name)
    lines = [HEADER, f"table inet {table} {{"]
    for version in (4, 6):
        elements = ", ".join(str(one) for one in networks if one.version == version)
        lines += [
            f"  set blocked_v{version} {{",
            f"    type ipv{version}_addr",
            "    flags interval",
            *([f"    elements = {{ {elements} }}"] if elements else []),
            "  }",
        ]
    return "\n".join([*lines, "}", ""])


def _ipset(networks: Sequence[Network], name: str) -> str:
    """What `ipset restore` reads, for iptables' -m set."""
    lines = [HEADER]
    for version, family in ((4, "inet"), (6, "inet6")):
        of_version = [one for one in networks if one.version == version]
        if of_version:
            own = name if version == 4 else f"{name}-v6"
            lines.append(f"create {own} hash:net family {family} -exist")
            lines += [f"add {own} {one} -exist" for one in of_version]
    return "\n".join([*lines, ""])


def _aws_waf(networks: Sequence[Network], name: str, version: int) -> str:
    """What `aws wafv2 create-ip-set --cli-input-json` reads."""
    told = {
        "Name": name if version == 4 else f"{name}-v6",
        "Scope": "REGIONAL",
        "IPAddressVersion": f"IPV{version}",
        "Addresses": [str(one) for one in networks],
    }
    return json.dumps(told, indent=2) + "\n"


def _short(network: Network) -> str:
    return str(network.network_address) if network.num_addresses == 1 else str(network)


FORMATS: dict[str, Callable[[Sequence[Network], str], str]] = {
    "nginx": _nginx,
    "aws_waf": lambda networks, name: _aws_waf(networks, name, 4),
    "nftables": _nftables,
    "iptables": _ipset,
    "cidr": _cidr,
}


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(path.name + ".part")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        draft.chmod(path.stat().st_mode & 0o777)
    draft.replace(path)
