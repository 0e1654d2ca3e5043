"""Samples of layouts that once were read wrong, each named after what was seen."""

from __future__ import annotations

from clew.model.case import Sample

TRACE = 'Traceback (most recent call last):\n  File "/app/api.py", line 7, in predict\n    x\n'
LAYOUT_SAMPLES = [
    Sample(
        "INFO 2025-11-20 09:00:01,456 controller 4242 -- Deploying.\n"
        "INFO 2025-11-20 09:00:03,200 default_Model ab12cd 7f6d0e5b-7d9c-4b1e-8f3e-2b9b1b7f8f12 -- POST /v1/x 500 "
        "12.5ms\n",
        [
            {"logger": "controller", "message": "Deploying.", "timestamp": "2025-11-20T09:00:01.456000Z"},
            {
                "logger": "default_Model",
                "request_id": "7f6d0e5b-7d9c-4b1e-8f3e-2b9b1b7f8f12",
                "http_status": 500,
                "url_path": "/v1/x",
                "duration_ms": 12.5,
            },
        ],
        name="Ray Serve",
    ),
    Sample(
        "Performing system checks...\n\nSystem check identified no issues (0 silenced).\n"
        "Quit the server with CONTROL-C.\nWARNING: This is a development server.\n"
        '[20/Nov/2025 09:00:00] "GET /ok HTTP/1.1" 200 2\n[20/Nov/2025 09:00:01] "GET /no HTTP/1.1" 404 179\n',
        [
            {"line": 1, "source_format": "text", "severity": None, "timestamp": None},
            {"line": 5, "severity": "WARN", "source_format": "python_logging"},
            {"http_status": 200, "url_path": "/ok"},
            {"http_status": 404},
        ],
        name="what Django's server prints first was a reject",
    ),
    Sample(
        "2025-11-20 09:00:00.433 | ERROR    | __main__:lo:75 - failed\nTraceback (most recent call last):\n\n"
        '  File "/app/w.py", line 73, in lo\n    try: {}["age"]\n\nKeyError: \'age\'\n\n\n'
        "The above exception was the direct cause of the following exception:\n\n\n"
        "Traceback (most recent call last):\n\n"
        '  File "/app/w.py", line 79, in <module>\n    lo()\n    └ <function lo at 0x7f61d47a9300>\n\n'
        '> File "/app/w.py", line 74, in lo\n    raise ValueError("bad") from e\n\nValueError: bad input\n'
        "2025-11-20 09:00:01.433 | INFO     | __main__:lo:76 - next\n",
        [
            {
                "message": "failed",
                "exception_type": "ValueError",
                "exception_message": "bad input",
                "exception_frame": "/app/w.py:74 in lo",
            },
            {"message": "next"},
        ],
        name="the second traceback of loguru's chain was an event of its own",
    ),
    Sample(
        "\x1b[32m2025-11-20 09:00:00.477\x1b[0m | \x1b[31m\x1b[1mERROR   \x1b[0m | \x1b[36m__main__\x1b[0m:"
        "\x1b[36mlo\x1b[0m:\x1b[36m75\x1b[0m - \x1b[31m\x1b[1mfailed\x1b[0m\n"
        "\x1b[33m\x1b[1mTraceback (most recent call last):\x1b[0m\n\n"
        '  File "\x1b[32m/app/\x1b[0m\x1b[32m\x1b[1mw.py\x1b[0m", line \x1b[33m73\x1b[0m, in \x1b[35mlo\x1b[0m\n'
        "    \x1b[1mx\x1b[0m\n\n\x1b[31m\x1b[1mKeyError\x1b[0m:\x1b[1m 'age'\x1b[0m\n\n\n"
        "\x1b[1mThe above exception was the direct cause of the following exception:\x1b[0m\n\n\n"
        "\x1b[33m\x1b[1mTraceback (most recent call last):\x1b[0m\n\n"
        '  File "\x1b[32m/app/\x1b[0m\x1b[32m\x1b[1mw.py\x1b[0m", line \x1b[33m79\x1b[0m, in \x1b[35mrun\x1b[0m\n'
        "    \x1b[1mx\x1b[0m\n\n\x1b[31m\x1b[1mValueError\x1b[0m:\x1b[1m bad input\x1b[0m\n"
        "\x1b[32m2025-11-20 09:00:01.477\x1b[0m | \x1b[1mINFO    \x1b[0m | \x1b[36m__main__\x1b[0m:"
        "\x1b[36mlo\x1b[0m:\x1b[36m76\x1b[0m - \x1b[1mnext\x1b[0m\n",
        [
            {"message": "failed", "exception_type": "ValueError", "exception_frame": "/app/w.py:79 in run"},
            {"message": "next"},
        ],
        name="a traceback in loguru's colours was several events and rejects",
    ),
    Sample(
        "2025-11-20 09:00:00,123 [ERROR] app.api (api.py:42) no model\n"
        "2025-11-20 09:00:01,123 [INFO] app.api (api.py:43) ready\n"
        "[2025-11-20 09:00:02,123] [31] [INFO] app.api: done\n",
        [
            {"logger": "app.api", "message": "no model", "severity": "ERROR"},
            {"logger": "app.api", "message": "ready"},
            {"logger": "app.api", "process_id": 31, "message": "done"},
        ],
        name="loggers with a file behind them, or behind a process",
    ),
    Sample(
        "2025-11-20 09:00:00,123 INFO app.train: start\n"
        "\r  0%|          | 0/2 [00:00<?, ?it/s]\r 50%|#####     | 1/2 [00:01<00:01,  1.00s/it]"
        "2025-11-20 09:00:12,123 ERROR app.train: lost\n"
        "\r100%|##########| 2/2 [00:02<00:00,  1.00s/it]\n2025-11-20 09:00:13,123 INFO app.train: end\n",
        [
            {"message": "start"},
            {"line": 2, "message": "lost\n100%|##########| 2/2 [00:02<00:00,  1.00s/it]", "severity": "ERROR"},
            {"line": 4, "message": "end"},
        ],
        name="a line of the log behind a progress bar was lost",
    ),
    Sample(
        "2026-11-20T09:00:01,456 [WARN ] W-9000-fraud_1.0 org.pytorch.serve.wlm.WorkerThread - Backend worker "
        "thread exception.\njava.lang.IllegalStateException: no model\n"
        "\tat org.pytorch.serve.wlm.WorkerThread.run(WorkerThread.java:214)\n"
        "2026-11-20T09:00:03,001 [INFO ] epollEventLoopGroup-3-1 ACCESS_LOG - /192.0.2.3:55398 "
        '"POST /predictions/fraud HTTP/1.1" 500 12\n',
        [
            {
                "thread": "W-9000-fraud_1.0",
                "logger": "org.pytorch.serve.wlm.WorkerThread",
                "severity": "WARN",
                "message": "Backend worker thread exception.",
                "exception_type": "java.lang.IllegalStateException",
            },
            {"logger": "ACCESS_LOG", "url_path": "/predictions/fraud", "http_status": 500},
        ],
        name="TorchServe",
    ),
    Sample(
        "2026-11-20T09:00:00.5Z [error    ] score failed                   [scoring.api] request_id=r-1\n"
        "2026-11-20T09:00:01.5Z [info     ] done\n",
        [{"timestamp": "2026-11-20T09:00:00.500000Z", "severity": "ERROR", "logger": "scoring.api",
          "message": "score failed                   [scoring.api] request_id=r-1", "request_id": "r-1"},
         {"message": "done", "logger": None}],
        name="structlog's console names its logger behind the message",
    ),
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
    Sample(
        "2026-11-20T09:00:00.123Z  INFO 12 --- [pay] [           main] c.e.pay.Application         : Started\n"
        "2026-11-20T09:00:01.123Z ERROR 12 --- [pay] [nio-8080-exec-1] c.e.pay.Api : failed\n\n"
        "java.lang.IllegalStateException: no model\n\tat com.example.S.run(S.java:4)\n",
        [
            {"process_id": 12, "thread": "main", "logger": "c.e.pay.Application", "message": "Started"},
            {"logger": "c.e.pay.Api", "message": "failed", "severity": "ERROR",
             "exception_type": "java.lang.IllegalStateException"},
        ],
        name="Spring Boot",
    ),
    Sample(
        "09:00:00.123 [main] INFO  c.e.App - Started\n09:00:01.123 [http-1] ERROR c.e.App - failed\n",
        [{"logger": "c.e.App", "thread": "main", "message": "Started"}, {"severity": "ERROR"}],
        name="Logback's default",
    ),
    Sample(
        "[2026-11-20 09:00:00,123][train][INFO] - epoch 1\n[2026-11-20 09:00:01,123][train][ERROR] - no data\n",
        [{"logger": "train", "message": "epoch 1"}, {"severity": "ERROR", "message": "no data"}],
        name="Hydra",
    ),
    Sample(
        "I, [2026-11-20T09:00:00.123456 #31]  INFO -- : up\nE, [2026-11-20T09:00:01.123456 #31] ERROR -- web: down\n",
        [{"timestamp": "2026-11-20T09:00:00.123456Z", "process_id": 31, "message": "up", "logger": None},
         {"severity": "ERROR", "logger": "web"}],
        name="Ruby's logger",
    ),
    Sample(
        "2026-11-20 09:00:00.123 UTC [513] app@shop ERROR:  relation \"carts\" does not exist\n"
        "2026-11-20 09:00:00.123 UTC [513] app@shop STATEMENT:  select * from carts\n"
        "2026-11-20 09:00:02.123 UTC [1] LOG:  checkpoint starting\n",
        [{"severity": "ERROR", "process_id": 513, "message": "relation \"carts\" does not exist"},
         {"severity": None, "message": "select * from carts"}, {"severity": "INFO"}],
        name="PostgreSQL",
    ),
    Sample(
        "2026/11/20 09:00:00 INFO started port=8080\n2026/11/20 09:00:01 ERROR failed err=\"no model\"\n",
        [{"timestamp": "2026-11-20T09:00:00Z", "message": "started port=8080"},
         {"severity": "ERROR", "exception_message": "no model"}],
        name="Go's slog by default",
    ),
    Sample(
        '2026-11-20T09:00:00.123Z\tINFO\tcmd/main.go:30\tstarted\n2026-11-20T09:00:01.123Z\tERROR\tpay\t'
        'pay/pay.go:5\tfailed\t{"n": 1}\nmain.charge\n\t/app/pay/pay.go:5\n',
        [{"message": "started", "logger": None},
         {"severity": "ERROR", "logger": "pay",
          "message": 'failed\t{"n": 1}\nmain.charge\n\t/app/pay/pay.go:5'}],
        name="zap's console",
    ),
    Sample(
        "2026-11-20 09:00:00,123 ERROR [app.db] [db.py:30] [trace_id=0af7651916cd43dd8448eb211c80319c "
        "span_id=b7ad6b7169203331 resource.service.name=pay trace_sampled=True] - failed\n",
        [{"trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331", "service": "pay",
          "message": "failed", "attributes.trace_sampled": "True", "thread": None}],
        name="OpenTelemetry's format for logging kept a bracket in its last value",
    ),
    Sample(
        "2026-11-20 09:00:00,123 [31] [ERROR] app.db: failed\n",
        [{"process_id": 31, "logger": "app.db", "message": "failed"}],
        name="a process before the level",
    ),
    Sample(
        "09:00:00 - LiteLLM Proxy:INFO: proxy_server.py:12 - up\n"
        "\x1b[92m09:00:01 - LiteLLM Proxy:ERROR\x1b[0m: a.py:2 - down\n",
        [{"logger": "LiteLLM Proxy", "message": "up", "timestamp": None},
         {"severity": "ERROR", "message": "down"}],
        name="LiteLLM's proxy",
    ),
    Sample(
        "[09:00:00.123] INFO (pay/31): ready\n[09:00:01.123] ERROR (pay/31): failed\n    err: {}\n",
        [{"logger": "pay", "process_id": 31, "message": "ready"},
         {"severity": "ERROR", "message": "failed\n    err: {}"}],
        name="pino-pretty",
    ),
    Sample(
        "info: up\nerror: down\n",
        [{"severity": "INFO", "message": "up"}, {"severity": "ERROR", "message": "down"}],
        name="winston's lines ran into the line before",
    ),
    Sample(
        "2026-11-20 09:00:00.008 31 ERROR nova.compute.manager [req-38101a0b-2096-447d-96ea-a692162415ae u1] failed\n",
        [{"process_id": 31, "logger": "nova.compute.manager",
          "request_id": "req-38101a0b-2096-447d-96ea-a692162415ae"}],
        name="oslo.log",
    ),
    Sample(
        "[2026-11-20T09:00:00,123][INFO ][o.e.n.Node               ] [node-1] started\n",
        [{"severity": "INFO", "logger": "o.e.n.Node", "message": "[node-1] started"}],
        name="Elasticsearch",
    ),
    Sample(
        "2026-11-20 09:00:01,123\tERROR services.py:1330 -- failed\n",
        [{"severity": "ERROR", "logger": "services.py", "message": "failed"}],
        name="Ray",
    ),
    Sample(
        "2026-11-20T09:00:00.123456Z  INFO request{method=GET path=/v1/x}: api::http: finished latency=12 ms "
        "status=200\n2026-11-20T09:00:01Z ERROR api: failed [shard=7] list=[1] call=f(x)\n",
        [{"http_method": "GET", "url_path": "/v1/x", "duration_ms": 12.0, "http_status": 200},
         {"attributes.shard": 7, "attributes.list": "[1]", "attributes.call": "f(x)"}],
        name="a bracket that closes behind a value, and a unit behind a space, as Rust's tracing writes them",
    ),
    Sample(
        "26/11/20 09:00:00 INFO SparkContext: started\n26/11/20 09:00:01 ERROR Executor: Exception in task 0.0\n"
        "java.io.IOException: no space\n\tat a.B.run(B.scala:3)\n",
        [{"timestamp": "2026-11-20T09:00:00Z", "logger": "SparkContext", "message": "started"},
         {"severity": "ERROR", "exception_type": "java.io.IOException", "message": "Exception in task 0.0"}],
        name="Spark",
    ),
    Sample(
        "1:M 20 Nov 2026 09:00:00.123 * Ready\n1:M 20 Nov 2026 09:00:01.123 # Out of memory\n",
        [{"timestamp": "2026-11-20T09:00:00.123000Z", "severity": "INFO", "process_id": 1, "message": "Ready"},
         {"severity": "WARN", "message": "Out of memory"}],
        name="Redis",
    ),
    Sample(
        "2026-11-20T09:00:00.123456Z 8 [Warning] [MY-013360] [Server] Plugin deprecated\n"
        "2026-11-20T09:00:01.123456Z 0 [ERROR] [MY-010119] [Server] Aborting\n",
        [{"severity": "WARN", "logger": "MY-013360", "thread": "8", "message": "Plugin deprecated"},
         {"severity": "ERROR"}],
        name="MySQL",
    ),
    Sample(
        "2026-11-20T09:00:00.123+0000 I  NETWORK  [conn1] accepted\n"
        "2026-11-20T09:00:01.123+0000 E  QUERY    [conn1] failed\n",
        [{"severity": "INFO", "logger": "NETWORK", "thread": "conn1", "message": "accepted"}, {"severity": "ERROR"}],
        name="MongoDB's text",
    ),
    Sample(
        "[2026-11-20T09:00:00Z INFO  app::server] ready\n[2026-11-20T09:00:01Z ERROR app::db] lost\n",
        [{"logger": "app::server", "message": "ready"}, {"severity": "ERROR", "logger": "app::db"}],
        name="Rust's env_logger",
    ),
    Sample(
        "2026-11-20 09:00:00.123 +00:00 [INF] ready\n2026-11-20 09:00:01.123 +00:00 [ERR] lost\n",
        [{"severity": "INFO", "message": "ready"}, {"severity": "ERROR", "timestamp": "2026-11-20T09:00:01.123000Z"}],
        name="Serilog",
    ),
    Sample(
        "info: Microsoft.Hosting.Lifetime[14]\n      Now listening\nfail: App.Api[13]\n      no age\n      for u-1\n",
        [{"severity": "INFO", "logger": "Microsoft.Hosting.Lifetime", "message": "Now listening"},
         {"severity": "ERROR", "logger": "App.Api", "message": "no age\nfor u-1"}],
        name=".NET's console",
    ),
    Sample(
        "[09:00:00 INF] ready\n[09:00:01 ERR] lost\nSystem.Exception: no\n   at A.B() in /x.cs:line 3\n",
        [{"severity": "INFO", "message": "ready", "timestamp": None}, {"severity": "ERROR", "line": 2}],
        name="Serilog's console",
    ),
    Sample(
        "[2026-11-20 09:00:00 TP0] Load weight begin.\n[2026-11-20 09:00:01 DP1 TP0] Decode batch.\n"
        "[2026-11-20 09:00:02] server_args=none ERROR late\n",
        [{"timestamp": "2026-11-20T09:00:00Z", "thread": "TP0", "message": "Load weight begin."},
         {"thread": "DP1 TP0"}, {"thread": None, "severity": "ERROR"}],
        name="SGLang",
    ),
    Sample(
        "2026/11/20 09:00:00 listening on :8080\n2026/11/20 09:00:01 main.go:23: dial: connection refused\n"
        "2026/11/20 09:00:02 http: panic serving 192.0.2.1:5: nil map\ngoroutine 12 [running]:\nmain.f()\n",
        [{"timestamp": "2026-11-20T09:00:00Z", "message": "listening on :8080"},
         {"logger": "main.go", "message": "dial: connection refused", "severity": None},
         {"severity": "ERROR", "line": 3}],
        name="Go's log package",
    ),
    Sample(
        "2026-11-20 09:00:00,123\tINFO services.py:1330 -- started\n"
        "[2026-11-20 09:00:01,123 E 31 44] (raylet) node_manager.cc:3010: 1 Workers killed\n",
        [{"logger": "services.py", "message": "started"},
         {"severity": "ERROR", "logger": "node_manager.cc", "process_id": 31, "message": "1 Workers killed"}],
        name="Ray's own processes",
    ),
]  # fmt: skip
