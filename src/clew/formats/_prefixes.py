"""What tools put before each line of the logs that they show, and what it says.

web-1  | line                                                    docker compose
[pod/web-6d4b75cb6d-hx2kp/web] line                              kubectl logs --prefix
web-6d4b75cb6d-hx2kp web line                                    stern
2026-11-20T09:00:00.123456789Z stdout F line                     CRI, under /var/log/pods
2026-11-20T09:00:00.123000+00:00 ecs/web/0123abcd line           aws logs tail
2026-11-20T09:00:00Z {app="web", pod="web-1"} line               logcli
2026-11-20T09:00:00.123456789Z line                              docker logs --timestamps
(train_fn pid=4400, ip=192.0.2.7) line                           Ray, of its workers
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Found = Sequence[re.Match[str]]
COLOUR = r"(?:\x1b\[[0-9;]*m)*"
AT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6,9}(?:Z|[+-]\d\d:\d\d)"
"""As docker and kubectl write it with --timestamps."""
POD = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
LEVELS = (
    "TRACE",
    "DEBUG",
    "INFO",
    "NOTICE",
    "WARN",
    "WARNING",
    "ERROR",
    "CRITICAL",
    "FATAL",
    "SUCCESS",
)
LEAST_SHARE = 0.8
"""Of the first lines; others are what the tool says itself, such as `Attaching to web-1`."""
OF_VLLM = re.compile(rf"(?:{'|'.join(LEVELS)}) \d\d-\d\d \d\d:")
"""vLLM puts its own processes before its lines, and reads them itself."""
POD_ENDING = re.compile(r"-(?:[bcdfghjklmnpqrstvwxz2456789]{5}|\d{1,4})$")


@dataclass(frozen=True, slots=True)
class Prefix:
    """One tool's prefix.

    pattern  as RE2 and Python read it, from the line's beginning; its groups are columns, or `at`, `stream`,
             `labels`, `tag`, `ip`, and `goes_on`, which is P where the line goes on in the next one
    writer   the group that tells one writer from another, "" where none does
    is_own   whether these lines are of the tool, for others may begin like it
    sure     how sure it is at most
    least    share of the first lines that must have it; others are what the tool says itself
    """

    pattern: str
    writer: str = ""
    is_own: Callable[[Found], bool] = bool
    sure: float = 0.97
    least: float = LEAST_SHARE

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the groups, in order."""
        return tuple(re.compile(self.pattern).groupindex)


def _is_padded(found: Found) -> bool:
    """docker compose and its like pad names to one width, and number containers or colour their names."""
    bars = {re.sub(COLOUR, "", m[0]).index("|") for m in found}
    names = {m["service_instance"] for m in found}
    is_marked = any(re.search(r"[-_.]\d+$", name) for name in names) or "\x1b" in found[0][0]
    return len(bars) == 1 and names.isdisjoint(LEVELS) and (is_marked or len(names) > 1)


def _are_pods(found: Found) -> bool:
    return all(POD_ENDING.search(m["k8s_pod"]) for m in found)


def _are_workers(found: Found) -> bool:
    numbered = sum(m["process_id"] is not None for m in found)
    is_vllm = all(OF_VLLM.match(m.string, m.end()) for m in found)
    return 2 * numbered >= len(found) and not is_vllm


def _is_json(found: Found) -> bool:
    return all(m.string[m.end() : m.end() + 1] == "{" for m in found)


PREFIXES: dict[str, Prefix] = {
    # web-1  | line, and with --timestamps; pm2 has 0|web  | line
    "compose": Prefix(
        rf"^{COLOUR}(?:\d+\|)?(?P<service_instance>[A-Za-z0-9][\w.-]*) *\|{COLOUR} ?{COLOUR}"
        rf"(?:(?P<at>{STAMP}) )?",
        "service_instance",
        _is_padded,
    ),
    # 09:00:00 web.1   | line, of foreman and honcho
    "foreman": Prefix(
        rf"^{COLOUR}\d\d:\d\d:\d\d (?P<service_instance>[A-Za-z0-9][\w-]*\.\d+) *\|{COLOUR} ?{COLOUR}",
        "service_instance",
    ),
    # [pod/web-6d4b75cb6d-hx2kp/web] line, and with --timestamps
    "kubectl": Prefix(
        rf"^{COLOUR}\[pod/(?P<writer>(?P<k8s_pod>{POD})/(?P<container>{POD}))\]{COLOUR} (?:(?P<at>{STAMP}) )?",
        "writer",
    ),
    # shop/web-6d4b75cb6d-hx2kp[web]: line, of kail
    "kail": Prefix(
        rf"^{COLOUR}(?P<writer>(?P<k8s_namespace>{POD})/(?P<k8s_pod>{POD})\[(?P<container>{POD})\]):{COLOUR} ",
        "writer",
    ),
    # web-6d4b75cb6d-hx2kp web line, and with --timestamps
    "stern": Prefix(
        rf"^{COLOUR}(?P<k8s_pod>{POD}){COLOUR} {COLOUR}(?P<container>{POD}){COLOUR} (?:(?P<at>{STAMP}) )?",
        "k8s_pod",
        _are_pods,
    ),
    # 2026-11-20T09:00:00.123456789Z stdout F line
    "cri": Prefix(rf"^(?P<at>{AT}) (?P<stream>stdout|stderr) (?P<goes_on>[FP]) ", "goes_on"),
    # 2026-11-20T09:00:00.123000+00:00 ecs/web/0123abcd line
    "aws": Prefix(
        rf"^(?P<at>{AT}) (?P<service_instance>\w[\w.$\[\]-]*/[\w./$\[\]-]+) ", "service_instance"
    ),
    # 2026-11-20T09:00:00Z {app="web", pod="web-1"} line
    "logcli": Prefix(rf"^(?P<at>{AT}) (?P<labels>\{{\w+=\"[^}}]*\}}) +", "labels"),
    # 2026-11-20T09:00:00+00:00	kube.web	{"log": "line"}, of fluentd
    "fluentd": Prefix(
        r"^(?P<at>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)? ?(?:Z|[+-]\d\d:?\d\d))[\t ]"
        r"(?P<tag>[\w-]+(?:\.[\w-]+)*)(?:\t|: )",
        "tag",
        _is_json,
    ),
    # (train_fn pid=4400, ip=192.0.2.7) line, (pid=4400) line and (raylet) line, amid the driver's own lines
    "ray": Prefix(
        rf"^{COLOUR}\((?P<worker>(?P<thread>[A-Za-z_][^()=\n]*?)?(?: ?\bpid=(?P<process_id>\d+))?"
        rf"(?:, ip=(?P<ip>[0-9a-f.:]+))?)\){COLOUR} ",
        "worker",
        _are_workers,
        0.95,
        0.25,
    ),
    # 2026-11-20T09:00:00.123456789Z line
    "stamp": Prefix(rf"^(?P<at>{AT}) ", sure=0.85),
}
"""The first that the lines are of counts."""


def prefix_of(lines: Sequence[str]) -> tuple[str, float]:
    """The tool that put something before these lines, and how sure that is; "" where none did."""
    for name, prefix in PREFIXES.items():
        found = [m for line in lines if (m := re.match(prefix.pattern, line))]
        if found and len(found) >= prefix.least * len(lines) and prefix.is_own(found):
            share = min(len(found) / len(lines) * LEAST_SHARE / prefix.least, 1.0)
            return name, prefix.sure * share
    return "", 0.0
