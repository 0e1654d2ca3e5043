"""The log of a vLLM server: requests received, the engine's throughput, its own words.

Reads     `(APIServer pid=7) INFO 11-20 09:00:00 [loggers.py:273] ...`, with and without the process
Returns   a received request is an AI call with its prompt and settings; the engine's figures are
          attributes of a log record
Units     throughputs are tokens a second, shares 0 to 1; times are in the zone of the settings, their
          year is the file's
Blind to  tokens and duration of a call: the log does not state them
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from clew.formats import Lines, Settings
from clew.formats._fields import quoted
from clew.formats._messages import RAISED
from clew.formats._severity import severity_sql
from clew.formats._starts import text_begins
from clew.formats._time import iso_sql
from clew.formats._traceback import COLUMNS, exception_struct_sql
from clew.model.case import Sample

LINE = (
    r"^(?:\((\w+)[^()]* pid=([0-9]+)\) )?"  # (APIServer pid=5150)
    r"(DEBUG|INFO|WARNING|ERROR|CRITICAL) ([0-9]{2}-[0-9]{2}) ([0-9:]{8}) "  # INFO 07-14 21:33:52
    r"\[?([\w./]+\.py:[0-9]+)\]? ((?s).*)$"  # [loggers.py:273] the sentence
)
NAMES = "['process', 'pid', 'level', 'day', 'clock', 'place', 'said']"
RECEIVED = r"^Received request ([^:\s]+):"
FIGURES = {
    "prompt_tokens_per_s": (r"prompt throughput: ([0-9.]+)", 1.0),
    "generation_tokens_per_s": (r"generation throughput: ([0-9.]+)", 1.0),
    "running_requests": (r"Running: ([0-9]+)", 1.0),
    "waiting_requests": (r"Waiting: ([0-9]+)", 1.0),
    "kv_cache_share": (r"KV cache usage: ([0-9.]+)%", 0.01),
    "prefix_hit_share": (r"[Pp]refix cache hit rate: (?:GPU: )?([0-9.]+)%", 0.01),
}
LEVELS = (b"DEBUG ", b"INFO ", b"WARNING ", b"ERROR ", b"CRITICAL ", b"(")

BEFORE = re.compile(
    rb"^(\(\w+[^()\n]* pid=[0-9]+\) )?(DEBUG|INFO|WARNING|ERROR|CRITICAL) [0-9]{2}-[0-9]{2} [0-9:]{8} "
    rb"(\[?[\w./]+\.py:[0-9]+\]?) ",
    re.MULTILINE,
)
"""What stands before each line of a message of several."""
TRACEBACK = rb"Traceback \(most recent call last"
HAS_STACK = "contains(m.said, 'Traceback (most recent call last)')"
ACCESS = b"INFO:     "
"""Before the address of a request that the server's uvicorn logs; such a line is read as uvicorn's."""


@dataclass(slots=True)
class VllmParser:
    """Parses records that begin with a level and a day."""

    settings: Settings

    def heads(self, lines: Lines) -> NDArray[np.bool_]:
        """Lines with a level or a process; what stands between them belongs to the one before."""
        found = np.zeros(len(lines.starts), dtype=np.bool_)
        for level in LEVELS:
            found |= lines.begins_with(level)
        found |= lines.begins_with(ACCESS) & lines.digits(len(ACCESS))
        return found & ~_go_on(lines)

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        at = f"{self.settings.year} || '-' || m.day || ' ' || m.clock"
        is_call = f"regexp_matches(m.said, {quoted(RECEIVED)})"

        def asked(pattern: str, kind: str = "DOUBLE") -> str:
            found = f"nullif(regexp_extract(m.said, {quoted(pattern)}, 1), '')"
            return f"CASE WHEN {is_call} THEN try_cast({found} AS {kind}) END"

        figures = ", ".join(
            f"{quoted(name)}, try_cast(regexp_extract(m.said, {quoted(pattern)}, 1) AS DOUBLE) * {scale}"
            for name, (pattern, scale) in FIGURES.items()
        )
        columns = {
            "timestamp": iso_sql(at, self.settings),
            "timestamp_text": "m.day || ' ' || m.clock",
            "severity": severity_sql("m.level"),
            "logger": "m.place",
            "process_id": "try_cast(m.pid AS BIGINT)",
            "thread": "nullif(m.process, '')",
            "message": f"CASE WHEN {HAS_STACK} THEN coalesce(nullif(rtrim(split_part(m.said, 'Traceback (most', 1), "
            f"': ' || chr(10)), ''), {RAISED}) ELSE m.said END",
            **{name: f"raised.{name}" for name in COLUMNS},
            "provider": f"CASE WHEN {is_call} THEN 'vllm' END",
            "request_id": f"nullif(regexp_extract(m.said, {quoted(RECEIVED)}, 1), '')",
            "operation": f"CASE WHEN {is_call} THEN CASE WHEN contains(m.said, 'chatcmpl') "
            "THEN 'chat' ELSE 'text_completion' END END",
            "prompt": asked(r"prompt: (?:'((?s:.*?))'|\"(?s:.*?)\"), params:", "VARCHAR"),
            "max_tokens": asked(r"\bmax_tokens=([0-9]+)", "BIGINT"),
            "temperature": asked(r"\btemperature=([0-9.]+)"),
            "top_p": asked(r"\btop_p=([0-9.]+)"),
            "top_k": asked(r"\btop_k=([0-9]+)"),
            "seed": asked(r"\bseed=([0-9]+)", "BIGINT"),
            "choice_count": asked(r"SamplingParams\(n=([0-9]+)", "BIGINT"),
            "attributes": "CASE WHEN contains(m.said, 'throughput:') THEN nullif(json_merge_patch("
            f"'{{}}'::JSON, json_object({figures}))::VARCHAR, '{{}}') END",
        }
        again = quoted(
            "(?m)" + BEFORE.pattern.decode().replace("(DEBUG", "(?:DEBUG").replace("^", "\\n", 1)
        )
        whole = f"CASE WHEN contains(text, chr(10)) THEN regexp_replace(text, {again}, chr(10), 'g') ELSE text END"
        stack = f"CASE WHEN {HAS_STACK} THEN m.said END"
        picked = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
        return (
            "SELECT line, byte_offset, CASE WHEN m.said = '' THEN 'not a line of vLLM''s log' END AS "
            f"reject, {picked} FROM (SELECT *, {exception_struct_sql(stack)} AS raised FROM "
            f"(SELECT *, regexp_extract({whole}, {quoted(LINE)}, {NAMES}) AS m FROM {records}))"
        )


def _go_on(lines: Lines) -> NDArray[np.bool_]:
    """Lines of a traceback, each of which vLLM writes with all that stands before the first one."""
    goes_on = np.zeros(len(lines.starts), dtype=np.bool_)
    if not re.search(TRACEBACK, lines.text.data):
        return goes_on
    known: dict[tuple[bytes, ...], int] = {}
    found = [
        (m.start(), m.end(), known.setdefault(m.groups(), len(known)))
        for m in BEFORE.finditer(lines.text.data)
    ]
    begin, end, writer = np.array(found, dtype=np.int64).reshape(-1, 3).T
    places = np.searchsorted(lines.starts, begin)
    begins = text_begins(Lines(lines.text, end, lines.ends[places]))
    is_next = (np.diff(places) == 1) & (np.diff(writer) == 0)
    goes_on[places[1:]] = ~begins[1:] & is_next
    return goes_on


def sniff(head: bytes) -> float:
    """Share of the first lines that are vLLM's own, with marks that only it leaves."""
    text = head[:65_536].decode(errors="replace")
    levels = tuple(level.decode() for level in LEVELS)
    lines = [line for line in text.split("\n")[:200] if line.startswith(levels)]
    own = sum(re.match(LINE.replace("(?s)", ""), line) is not None for line in lines)
    return 0.96 * own / len(lines) if own else 0.0


