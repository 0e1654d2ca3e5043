r"""The layouts of Python's text logs: what stands before the message, and in which order.

    2026-11-20 09:00:00,123 ERROR [worker-3] scoring.api: message

Each is a pattern whose groups are time, level, logger, thread, pid and said. A source is read by the
few layouts that its first lines are in, so that a line is tried against few patterns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

TIME = r"(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)"
LEVEL = (
    r"(?P<level>TRACE|DEBUG|INFO|NOTICE|SUCCESS|WARN|WARNING|ERROR|CRITICAL|FATAL|"
    r"trace|debug|info|notice|success|warn|warning|error|critical|fatal|exception)"
)
LOGGER = r"(?P<logger>[A-Za-z_<][\w.<>/-]*)"
DOTTED = r"(?P<logger>[A-Za-z_]\w*(?:\.\w+)+|root|__main__|uvicorn|gunicorn|celery|httpx|werkzeug)"
"""A logger without a mark behind it: only a dot, or a well-known name, tells it from a word."""
MESSAGE = r"(?P<said>.*)"
DJANGO_SAYS = (
    "Internal Server Error", "Service Unavailable", "Not Implemented", "Not Found", "Bad Request",
    "Forbidden", "Unauthorized", "Method Not Allowed", "Gone", "Too Many Requests",
    "Request Entity Too Large",
)  # fmt: skip
LAYOUTS: dict[str, str] = {
    # 2026-11-20 09:00:00.123 | INFO     | app.api:predict:42 - message
    "loguru": rf"{TIME} \| {LEVEL} *\| {LOGGER}:[\w<>]*:\d+ - {MESSAGE}",
    # [2026-11-20 09:00:00 +0000] [31] [INFO] message, also with [app.db] or app.db: before it
    "gunicorn": rf"\[{TIME}\] \[(?P<pid>\d+)\] \[{LEVEL}\] (?:\[?{DOTTED}(?:\]|:) )?{MESSAGE}",
    # 2026-11-20T09:00:00,123 [WARN ] W-9000-fraud_1.0 org.pytorch.serve.wlm.WorkerThread - message
    "torchserve": (
        rf"{TIME} \[{LEVEL} *\] (?P<thread>\S+) (?P<logger>org\.pytorch\.[\w.$]+|[A-Z]+_[A-Z]+) - {MESSAGE}"
    ),
    # INFO 2026-11-20 09:00:00,123 default_Model ab12cd 7f6d0e5b-... -- message, of Ray Serve
    "ray_serve": (
        rf"{LEVEL} {TIME} (?P<logger>[\w#:.-]+) [\w.:-]+(?: (?P<thread>[0-9a-f-]{{36}}))? -- {MESSAGE}"
    ),
    # 2026-11-20 09:00:00,123 [31] [ERROR] app.db: message
    "pid_first": rf"{TIME} \[(?P<pid>\d+)\] \[{LEVEL}\] (?:{LOGGER}: )?{MESSAGE}",
    # 2026-11-20T09:00:00.123Z  INFO 31 --- [api] [           main] c.e.checkout.App : message
    "spring": (
        rf"{TIME} +{LEVEL} (?P<pid>\d+) --- (?:\[[^\]]*\] )?\[ *(?P<thread>[^\]]*)\] "
        rf"(?P<logger>\S+) +: {MESSAGE}"
    ),
    # [2026-11-20 09:00:00,123][app.db][ERROR] - message, as Hydra configures it
    "hydra": rf"\[{TIME}\]\[{LOGGER}\]\[{LEVEL}\] - {MESSAGE}",
    # I, [2026-11-20T09:00:00.123456 #31]  INFO -- : message
    "ruby": rf"[DIWEFA], \[{TIME} #(?P<pid>\d+)\] +{LEVEL} -- (?P<logger>[^:]*): {MESSAGE}",
    # 2026-11-20 09:00:00.123 UTC [31] app@shop ERROR:  message
    "postgres": (
        rf"{TIME} \[(?P<pid>\d+)\](?::? \[[0-9-]+\])? (?:\S+@\S+ )?"
        r"(?P<level>LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG[1-5]?|STATEMENT|DETAIL|HINT|CONTEXT):"
        rf"  {MESSAGE}"
    ),
    # 2026-11-20T09:00:01.123456Z 8 [Warning] [MY-013360] [Server] message, of MySQL
    "mysql": (
        rf"{TIME} (?P<thread>\d+) \[(?P<level>System|Note|Warning|ERROR)\] \[(?P<logger>MY-\d+)\] \[\w+\] "
        rf"{MESSAGE}"
    ),
    # 2026-11-20T09:00:00.123+0000 I  NETWORK  [conn1] message, of MongoDB before 4.4
    "mongodb": rf"{TIME} (?P<level>[DIWEF])\d? +(?P<logger>[A-Z]+) +\[(?P<thread>[^\]]+)\] {MESSAGE}",
    # 1:M 20 Nov 2026 09:00:00.123 * message, of Redis: # is a warning
    "redis": (
        r"(?P<pid>\d+):[A-Z] (?P<time>\d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d\.\d{3}) (?P<level>[.*#-]) "
        rf"{MESSAGE}"
    ),
    # 26/11/20 09:00:00 ERROR Executor: message, of Spark
    "spark": rf"(?P<time>\d\d/\d\d/\d\d \d\d:\d\d:\d\d) {LEVEL} (?P<logger>[\w.$]+): {MESSAGE}",
    # [2026-11-20 09:00:01,123 E 31 44] (raylet) node_manager.cc:3010: message, of Ray's own processes
    "raylet": (
        rf"\[{TIME} (?P<level>[DIWEF]) (?P<pid>\d+) (?P<thread>\d+)\] (?:\(\w+\) )?(?P<logger>[\w./-]+):\d+: "
        rf"{MESSAGE}"
    ),
    # [2026-11-20T09:00:00Z ERROR app::handler] message, of Rust's env_logger
    "env_logger": rf"\[{TIME} {LEVEL} +(?P<logger>[\w:]+)\] {MESSAGE}",
    # 2026-11-20 09:00:00.123 +00:00 [ERR] message, of Serilog
    "serilog": rf"{TIME} \[(?P<level>VRB|DBG|INF|WRN|ERR|FTL)\] {MESSAGE}",
    # [09:00:00 ERR] message
    "serilog_clock": rf"\[\d\d:\d\d:\d\d (?P<level>VRB|DBG|INF|WRN|ERR|FTL)\] {MESSAGE}",
    # fail: App.Api[13], the message below it, of .NET's console
    "dotnet": r"(?P<level>trce|dbug|info|warn|fail|crit): (?P<logger>[\w.]+)\[\d+\](?P<said>)",
    # 2026/11/20 09:00:00 ERROR message, as Go writes it
    "slashes": (
        r"(?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)?)\s+\[?"
        rf"{LEVEL}\]?:?\s+(?:{DOTTED}\t)?{MESSAGE}"
    ),
    # 2026-11-20T09:00:00.123Z	ERROR	pay	cmd/main.go:30	message	{"key": "value"}
    "zap": rf"{TIME}\t{LEVEL}\t(?:{LOGGER}\t)?(?:[\w./@-]+\.go:\d+\t)?{MESSAGE}",
    # 2026-11-20 09:00:00.123 31 ERROR nova.compute [req-...] message, as oslo.log writes it
    "oslo": rf"{TIME} (?P<pid>\d+) {LEVEL} {DOTTED} {MESSAGE}",
    # [2026-11-20T09:00:00,123][ERROR][o.e.b.Bootstrap          ] message
    "elastic": rf"\[{TIME}\]\[{LEVEL} *\]\[(?P<logger>[^\]\s]+) *\] {MESSAGE}",
    # 2026-11-20 09:00:00,123	ERROR services.py:1330 -- message, as Ray writes it
    "ray": rf"{TIME}\t{LEVEL} {LOGGER}:\d+ -- {MESSAGE}",
    # [2026-11-20 09:00:00,123: ERROR/MainProcess] message
    "celery": rf"\[{TIME}: {LEVEL}/(?P<thread>[^\]]+)\] {MESSAGE}",
    # [2026-11-20 09:00:00,123] ERROR in app: message
    "flask": rf"\[{TIME}\] {LEVEL} in {LOGGER}: {MESSAGE}",
    # [2026-11-20 09:00:00,123] [ERROR] [app.db] message
    "brackets": rf"\[{TIME}\] \[{LEVEL} *\](?: \[{LOGGER}\])?:? {MESSAGE}",
    # [2026-11-20 09:00:00,123] ERROR [app.db:42] message
    "bracket_logger": rf"\[{TIME}\] {LEVEL} +\[{LOGGER}(?::\d+)?\] {MESSAGE}",
    # [2026-11-20T09:00:00.123+0000] {taskinstance.py:1157} ERROR - message
    "airflow": rf"\[{TIME}\] \{{{LOGGER}:\d+\}} {LEVEL} - {MESSAGE}",
    # [2026-11-20 09:00:00,123] ERROR app.db: message
    "bracket_time": rf"\[{TIME}\] {LEVEL} *:? (?:{LOGGER}: )?{MESSAGE}",
    # 2026-11-20 09:00:00,123 ERROR [worker-3] app.db: message
    "thread": rf"{TIME} +{LEVEL} +\[(?P<thread>[^\]]*)\] {LOGGER}(?: -|:) {MESSAGE}",
    # 2026-11-20 09:00:00,123 [worker-3] ERROR app.db - message
    "thread_first": rf"{TIME} \[(?P<thread>[^\]]*)\] {LEVEL} +{LOGGER}(?: -|:) {MESSAGE}",
    # 2026-11-20 09:00:00,123 - app.db - ERROR - message, also with a logger of two words, or a
    # place before the message: api.py:42 - message, [api.py:42] - message
    "dashes": (
        rf"{TIME} - (?P<logger>[^\s-](?:[^-]*[^\s-])?) - {LEVEL} - "
        rf"(?:\[?[\w./<>-]+:\d+\]? - )?{MESSAGE}"
    ),
    # 11/20/2026 09:00:00 - ERROR - trainer -   message
    "trainer": rf"(?P<time>\d\d/\d\d/\d{{4}} \d\d:\d\d:\d\d) - {LEVEL} - {LOGGER} - +{MESSAGE}",
    # 2026-11-20 09:00:00,123 - ERROR - message
    "two_dashes": rf"{TIME} - {LEVEL} - (?:{LOGGER} - )?{MESSAGE}",
    # 2026-11-20 09:00:00 [ERROR] app.db (api.py:42) message
    "level_in_brackets_place": rf"{TIME} \[{LEVEL} *\] {LOGGER} \([\w./-]+:\d+\):? (?:- )?{MESSAGE}",
    # 2026-11-20 09:00:00 [ERROR] app.db - message
    "level_in_brackets_dash": rf"{TIME} \[{LEVEL} *\] {DOTTED} - {MESSAGE}",
    # 2026-11-20 09:00:00 [error    ] message      [app.db] key=value, as structlog's console writes it
    "structlog": rf"{TIME} \[{LEVEL} *\] (?P<said>.*?  \[{LOGGER}\](?: .*)?)",
    # 2026-11-20 09:00:00 [error    ] message   key=value
    "level_in_brackets": rf"{TIME} \[{LEVEL} *\] (?:{LOGGER}: )?{MESSAGE}",
    # 2026-11-20 09:00:00,123 ERROR app.db:42 message, also with [31:MainThread] before it
    "logger_line": (
        rf"{TIME} +{LEVEL} +{LOGGER}:\d+:? (?:- )?"
        rf"(?:\[(?P<pid>\d+):(?P<thread>[\w-]+)\] )?{MESSAGE}"
    ),
    # 2026-11-20 09:00:00,123 ERROR [app.db] [api.py:42] [trace_id=4f2a span_id=1b] - message
    "traced": rf"{TIME} +{LEVEL} +\[{LOGGER}\] \[[\w.<>-]+:\d+\] \[(?P<thread>[^\]]*=[^\]]*)\] - {MESSAGE}",
    # 2026-11-20 09:00:00,123 ERROR [app.db] message, also with [api.py:42]
    "logger_in_brackets": rf"{TIME} +{LEVEL} +\[{LOGGER}(?::\d+)?\] {MESSAGE}",
    # 2026-11-20 09:00:00,123 ERROR app.db: message
    "logger": rf"{TIME} +{LEVEL} +{LOGGER}(?::| -) {MESSAGE}",
    # 2026-11-20 09:00:00,123 | ERROR | app.db | message
    "bars": rf"{TIME} \| {LEVEL} *\| (?:{LOGGER} *\| )?{MESSAGE}",
    # 2026-11-20 09:00:00,123|ERROR|app.db|predict|message, with or without a function or line
    "pipes": rf"{TIME}\|{LEVEL} *\|{LOGGER}\|(?:[\w<>.]+(?::\d+)?\|)?{MESSAGE}",
    # 2026-11-20 09:00:00,123:ERROR:app.db:message
    "colons": rf"{TIME}:{LEVEL}:(?:{LOGGER}:)?{MESSAGE}",
    # 2026-11-20 09:00:00,123 ERROR app.db message, also with [api.py:42]
    "logger_bare": rf"{TIME} +{LEVEL} +{DOTTED} (?:\[[\w.]+:\d+\] )?{MESSAGE}",
    # 2026-11-20 09:00:00,123 ERROR: message
    "level": rf"{TIME}:? +{LEVEL} *:? {MESSAGE}",
    # 2026-11-20 09:00:00,123 app.db ERROR message
    "logger_first": rf"{TIME} {LOGGER} {LEVEL} *:? {MESSAGE}",
    # ERROR 2026-11-20 09:00:00,123 basehttp 123 140735 message
    "django": rf"{LEVEL} +\[?{TIME}\]? {LOGGER} (?P<pid>\d+) (?P<thread>\d+) {MESSAGE}",
    # ERROR 2026-11-20 09:00:00,123 app.db: message
    "level_first": rf"\[?{LEVEL}\]?:? +\[?{TIME}\]?:? (?:{LOGGER}: )?{MESSAGE}",
    # [2026-11-20 09:00:00 TP0] message, of SGLang
    "sglang": rf"\[{TIME}(?: (?P<thread>[A-Z]+\d+(?: [A-Z]+\d+)*))?\] {MESSAGE}",
    # [20/Nov/2026 09:00:00] "GET /x HTTP/1.1" 500 145
    "runserver": rf"\[(?P<time>\d\d/[A-Z][a-z]{{2}}/\d{{4}} \d\d:\d\d:\d\d)\] {MESSAGE}",
    # (APIServer pid=5150) INFO 07-14 21:33:52 [loggers.py:273] message
    "vllm": (
        rf"(?:\((?P<thread>\w+) pid=(?P<pid>\d+)\) )?{LEVEL} (?P<time>\d\d-\d\d \d\d:\d\d:\d\d) "
        rf"\[?(?P<logger>[\w./-]+?)(?::\d+)?\] {MESSAGE}"
    ),
    # E1120 09:00:00.123456 31 server.cc:42] message
    "glog": (
        r"(?P<level>[IWEF])(?P<time>\d{4} \d\d:\d\d:\d\d\.\d+) +(?P<thread>\d+) "
        rf"(?P<logger>[\w./-]+):\d+\] {MESSAGE}"
    ),
    # Not Found: /v1/users, which Django says without a time or a level
    "django_bare": rf"(?P<said>(?:{'|'.join(DJANGO_SAYS)})(?: \([^)]*\))?: /.*)",
    # 09:00:00.123 [main] ERROR com.example.App - message
    "clock_thread": (
        rf"\d\d:\d\d:\d\d[.,]\d+ \[(?P<thread>[^\]]*)\] {LEVEL} +{LOGGER} - {MESSAGE}"
    ),
    # 09:00:00 - LiteLLM Proxy:ERROR: proxy_server.py:42 - message
    "litellm": (
        rf"\d\d:\d\d:\d\d - (?P<logger>LiteLLM[\w ]*):{LEVEL} *: (?:[\w.]+:\d+ - )?{MESSAGE}"
    ),
    # [09:00:00.123] ERROR (checkout/31): message
    "pino_pretty": (
        rf"\[\d\d:\d\d:\d\d\.\d+\] {LEVEL} \((?:(?P<logger>[\w.-]+)/)?(?P<pid>\d+)\): {MESSAGE}"
    ),
    # 09:00:00,123 ERROR app.db: message
    "clock": rf"\d\d:\d\d:\d\d(?:[.,]\d+)? \[?{LEVEL} *\]? (?:{LOGGER}: )?{MESSAGE}",
    # INFO  [alembic.runtime.migration] message
    "level_logger": rf"{LEVEL} +\[{LOGGER}\] {MESSAGE}",
    # ERROR:app.db:message
    "basic": rf"{LEVEL}:{LOGGER}:{MESSAGE}",
    # error: message, as winston writes it
    "winston": rf"(?P<level>error|warn|info|http|verbose|debug|silly): {MESSAGE}",
    # INFO:     message
    "uvicorn": rf"{LEVEL}: +{MESSAGE}",
    # 2026/11/20 09:00:00 main.go:23: message, of Go's log package
    "go": (
        r"(?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)?) (?:(?P<logger>[\w./-]+\.go):\d+: )?"
        rf"{MESSAGE}"
    ),
    # [ERROR] message
    "level_alone": rf"\[{LEVEL}\] {MESSAGE}",
}
"""Layout to its pattern; of those that match a line, the first counts."""
BEGIN = re.compile(
    rf"[\[(]|\d+[-/:]|{LEVEL}|[DIWEFA], \[|[IWEF]\d{{4}} |{'|'.join(DJANGO_SAYS)}|"
    "(?:trce|dbug|fail|crit|http|verbose|silly): "
)
"""How a line begins that is in any layout."""
MOST_LAYOUTS = 4
ALWAYS = ("level", "level_first", "uvicorn", "basic")
"""Layouts that later lines may be in although the first ones are not: they run on what is left."""
ANSI = "\\x1b\\[[0-9;]*m"
OTHER = (
    r'^(?:\{".*\}'  # {"level": "info"}
    r'|(?:[A-Z]+: +)?\S+:\d+ - "[A-Z]+ [^"]*" \d{3}.*'  # INFO:     192.0.2.1:1 - "GET / HTTP/1.1" 200 OK
    r"|(?:\[[^\]]*\] \[\d+\] \[INFO\] )?"  # [2026-11-20 09:00:00 +0000] [31] [INFO]
    r"\S+ \S+ \S+ \[\d{2}/[A-Z][a-z]{2}/\d{4}:.*)$"  # 192.0.2.1 - - [20/Nov/2026:09:00:00 +0000]
)
"""JSON and access lines in between: another format reads them."""


@cache
def compiled(layout: str) -> re.Pattern[str]:
    """The pattern of a layout. To compile all takes longer than to read a small file."""
    return re.compile(LAYOUTS[layout])


def layout_of(line: str) -> str | None:
    """The first layout that the line is in; None for a line of another format."""
    bare = re.sub(ANSI, "", line) if "\x1b" in line else line
    if not BEGIN.match(bare) or re.match(OTHER, bare):
        return None
    return next((name for name in LAYOUTS if compiled(name).fullmatch(bare)), None)


def usual_layouts(lines: list[str]) -> tuple[str, ...]:
    """The most frequent layouts of these lines, the most frequent first, then `ALWAYS`.

    A layout that would also match the lines of a rarer one stands behind it.
    """
    found: Counter[str] = Counter()
    example: dict[str, str] = {}
    for line in lines:
        if name := layout_of(line):
            found[name] += 1
            example.setdefault(name, re.sub(ANSI, "", line))
    layouts: list[str] = []
    for name, _ in found.most_common(MOST_LAYOUTS):
        thieves = (i for i, other in enumerate(layouts) if compiled(other).fullmatch(example[name]))
        layouts.insert(next(thieves, len(layouts)), name)
    layouts += [name for name in ALWAYS if name not in layouts]
    return tuple(layouts)


LEVELS = tuple(LEVEL.removeprefix("(?P<level>").removesuffix(")").split("|"))
QUICK_GROUPS = 3
"""RE2 reads an anchored pattern in one pass, four times faster, if it has no more than four groups: the
prefix as a whole is one of them."""


@dataclass(frozen=True, slots=True)
class Quick:
    """What stands before the message in most lines of a source, as one narrow pattern.

    pattern  of the prefix, which is its first group
    groups   the groups behind it
    time     first and last letter of the time in the prefix, from 1; None where a group holds it
    """

    pattern: str
    groups: tuple[str, ...]
    time: tuple[int, int] | None


def quick_of(layout: str, lines: Sequence[str]) -> Quick | None:
    """The layout narrowed to the shape that the time has in the first of these lines that is in it,
    None where that is no help.

    A line that the narrow pattern takes is one that the layout takes, and in the same parts, once its
    level is found to be one of `LEVELS`.
    """
    line = next((re.sub(ANSI, "", line) for line in lines if layout_of(line) == layout), "")
    found, pattern = compiled(layout).fullmatch(line), LAYOUTS[layout]
    if found is None or not pattern.endswith(MESSAGE):
        return None
    prefix = pattern.removesuffix(MESSAGE).replace(LEVEL, "(?P<level>[A-Za-z]+)")
    time = None
    if pattern.startswith((TIME, rf"\[{TIME}")):
        prefix = prefix.replace(TIME, _shape(found["time"]))
        time = (found.start("time") + 1, found.end("time"))
    elif TIME in prefix:
        prefix = prefix.replace(TIME, f"(?P<time>{_shape(found['time'])})")
    groups = tuple(re.compile(prefix).groupindex)
    if len(groups) > QUICK_GROUPS:
        return None
    return Quick(f"^({re.sub(r'[?]P<[a-z]+>', '', prefix)})", groups, time)


def _shape(text: str) -> str:
    """A pattern of texts with digits in the same places."""
    return "".join("[0-9]" if c.isdigit() else c if c == " " else re.escape(c) for c in text)
