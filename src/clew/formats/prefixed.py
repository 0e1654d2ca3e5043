r"""Logs as tools show them, a prefix before each line: docker compose, kubectl, stern, logcli, Ray.

    web-1  | 2026-11-20 09:00:00,123 ERROR app.api: failed
    [pod/web-6d4b75cb6d-hx2kp/web] {"level":"info","msg":"ready"}
    2026-11-20T09:00:00.123456789Z stdout F 192.0.2.1 - - [20/Nov/2026:09:00:00 +0000] "GET / HTTP/1.1" 200 2

Reads     docker compose logs and docker logs --timestamps; kubectl logs --prefix and --timestamps, stern, kail;
          CRI files of Kubernetes; foreman, honcho, pm2; aws logs tail and exports of CloudWatch Logs; logcli;
          files of fluentd; Ray's driver and its workers; with their colours. What stands behind the prefix is read
          by its own format
Returns   what the format of each container's, pod's or stream's lines gives; from the prefix: time where the line
          has none, service, container, pod, namespace, instance; stream, tag, ip as attributes
Units     those of the inner formats
Blind to  a record whose lines other containers' lines part; the project's name in docker compose's old names
Source    documentation of the tools; Kubernetes, CRI logging format
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from clew import registry
from clew.formats import Parser, Settings
from clew.formats._access import first_lines
from clew.formats._fields import quoted
from clew.formats._prefixes import PREFIXES, Prefix, prefix_of
from clew.formats._time import timestamp_sql
from clew.formats._wrapped import NOT_INNER, WrappedParser, Wrapping
from clew.model.case import Sample

LABELS = {
    "service": ("service_name", "service", "app", "app_kubernetes_io_name", "app_name", "job"),
    "container": ("container", "container_name"),
    "k8s_pod": ("pod", "pod_name"),
    "k8s_namespace": ("namespace",),
    "host": ("host", "hostname", "node", "node_name"),
}
"""Column to the labels of Loki that say it."""
SURE_OF_INNER = 0.6
"""How sure a format must be of lines behind nothing but a time, which may be their own."""


@dataclass(slots=True)
class PrefixParser:
    """Parses what stands before the lines; the message is what stands behind it."""

    prefix: Prefix
    settings: Settings

    def heads(self, lines: object) -> None:
        """Every line is a record; whoever knows the inner lines knows better."""

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        groups = self.prefix.groups
        names = ", ".join(quoted(name) for name in groups)
        pattern = re.sub(r"\(\?P<\w+>", "(", self.prefix.pattern)
        parted = (
            f"(SELECT *, regexp_extract(text, {quoted(pattern)}, [{names}]) AS p FROM {records})"
        )
        columns = {"message": self._inner(pattern)}
        for name in groups:
            value = f"nullif(p.{name}, '')"
            if name == "at":
                columns["timestamp"] = timestamp_sql(value, self.settings)
                columns["timestamp_text"] = value
            elif name in ("stream", "tag", "ip"):
                columns["attributes"] = (
                    f"CASE WHEN {value} IS NOT NULL THEN '{{\"{name}\":' || to_json({value}) || '}}' END"
                )
            elif name == "labels":
                columns |= {column: _label(value, keys) for column, keys in LABELS.items()}
            elif name == "process_id":
                columns[name] = f"try_cast({value} AS BIGINT)"
            elif name not in ("writer", "worker", "goes_on"):
                columns[name] = value
            if name == "service_instance":
                columns["service"] = _service(value)
        picked = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
        return f"SELECT line, byte_offset, NULL::VARCHAR AS reject, {picked} FROM {parted}"

    def _inner(self, pattern: str) -> str:
        """SQL of the record's lines without the prefix; the parts of a line that was split are joined."""
        text = "text"
        if "goes_on" in self.prefix.groups:
            two = quoted("(?m)" + pattern.replace("([FP])", "P") + r"(.*)\n" + pattern[1:])
            text = f"regexp_replace(text, {two}, '\\3', 'g')"
            text = text.replace("text,", f"{text},", 1)  # in pairs, and the pairs in pairs
        return f"regexp_replace({text}, {quoted('(?m)' + pattern)}, '', 'g')"


