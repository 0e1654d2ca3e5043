"""Which findings a playbook is for."""

from __future__ import annotations

import ipaddress
from fnmatch import fnmatchcase

from clew.model.finding import SEVERITIES, Finding
from clew.playbooks.reading import Playbook


def is_for(playbook: Playbook, finding: Finding) -> bool:
    """Kind, severity and subject, all of them."""
    if playbook.kinds and not any(fnmatchcase(finding.kind, kind) for kind in playbook.kinds):
        return False
    if playbook.severity:
        least = SEVERITIES.index(playbook.severity)
        if SEVERITIES.index(finding.severity) < least:
            return False
    return all(
        name in finding.subject and _fits(str(finding.subject[name]), wanted)
        for name, wanted in playbook.subject.items()
    )


def _fits(value: str, wanted: str) -> bool:
    """
    >>> _fits("192.0.2.7", "192.0.2.0/24"), _fits("svc-7", "svc-*"), _fits("x", "y")
    (True, True, False)
    """
    if "/" in wanted:
        try:
            return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
        except ValueError:
            pass
    return fnmatchcase(value, wanted)
