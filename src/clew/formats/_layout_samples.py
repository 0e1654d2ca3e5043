"""Samples of layouts that once were read wrong, each named after what was seen."""

from __future__ import annotations

from clew.model.case import Sample

TRACE = 'Traceback (most recent call last):\n  File "/app/api.py", line 7, in predict\n    x\n'
LAYOUT_SAMPLES = [
    Sample(
        "2026-11-20 09:00:00 [info     ] loaded                         model=fraud-v3\n"
        "2026-11-20 09:00:01 [error    ] prediction failed              request_id=req-77\n"
        "╭──────── Traceback (most recent call last) ────────╮\n"
        "│ /app/api.py:16 in predict                         │\n"
        "│                                                   │\n"
        "│ ❱ 16 │   return features[name]                    │\n"
        "╰───────────────────────────────────────────────────╯\n"
        "KeyError: 'customer age'\n"
        "\x1b[2m2026-11-20 09:00:02\x1b[0m [\x1b[31m\x1b[1merror    \x1b[0m] \x1b[1mfailed\x1b[0m\n"
        "\x1b[31m╭─\x1b[0m\x1b[31m──\x1b[0m \x1b[1;31mTraceback \x1b[0m\x1b[1;2;31m(most recent call last)"
        "\x1b[0m\x1b[31m ─╮\x1b[0m\n"
        "\x1b[31m│\x1b[0m \x1b[2m/app/\x1b[0m\x1b[1mdb.py\x1b[0m:9 in load     \x1b[31m│\x1b[0m\n"
        "\x1b[31m╰─────────────────────────╯\x1b[0m\n"
        "\x1b[1;91mOSError: \x1b[0mgone\n",
        [
            {"severity": "INFO", "message": "loaded                         model=fraud-v3",
             "model": "fraud-v3"},
            {"severity": "ERROR", "exception_type": "KeyError", "exception_message": "'customer age'",
             "exception_frame": "/app/api.py:16 in predict", "request_id": "req-77",
             "message": "prediction failed              request_id=req-77"},
            {"line": 9, "exception_type": "OSError", "exception_frame": "/app/db.py:9 in load"},
        ],
        name="structlog's console: tracebacks that rich drew were lines of text",
    ),
    Sample(
        "[2026-11-20 09:00:00,123] [31] [ERROR] [app.db] a\n",
        [{"logger": "app.db", "process_id": 31, "message": "a"}],
        name="a logger in brackets behind the level stayed in the message",
    ),
    Sample(
        "2026-11-20T09:00:00.123Z [ERROR] app.db - a\n2026-11-20T09:00:01.123Z [INFO] b - c\n",
        [{"logger": "app.db", "message": "a", "severity": "ERROR"}, {"logger": None, "message": "b - c"}],
        name="a logger before a dash stayed in the message",
    ),
    Sample(
        "2026-11-20 09:00:00,123|CRITICAL|app.db|predict|a\nb\n2026-11-20 09:00:01,123|INFO|app|c\n",
        [{"logger": "app.db", "message": "a\nb", "severity": "FATAL"}, {"logger": "app", "message": "c"}],
        name="bars without spaces were text",
    ),
    Sample(
        "2026-11-20 09:00:00,123 ERROR    app.db:34 [31:MainThread] a\n",
        [{"logger": "app.db", "process_id": 31, "thread": "MainThread", "message": "a"}],
        name="process and thread in one bracket stayed in the message",
    ),
    Sample(
        "2026-11-20 09:00:00,123 - app.db - ERROR - api.py:34 - a\n",
        [{"logger": "app.db", "message": "a"}],
        name="a file and line before the message stayed in it",
    ),
    Sample(
        '[21/Nov/2026 10:00:00] "GET /admin/ HTTP/1.1" 200 1234\nNot Found: /favicon.ico\n'
        '[21/Nov/2026 10:00:01] "GET /favicon.ico HTTP/1.1" 404 179\n'
        "Internal Server Error: /v1/score\n" + TRACE + "KeyError: 'age'\n"
        "Forbidden (CSRF cookie not set.): /v1/score\n",
        [
            {"message": '"GET /admin/ HTTP/1.1" 200 1234'},
            {"message": "Not Found: /favicon.ico", "severity": "WARN", "url_path": "/favicon.ico"},
            {"http_status": 404},
            {"line": 4, "severity": "ERROR", "url_path": "/v1/score", "exception_type": "KeyError"},
            {"severity": "WARN", "message": "Forbidden (CSRF cookie not set.): /v1/score"},
        ],
        name="Django's Not Found lines ran into the line before",
    ),
    Sample(
        "Log file created at: 2026/11/21 10:00:00\nRunning on machine: gpu-1\n"
        "Log line format: [IWEF]mmdd hh:mm:ss.uuuuuu threadid file:line] msg\n"
        "I1121 10:00:00.123456       1 server.cc:12] Started\n"
        "E1121 10:00:02.123456 140213 model_manager.cc:1186] failed to load 'bert'\n"
        '"""more of it\n',
        [
            {"line": 4, "timestamp": "2026-11-21T10:00:00.123456Z", "severity": "INFO",
             "logger": "server.cc", "thread": "1", "message": "Started"},
            {"severity": "ERROR", "message": "failed to load 'bert'\n\"\"\"more of it"},
        ],
        name="glog's lines about the file were rejects",
    ),
]  # fmt: skip