def _service(instance: str) -> str:
    """SQL of the service: web-1 is of web, ecs/web/0123abcd too."""
    task = f"regexp_extract({instance}, '^[^/]+/([^/]+)/[0-9a-f]{{16,}}$', 1)"
    bare = f"regexp_replace({instance}, '[-_.][0-9]+$', '')"
    return f"nullif(CASE WHEN contains({instance}, '/') THEN {task} ELSE {bare} END, '')"


def _label(labels: str, keys: tuple[str, ...]) -> str:
    """SQL of the first of these labels that there is."""
    found = (f"nullif(regexp_extract({labels}, '[{{ ,]{key}=\"([^\"]*)\"', 1), '')" for key in keys)
    return f"coalesce({', '.join(found)})"


def sniff(head: bytes) -> float:
    """Share of the first lines with a prefix; behind a mere time there must be lines of another format."""
    name, sure = prefix_of(first_lines(head))
    if name != "stamp":
        return sure
    inner = _without(name, head)
    formats = (one for one in registry.names("formats") if one not in NOT_INNER | {"prefixed"})
    return (
        sure
        if any(registry.load("formats", one).sniff(inner) >= SURE_OF_INNER for one in formats)
        else 0.0
    )


def _without(name: str, head: bytes) -> bytes:
    """The first lines without their prefix; the parts of a line that was split are joined."""
    said = ""
    for line in first_lines(head):
        found = re.match(PREFIXES[name].pattern, line)
        goes_on = found is not None and found.groupdict().get("goes_on") == "P"
        said += line[found.end() if found else 0 :] + ("" if goes_on else "\n")
    return said.encode()


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of the first lines' prefix, and of whatever stands behind it."""
    name, _ = prefix_of(first_lines(head))
    prefix = PREFIXES[name or "stamp"]
    pattern = prefix.pattern.replace(f"(?P<{prefix.writer}>", "(?P<WRITER>")
    pattern = re.sub(r"\(\?P<[a-z_0-9]+>", "(?:", pattern).replace("(?P<WRITER>", "(")
    line = re.compile(pattern.encode(), re.MULTILINE)
    is_cri = "goes_on" in prefix.groups
    writer = re.compile(rb"^\S+ (stdout|stderr) ", re.MULTILINE) if is_cri else None
    wrapping = Wrapping(line, writer=writer, marks_split=is_cri)
    parser = WrappedParser(PrefixParser(prefix, settings), settings, wrapping)
    if prefix.writer in ("", "goes_on"):
        parser.know("", _without(name or "stamp", head).decode().splitlines())
    return parser


TRACE = (
    "Traceback (most recent call last):", '  File "/app/api.py", line 7, in predict', "    x()", "",
    "During handling of the above exception, another exception occurred:", "",
    "Traceback (most recent call last):", '  File "/app/api.py", line 9, in predict', "KeyError: 'age'",
)  # fmt: skip
LINES = (
    ("web", "2026-11-20 09:00:00,123 ERROR app.api: failed request_id=r2"),
    *(("web", line) for line in TRACE),
    (
        "proxy",
        '192.0.2.1 - - [20/Nov/2026:09:00:01 +0000] "POST /v1/predict HTTP/1.1" 500 12 "-" "curl/8"',
    ),
    ("web", "2026-11-20 09:00:02,123 INFO app.api: ok"),
    ("pay", '{"level":"error","msg":"declined","service":"billing"}'),
    ("pay", "panic: out of memory"),
)
"""What three containers write, one of them in two ways."""
EXPECTED = [
    {
        "line": 1,
        "severity": "ERROR",
        "request_id": "r2",
        "exception_type": "KeyError",
        "exception_frame": "/app/api.py:9 in predict",
        "message": "failed request_id=r2",
        "timestamp": "2026-11-20T09:00:00.123000Z",
        "source_format": "python_logging",
    },
    {
        "line": 11,
        "http_status": 500,
        "url_path": "/v1/predict",
        "client_ip": "192.0.2.1",
        "source_format": "nginx_access",
    },
    {"line": 12, "severity": "INFO", "message": "ok"},
    {
        "line": 13,
        "severity": "ERROR",
        "message": "declined",
        "service": "billing",
        "source_format": "jsonl",
    },
    {"line": 14, "message": "panic: out of memory", "source_format": "text"},
]


