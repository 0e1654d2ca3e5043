r"""JSON that a collector puts around the lines of others: the inner line is one of its members.

    {"log":"<inner>\n","stream":"stdout","time":"..."}                          Docker, fluent-bit
    {"MESSAGE":"<inner>","SYSLOG_IDENTIFIER":"web","_HOSTNAME":"host1"}         journalctl -o json
    {"message":"<inner>","kubernetes":{"container_name":"web"}}                 Vector, Filebeat
    {"textPayload":"<inner>","resource":{"labels":{"container_name":"web"}}}    gcloud logging read
    {"line":"<inner>","labels":{"app":"web"}}                                   logcli, Grafana
    {"@message":"<inner>","@logStream":"web/app/1"}                             CloudWatch Logs Insights

A logger's own sentence is no inner line: only what looks like a line of some format is, and `message` and
`msg` are a logger's own unless a container or the like stands beside them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from clew.formats import Parser, Settings
from clew.formats._fields import Spell, spelling_of
from clew.formats._journal import JournalParser, plain
from clew.formats._json import JsonParser
from clew.formats._json_head import documents, elements
from clew.formats._keyed import MARK, KeyedParser
from clew.formats._wrapped import WrappedParser, Wrapping, looks_like_lines
from clew.model.vocabulary import Spelling

INNER = ("log", "MESSAGE", "message", "msg", "textPayload", "Log_s", "Log", "line", "@message")
"""Members that hold the inner line; the first that most objects have."""
WRITERS = (
    "kubernetes.container_name", "kubernetes.container.name", "container_name", "containerName",
    "SYSLOG_IDENTIFIER", "ContainerAppName_s", "cloud_RoleName", "resource.labels.container_name",
    "resource.labels.service_name", "labels.container", "labels.app", "labels.job", "fields.container",
    "fields.app", "fields.job", "container.name", "service", "@logStream", "logStreamName",
)  # fmt: skip
"""Members that say whose line it is."""
OF_LOGGERS = ("message", "msg")
"""Members in which loggers say a sentence of their own, which may be JSON."""
MESSAGE = Spelling("message", "", 0)


def in_envelopes(head: bytes, settings: Settings) -> Parser | None:
    """A parser of JSON that wraps lines of other formats; None where it is a log of its own."""
    found = [plain(one) if "MESSAGE" in one else one for one in documents(head)]
    key = next(
        (key for key in INNER if 2 * sum(_is_text(one, key) for one in found) > len(found)), ""
    )
    if not key:
        return None
    outside = [path for path in WRITERS if path != "service"]  # which loggers state too
    if key in OF_LOGGERS and not any(_at(one, path) for one in found for path in outside):
        return None
    lines: dict[str, list[str]] = {}
    for one in found:
        if _is_text(one, key):
            lines.setdefault(_writer(one), []).append(one[key].rstrip("\n"))
    is_runtimes = key == "log" and all("stream" in one for one in found)
    if not is_runtimes and not any(map(looks_like_lines, lines.values())):
        return None
    outer = JournalParser if key == "MESSAGE" else KeyedParser if MARK.search(head) else JsonParser
    parser = around(outer, key, found, settings, elements(head))
    if set(lines) == {""}:
        parser.know("", lines[""])
    return parser


def around(
    outer: type[JsonParser],
    key: str,
    found: Sequence[Mapping[str, Any]],
    settings: Settings,
    elements: Literal["array", "documents"] | None = None,
) -> WrappedParser:
    """A parser of objects whose member `key` holds an inner line, as in those that were found."""
    json = outer(settings, elements=elements, spell=_spell_of(key), table="json_envelopes")
    return WrappedParser(json, settings, _wrapping(key, found) if elements is None else None)


def _is_text(one: Mapping[str, Any], key: str) -> bool:
    return isinstance(one.get(key), str)


def _writer(one: Mapping[str, Any]) -> str:
    return next((name for path in WRITERS if (name := _at(one, path))), "")


def _at(one: Mapping[str, Any], path: str) -> str:
    """The text at a dotted path; "" where there is none."""
    value: Any = one
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""


def _wrapping(key: str, found: Sequence[Mapping[str, Any]]) -> Wrapping:
    name = next((path for path in (*WRITERS, "stream") if any(_at(one, path) for one in found)), "")
    writer = None
    if name:
        writer = re.compile(
            rb'(?<!\\)"%b"\s*:\s*"([^"]*)"' % re.escape(name.split(".")[-1]).encode()
        )
    inner = f"rtrim(coalesce(json_extract_string(try_cast(l AS JSON), '/{key}'), l), chr(10))"
    return Wrapping(
        line=re.compile(rb'(?<!\\)"%b"\s*:\s*"' % re.escape(key).encode()),
        joined=f"array_to_string(list_transform(string_split(r.text, chr(10)), lambda l: {inner}), chr(10))",
        writer=writer,
    )


def _spell_of(key: str) -> Spell:
    def spell(name: str) -> Spelling | None:
        return MESSAGE if name == key else spelling_of(name)

    return spell
