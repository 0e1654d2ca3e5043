"""Samples of JSON that platforms and proxies write, each named after what was once read wrong."""

from __future__ import annotations

from clew.model.case import Sample

PLATFORM_SAMPLES = [
    Sample(
        '{"ts":"2026-11-20T09:00:00Z","msg":"turn","role":"user","content":"two words"}\n'
        '{"ts":"2026-11-20T09:00:01Z","msg":"turn","role":"assistant","content":"an answer"}\n'
        '{"ts":"2026-11-20T09:00:02Z","msg":"turn","role":"admin"}\n',
        [
            {"prompt": "two words", "completion": None, "attributes.role": "user"},
            {"prompt": None, "completion": "an answer"},
            {"prompt": None, "completion": None},
        ],
        name="a chat, one turn a line",
    ),
    Sample(
        '{"ts":"2026-11-20T09:00:00Z","msg":"rag","query":"two words","model":"m"}\n'
        '{"ts":"2026-11-20T09:00:01Z","msg":"call","request":{"messages":[{"role":"user","content":"three words '
        'here"}]},"model":"m"}\n'
        '{"ts":"2026-11-20T09:00:02Z","msg":"call","request":{"prompt":"a b"},"query":"a=1"}\n',
        [
            {"prompt": "two words", "url_query": None},
            {"prompt": "three words here"},
            {"prompt": "a b", "url_query": "a=1"},
        ],
        name="what is asked by query, messages and prompt of a request, in one file",
    ),
    Sample(
        '{"ts":"2026-11-20T09:00:00Z","msg":"x","Code":"abc"}\n'
        '{"ts":"2026-11-20T09:00:01Z","msg":"y","Code":404}\n',
        [{"attributes": {"Code": "abc"}}, {"http_status": 404}],
        name="a value that fits none of its columns is kept once",
    ),
    Sample(
        '{"ts":"2026-11-20T09:00:00Z","msg":"x","seen":{"sha256FingerprintOfCertificate":"q","user_id":"u1"}}\n'
        '{"ts":"2026-11-20T09:00:01Z","msg":"y","by_key":{"x7Yq2Lm9Kd4Rt8Wz1Bv":3}}\n',
        [
            {"attributes.seen.user_id": "u1", "attributes.seen.sha256FingerprintOfCertificate": "q"},
            {"attributes.by_key": {"x7Yq2Lm9Kd4Rt8Wz1Bv": 3}},
        ],
        name="objects of long names are flattened, and those of tokens are not",
    ),
    Sample(
        '{"text": "2025-11-20 09:00:00.454 | ERROR    | __main__:lo:75 - failed\\nTraceback (most recent call last):'
        '\\n\\n> File \\"/app/w.py\\", line 73, in lo\\n    x()\\n\\nKeyError: 1\\n", "record": {"exception": {"type": '
        '"KeyError", "value": "1", "traceback": true}, "level": {"name": "ERROR", "no": 40}, "message": "failed", '
        '"name": "__main__", "time": {"repr": "2025-11-20 09:00:00.454000+00:00", "timestamp": 1763629200.454}}}\n'
        '{"text": "2025-11-20 09:00:01.454 | INFO     | __main__:lo:75 - next\\n", "record": {"exception": null, '
        '"level": {"name": "INFO", "no": 20}, "message": "next", "name": "__main__", "time": {"repr": '
        '"2025-11-20 09:00:01.454000+00:00", "timestamp": 1763629201.454}}}\n',
        [
            {
                "message": "failed",
                "exception_type": "KeyError",
                "exception_frame": "/app/w.py:73 in lo",
                "severity": "ERROR",
                "logger": "__main__",
            },
            {"message": "next", "exception_type": None, "severity": "INFO"},
        ],
        name="a traceback in loguru's JSON had no frame",
    ),
    Sample(
        '{"MESSAGE":"ERROR:app:failed","SYSLOG_IDENTIFIER":"web","_HOSTNAME":"host1"}\n'
        '{"MESSAGE":[104,195,169,27,91,51,49,109],"SYSLOG_IDENTIFIER":"api","_HOSTNAME":"host1"}\n'
        '{"MESSAGE":["one","two"],"SYSLOG_IDENTIFIER":"api","_HOSTNAME":"host1"}\n',
        [
            {"severity": "ERROR", "message": "failed", "service": "web"},
            {"message": "h\u00e9", "service": "api", "host": "host1"},
            {"message": "one", "attributes.MORE_MESSAGES": ["two"]},
        ],
        name="messages of the journal that are bytes, or several",
    ),
    Sample(
        '{"ts":"2026-11-20T09:00:00Z","svc":"vectors","outcome":"failure","http_path":"/query"}\n'
        '{"ts":"2026-11-20T09:00:01Z","svc":"vectors","success":false}\n'
        '{"ts":"2026-11-20T09:00:02Z","svc":"vectors","success":true,"failed":3}\n'
        '{"ts":"2026-11-20T09:00:03Z","svc":"vectors","status":"ok","result":"failed"}\n',
        [
            {"status": "error", "attributes.outcome": "failure", "url_path": "/query"},
            {"status": "error", "attributes.success": False},
            {"status": "ok", "attributes.success": True, "attributes.failed": 3},
            {"status": "ok", "attributes.result": "failed"},
        ],
        name="how a job ended, in a word or by true and false",
    ),
    Sample(
        '{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1795165200123456","PRIORITY":"3","_UID":"0",'
        '"_HOSTNAME":"web-1","SYSLOG_IDENTIFIER":"checkout","_PID":"512","MESSAGE":"connection to db lost"}\n',
        [
            {"timestamp": "2026-11-20T09:00:00.123456Z", "severity": "ERROR", "service": "checkout",
             "host": "web-1", "process_id": 512, "message": "connection to db lost", "user_id": None},
        ],
        name="journalctl -o json had no time, and a user 0",
    ),
    Sample(
        '{"L":"ERROR","T":"2026-11-20T09:00:00.123Z","C":"cmd/main.go:30","N":"pay","M":"charge failed",'
        '"error":"dial tcp: refused","S":"main.charge\\n\\t/app/pay.go:55"}\n',
        [
            {"timestamp": "2026-11-20T09:00:00.123000Z", "severity": "ERROR", "logger": "pay",
             "message": "charge failed", "exception_message": "dial tcp: refused",
             "attributes.C": "cmd/main.go:30"},
        ],
        name="zap's development keys; the frames of a stack were the message of the error",
    ),
    Sample(
        '{"timestamp":"2026-11-20T09:00:00.123Z","status":"warn","message":"slow","service":"pay",'
        '"dd":{"trace_id":"6895384173893458946","env":"prod"},"ddsource":"go","duration":12500000,'
        '"logger":{"name":"app.pay","thread_name":"main"}}\n'
        '{"timestamp":"2026-11-20T09:00:01.123Z","status":"error","message":"failed","ddsource":"go"}\n',
        [
            {"severity": "WARN", "duration_ms": 12.5, "trace_id": "6895384173893458946", "logger": "app.pay",
             "thread": "main", "environment": "prod"},
            {"severity": "ERROR", "status": "error"},
        ],
        name="Datadog's status is a level, its duration nanoseconds",
    ),
    Sample(
        '{"level":"error","ts":1795165201.123,"logger":"http.log.access","msg":"handled request","request":'
        '{"remote_ip":"203.0.113.7","client_ip":"203.0.113.7","proto":"HTTP/2.0","method":"POST","host":'
        '"api.example.com","uri":"/v1/pay?x=1","headers":{"User-Agent":["curl/8"],"Accept":["a","b"]}},'
        '"user_id":"","duration":5,"size":7,"status":502,"resp_headers":{"Server":["Caddy"]}}\n',
        [
            {"timestamp": "2026-11-20T09:00:01.123000Z", "http_status": 502, "duration_ms": 5000.0,
             "user_agent": "curl/8", "protocol": "HTTP/2.0", "response_bytes": 7, "user_id": None,
             "attributes.request.headers.Accept": ["a", "b"]},
        ],
        name="Caddy's durations are seconds, its headers lists",
    ),
    Sample(
        '{"ClientAddr":"203.0.113.7:41342","ClientHost":"203.0.113.7","ClientUsername":"-",'
        '"DownstreamContentSize":12,"DownstreamStatus":502,"Duration":1234567,"OriginDuration":1204567,'
        '"OriginStatus":200,"Overhead":30000,"RequestMethod":"GET","RequestPath":"/v1/items?x=1",'
        '"RequestProtocol":"HTTP/1.1","ServiceAddr":"192.0.2.7:8000","StartUTC":"2026-11-20T09:00:00.123456789Z",'
        '"level":"info","msg":"","time":"2026-11-20T09:00:00Z","request_User-Agent":"curl/8"}\n',
        [
            {"timestamp": "2026-11-20T09:00:00.123456Z", "duration_ms": 1.234567, "upstream_ms": 1.204567,
             "http_status": 502, "upstream_status": 200, "response_bytes": 12, "user_id": None,
             "client_ip": "203.0.113.7", "user_agent": "curl/8", "upstream_address": "192.0.2.7:8000"},
        ],
        name="Traefik's durations are nanoseconds, however short",
    ),
    Sample(
        '{"start_time":"2026-11-20T09:00:00.123Z","method":"GET","path":"/v1/items","response_code":503,'
        '"response_flags":"UF","bytes_received":0,"bytes_sent":12,"duration":12,"upstream_service_time":"11",'
        '"x_forwarded_for":"203.0.113.7","user_agent":"-","request_id":"cc21","authority":"api.example.com",'
        '"upstream_host":"192.0.2.7:8000"}\n',
        [
            {"duration_ms": 12.0, "upstream_ms": 11.0, "server_address": "api.example.com", "user_agent": None,
             "http_status": 503, "attributes.response_flags": "UF"},
        ],
        name="Envoy's fields as JSON",
    ),
    Sample(
        '{"latencies":{"request":515,"kong":58,"proxy":457},"service":{"host":"api","name":"checkout"},'
        '"request":{"size":138,"uri":"/v1/pay?x=1","headers":{"host":"api.example.com","user-agent":"curl/8"},'
        '"method":"POST","id":"r-2"},"client_ip":"203.0.113.7","response":{"status":500,"size":954},'
        '"started_at":1795165200123,"consumer":{"username":"ann"},"upstream_status":"500"}\n',
        [
            {"timestamp": "2026-11-20T09:00:00.123000Z", "duration_ms": 515.0, "upstream_ms": 457.0,
             "service": "checkout", "user_id": "ann", "response_bytes": 954, "user_agent": "curl/8"},
        ],
        name="Kong had neither time nor duration",
    ),
    Sample(
        '{"id":"1","message":"failed","timestamp":1795165200123,"requestId":"643af4e3","level":"error",'
        '"projectName":"checkout","host":"checkout.example.com","path":"/api/pay","proxy":{"timestamp":'
        '1795165200100,"method":"POST","path":"/api/pay?x=1","userAgent":["curl/8"],"statusCode":500,'
        '"clientIp":"203.0.113.7"}}\n',
        [
            {"service": "checkout", "http_method": "POST", "url_path": "/api/pay", "http_status": 500,
             "client_ip": "203.0.113.7", "user_agent": "curl/8", "request_id": "643af4e3"},
        ],
        name="Vercel's request stands under proxy",
    ),
    Sample(
        '{"requestId":"c6af9ac6","ip":"203.0.113.7","user":"-","requestTime":"20/Nov/2026:09:00:00 +0000",'
        '"httpMethod":"POST","resourcePath":"/v1/pay","status":"500","responseLength":"36",'
        '"responseLatency":"120","integrationLatency":"110"}\n',
        [
            {"timestamp": "2026-11-20T09:00:00Z", "duration_ms": 120.0, "upstream_ms": 110.0, "user_id": None,
             "http_status": 500, "response_bytes": 36},
        ],
        name="an API gateway whose users are dashes",
    ),
    Sample(
        '{"ClientIP":"203.0.113.7","ClientRequestHost":"api.example.com","ClientRequestMethod":"POST",'
        '"ClientRequestURI":"/v1/pay?x=1","EdgeStartTimestamp":"2026-11-20T09:00:00Z","EdgeResponseStatus":502,'
        '"RayID":"3a60","OriginResponseStatus":502,"ClientRequestUserAgent":"curl/8",'
        '"OriginResponseTime":12000000}\n',
        [
            {"timestamp": "2026-11-20T09:00:00Z", "http_method": "POST", "url_path": "/v1/pay",
             "http_status": 502, "upstream_status": 502, "upstream_ms": 12.0, "request_id": "3a60"},
        ],
        name="Cloudflare's names",
    ),
    Sample(
        '{"@t":"2026-11-20T09:00:00.1234567Z","@mt":"Charge failed for {UserId}","@l":"Error","UserId":"u-1",'
        '"SourceContext":"Pay.Api","@tr":"0af7651916cd43dd8448eb211c80319c","@sp":"b7ad6b7169203331"}\n',
        [
            {"logger": "Pay.Api", "trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331"},
        ],
        name="Serilog's compact format has trace ids",
    ),
    Sample(
        '{"timestamp":"2026-11-20T09:00:00.123Z","level":"ERROR","message":"charge failed","stackTrace":'
        '["  File \\"/var/task/a.py\\", line 3, in f\\n    x\\n"],"errorType":"ValueError",'
        '"errorMessage":"no age"}\n',
        [
            {"exception_type": "ValueError", "exception_message": "no age",
             "exception_frame": "/var/task/a.py:3 in f"},
        ],
        name="AWS Lambda's stack is a list of lines without a head",
    ),
    Sample(
        '{"method":"POST","path":"/v1/pay","controller":"PayController","action":"create","status":500,'
        '"duration":12.34}\n',
        [{"duration_ms": 12.34, "http_status": 500}],
        name="Rails' durations are milliseconds, however short",
    ),
    Sample(
        '{"TimeGenerated":"2026-11-20T09:00:02.12Z","ContainerAppName_s":"checkout","RevisionName_s":'
        '"checkout--abc","Log_s":"db lost","Stream_s":"stderr"}\n'
        '{"time":"2026-11-20T09:00:00.1234567Z","category":"AppServiceConsoleLogs","level":"Error",'
        '"resultDescription":"no age"}\n',
        [
            {"timestamp": "2026-11-20T09:00:02.120000Z", "service": "checkout",
             "service_version": "checkout--abc", "message": "db lost"},
            {"message": "no age", "severity": "ERROR"},
        ],
        name="Azure's containers",
    ),
    Sample(
        '{"timestamp":"2026-11-20T09:00:00Z","cloud_RoleName":"web","appName":"shop-ai","message":'
        '"INFO:app.api:POST /v1/pay -> 503 (0.5s) request_id=r1"}\n'
        '{"timestamp":"2026-11-20T09:00:01Z","cloud_RoleName":"proxy","appName":"shop-ai","message":'
        '"192.0.2.1 - - [20/Nov/2026:09:00:01 +0000] \\"GET /x HTTP/1.1\\" 200 12 \\"-\\" \\"curl/8\\""}\n',
        [
            {"service": "web", "severity": "INFO", "logger": "app.api", "http_status": 503, "request_id": "r1",
             "timestamp": "2026-11-20T09:00:00Z", "source_format": "python_logging"},
            {"service": "proxy", "url_path": "/x", "http_status": 200, "source_format": "nginx_access"},
        ],
        name="lines of two formats in Application Insights",
    ),
    Sample(
        '{"MESSAGE":"2026-11-20 09:00:00,123 ERROR app: failed","PRIORITY":"6","SYSLOG_IDENTIFIER":"web",'
        '"_HOSTNAME":"h1","__REALTIME_TIMESTAMP":"1795165200123456"}\n'
        '{"MESSAGE":"Traceback (most recent call last):","PRIORITY":"6","SYSLOG_IDENTIFIER":"web","_HOSTNAME":"h1"}\n'
        '{"MESSAGE":"  File \\"/app/a.py\\", line 3, in f","PRIORITY":"6","SYSLOG_IDENTIFIER":"web"}\n'
        '{"MESSAGE":"KeyError: \'age\'","PRIORITY":"6","SYSLOG_IDENTIFIER":"web","_HOSTNAME":"h1"}\n'
        '{"MESSAGE":"2026-11-20 09:00:01,123 INFO app: ok","PRIORITY":"6","SYSLOG_IDENTIFIER":"web"}\n',
        [
            {"line": 1, "severity": "ERROR", "message": "failed", "exception_type": "KeyError", "service": "web",
             "host": "h1", "exception_frame": "/app/a.py:3 in f"},
            {"line": 5, "message": "ok", "severity": "INFO"},
        ],
        name="a traceback in journalctl -o json, a line an object",
    ),
    Sample(
        '[{"line":"level=error msg=late","timestamp":"1795165200123456789","date":"2026-11-20T09:00:00.123Z",'
        '"fields":{"app":"web"}},{"line":"level=info msg=ready","timestamp":"1795165201123456789","fields":'
        '{"app":"web"}}]',
        [{"severity": "ERROR", "message": "late", "service": "web", "timestamp": "2026-11-20T09:00:00.123456Z"},
         {"message": "ready"}],
        name="lines downloaded from Grafana",
    ),
]  # fmt: skip