def _sample(name: str, prefix: str, **more: object) -> Sample:
    """The lines behind a prefix, whose {w} is the container, {i} its instance and {n} the second."""
    text = "".join(
        f"{prefix.format(w=w, i=w + '-1', n=f'{n:02}')}{line}\n"
        for n, (w, line) in enumerate(LINES)
    )
    return Sample(text, [{**row, **more} for row in EXPECTED], name=name)


SAMPLES = [
    _sample("docker compose, in colour", "\x1b[36m{i:<7}  | \x1b[0m"),
    _sample("docker compose --timestamps", "{i:<7}  | 2026-11-20T09:01:{n}.123456789Z "),
    _sample("kubectl logs --prefix", "[pod/{w}-6d4b75cb6d-hx2kp/{w}] "),
    _sample("stern", "{w}-6d4b75cb6d-hx2kp {w} ", k8s_namespace=None),
    _sample("aws logs tail", "2026-11-20T09:01:{n}.123000+00:00 ecs/{w}/0123456789abcdef0123456789abcdef "),
    Sample(
        "Attaching to web-1\nweb-1  | INFO:     192.0.2.1:5 - \"GET /x HTTP/1.1\" 200 OK\n"
        "web-1  | INFO:     Application startup complete.\n" + 7 * "web-1  | INFO:     ready\n"
        + "web-1 exited with code 1\n",
        [{"message": "Attaching to web-1", "service": None},
         {"http_status": 200, "url_path": "/x", "service": "web", "service_instance": "web-1",
          "source_format": "uvicorn_access"},
         {"message": "Application startup complete.", "severity": "INFO", "source_format": "python_logging"},
         *7 * [{"message": "ready"}], {"message": "web-1 exited with code 1"}],
        name="two formats of one container, and what docker compose says itself",
    ),
    Sample(
        '2026-11-20T09:00:00Z {app="web", namespace="shop", pod="web-1"} level=error msg=late\n'
        '2026-11-20T09:00:01Z {app="web", namespace="shop", pod="web-1"} level=info msg=ready\n',
        [{"timestamp": "2026-11-20T09:00:00Z", "service": "web", "k8s_namespace": "shop", "k8s_pod": "web-1",
          "severity": "ERROR", "message": "late"}, {"message": "ready"}],
        name="logcli",
    ),
    Sample(
        "2026-11-20 09:00:00,101\tINFO worker.py:1821 -- Started a local Ray instance.\n"
        "\x1b[36m(ServeController pid=42)\x1b[0m INFO 2026-11-20 09:00:01,456 controller 42 -- Deploying.\n"
        + "".join(
            f"(ServeReplica:default:Model pid=43, ip=192.0.2.10) {line}\n"
            for line in (
                "ERROR 2026-11-20 09:00:03,300 default_Model ab12cd 7f6d0e5b-7d9c-4b1e-8f3e-2b9b1b7f8f11 -- Failed.",
                *TRACE,
            )
        )
        + "(pid=45) [ERROR] old\n(train_fn pid=44) epoch 2 loss=0.4 [repeated 3x across cluster]\n"
        "(raylet) [2026-11-20 09:00:09,001 E 31 44] (raylet) node_manager.cc:3010: 1 Workers killed\n",
        [{"logger": "worker.py", "message": "Started a local Ray instance.", "thread": None},
         {"thread": "ServeController", "process_id": 42, "logger": "controller", "severity": "INFO",
          "timestamp": "2026-11-20T09:00:01.456000Z", "message": "Deploying."},
         {"line": 3, "process_id": 43, "attributes.ip": "192.0.2.10", "exception_type": "KeyError",
          "request_id": "7f6d0e5b-7d9c-4b1e-8f3e-2b9b1b7f8f11", "logger": "default_Model", "severity": "ERROR"},
         {"thread": None, "process_id": 45, "severity": "ERROR"},
         {"thread": "train_fn", "attributes.loss": 0.4, "timestamp": None},
         {"severity": "ERROR", "timestamp": "2026-11-20T09:00:09.001000Z"}],
        name="Ray's driver, its workers and Ray Serve",
    ),
    Sample(
        "2026-11-20T09:00:00.123456789Z INFO:app.db:ready\n2026-11-20T09:00:01.123456789Z ERROR:app.db:lost\n",
        [{"timestamp": "2026-11-20T09:00:00.123456Z", "severity": "INFO", "logger": "app.db", "message": "ready"},
         {"severity": "ERROR"}],
        name="docker logs --timestamps",
    ),
    Sample(
        '2026-11-20T09:00:00+00:00\tkube.web\t{"log":"[ERROR] late\\n","stream":"stderr","container_name":"/web"}\n'
        '2026-11-20T09:00:01+00:00\tkube.web\t{"log":"[INFO] ready\\n","stream":"stderr","container_name":"/web"}\n',
        [{"timestamp": "2026-11-20T09:00:00Z", "severity": "ERROR", "message": "late",
          "attributes.tag": "kube.web", "attributes.stream": "stderr"}, {"message": "ready"}],
        name="fluentd",
    ),
    Sample(
        '2026-11-20T09:00:00.123456789Z stdout F {"level":"info","msg":"inner"}\n'
        '2026-11-20T09:00:01.123456789Z stderr P {"level":"error","ms\n'
        '2026-11-20T09:00:01.223456789Z stderr F g":"split"}\n',
        [
            {"timestamp": "2026-11-20T09:00:00.123456Z", "message": "inner", "source_format": "jsonl"},
            {"message": "split", "severity": "ERROR", "attributes.stream": "stderr"},
        ],
        name="Kubernetes CRI, a line split in two",
    ),
    Sample(
        "".join(
            f"2026-11-20T09:00:0{second}.5Z {stream} F {line}\n"
            for second, stream, line in (
                (0, "stdout", 'INFO:     192.0.2.4:31842 - "POST /v1/predict HTTP/1.1" 200 OK'),
                (
                    1,
                    "stdout",
                    'INFO:     192.0.2.4:31842 - "POST /v1/predict HTTP/1.1" 500 Internal Server Error',
                ),
                (1, "stderr", "ERROR:    Exception in ASGI application"),
                (1, "stderr", "Traceback (most recent call last):"),
                (1, "stderr", '  File "/app/features.py", line 41, in build'),
                (1, "stderr", "    return row[name]"),
                (1, "stderr", "KeyError: 'age'"),
                (2, "stdout", "warming up"),
            )
        ),
        [
            {
                "http_status": 200,
                "url_path": "/v1/predict",
                "timestamp": "2026-11-20T09:00:00.500000Z",
            },
            {"http_status": 500, "exception_type": None},
            {
                "severity": "ERROR",
                "message": "Exception in ASGI application",
                "exception_type": "KeyError",
                "exception_frame": "/app/features.py:41 in build",
                "timestamp": "2026-11-20T09:00:01.500000Z",
                "attributes.stream": "stderr",
            },
            {"message": "warming up", "timestamp": "2026-11-20T09:00:02.500000Z"},
        ],
        name="a container's access lines with a traceback between them",
    ),
]  # fmt: skip