def parse(head: bytes, settings: Settings) -> VllmParser:
    """A parser of the server's log."""
    return VllmParser(settings)


_WORKER = "(Worker_TP0 pid=78) ERROR 11-20 09:00:02 [multiproc_executor.py:390] "
SAMPLES = [
    Sample(
        "INFO 11-20 09:00:00 [core.py:61] Initializing\n"
        f"{_WORKER}WorkerProc hit an exception.\n{_WORKER}Traceback (most recent call last):\n"
        f'{_WORKER}  File "/app/w.py", line 3, in f\n{_WORKER}    x()\n'
        f"{_WORKER}torch.OutOfMemoryError: CUDA out of memory.\n"
        "ERROR 11-20 09:00:03 [core.py:343] EngineCore hit an exception: Traceback (most recent call last):\n"
        'ERROR 11-20 09:00:03 [core.py:343]   File "/app/c.py", line 4, in run\n'
        "ERROR 11-20 09:00:04 [core.py:343] ValueError: no cache\n"
        "ERROR 11-20 09:00:04 [core.py:399] closed\n",
        [
            {"message": "Initializing", "exception_type": None},
            {"line": 2, "message": "WorkerProc hit an exception.", "thread": "Worker_TP0", "process_id": 78,
             "exception_type": "torch.OutOfMemoryError", "exception_message": "CUDA out of memory.",
             "exception_frame": "/app/w.py:3 in f"},
            {"line": 7, "message": "EngineCore hit an exception", "exception_type": "ValueError",
             "exception_frame": "/app/c.py:4 in run"},
            {"line": 10, "message": "closed"},
        ],
        name="tracebacks with the line's beginning on each of their lines",
    ),
    Sample(
        "(APIServer pid=5150) INFO 07-14 21:33:51 [logger.py:43] Received request chatcmpl-1: prompt: 'Name "
        "a colour.', "
        "params: SamplingParams(n=1, presence_penalty=0.0, temperature=0.7, top_p=0.9, seed=7, max_tokens=100)\n"
        "(APIServer pid=5150) INFO 07-14 21:33:52 [loggers.py:273] Engine 000: Avg prompt throughput: 1546.5 tokens/s, "
        "Avg generation throughput: 3.3 tokens/s, Running: 1 reqs, Waiting: 0 reqs, GPU KV cache usage: 3.0%, "
        "Prefix cache hit rate: 48.4%\n"
        "ERROR 07-14 21:33:53 [async_llm.py:419] EngineCore died\n  File \"x\"\n"
        'INFO:     192.0.2.5:51234 - "POST /v1/chat/completions HTTP/1.1" 200 OK\n',
        [
            {"timestamp": "2026-07-14T21:33:51Z", "provider": "vllm", "request_id": "chatcmpl-1", "operation": "chat",
             "prompt": "Name a colour.", "max_tokens": 100, "temperature": 0.7, "top_p": 0.9, "seed": 7,
             "choice_count": 1, "process_id": 5150},
            {"attributes.prompt_tokens_per_s": 1546.5, "attributes.running_requests": 1.0,
             "attributes.kv_cache_share": 0.03, "provider": None, "logger": "loggers.py:273"},
            {"severity": "ERROR", "message": 'EngineCore died\n  File "x"'},
            {"client_ip": "192.0.2.5", "url_path": "/v1/chat/completions", "http_status": 200},
        ],
        name="a request, the engine's figures, an error",
    )
]  # fmt: skip
