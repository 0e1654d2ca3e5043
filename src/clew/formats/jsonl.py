"""JSON lines: one object a line, from any logger.

Reads     structlog, python-json-logger, zerolog, zap, pino, bunyan, logback, ECS, Google Cloud
          LogEntry, and any other JSON log; files that are one JSON array; what collectors put
          around the lines of others (Docker, fluent-bit, Vector, journald, logcli, gcloud, Azure, CloudWatch
          Insights), the inner line then by its own format; spans, by their id, name and end,
          with attributes as objects or as OTLP's lists of keys and values
Returns   canonical columns by the names of model/vocabulary.py; other keys as attributes
Units     durations by their name, else by their size, which the ledger says
Blind to  the meaning of keys that no vocabulary lists: they stay attributes
"""

from __future__ import annotations

from clew.formats import Parser, Settings
from clew.formats._envelopes import in_envelopes
from clew.formats._json import JsonParser
from clew.formats._json_head import begins_with_document, elements, is_array, share_of_objects
from clew.formats._keyed import MARK, KeyedParser
from clew.formats._platform_samples import PLATFORM_SAMPLES
from clew.model.case import Sample


def sniff(head: bytes) -> float:
    """Share of the first lines that are JSON objects; 1 for an array of objects."""
    if is_array(head):
        return 0.95
    share = share_of_objects(head)
    return 0.95 * share if share > 0 else 0.9 * begins_with_document(head)


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of JSON objects: one a line, in one array, or one after the other over lines."""
    if wrapped := in_envelopes(head, settings):
        return wrapped
    parser = KeyedParser if MARK.search(head) else JsonParser
    return parser(settings, elements=elements(head))


SAMPLES = [
    Sample(
        '{"message":"cut \\ud83d here","n":1}\n{"message":"whole \\ud83d\\ude00, and \\\\ud83d"}\n',
        [{"message": "cut  here", "attributes.n": 1}, {"message": "whole \U0001f600, and \\ud83d"}],
        name="half of a surrogate pair",
    ),
    *PLATFORM_SAMPLES,
    Sample(
        '{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"GET /pay","kind":2,'
        '"startTimeUnixNano":"1763629200123456789","endTimeUnixNano":"1763629200125000000","attributes":'
        '[{"key":"http.request.method","value":{"stringValue":"GET"}},{"key":"http.response.status_code",'
        '"value":{"intValue":"503"}},{"key":"app.share","value":{"doubleValue":1.5}}],"resource":{"attributes":'
        '[{"key":"service.name","value":{"stringValue":"checkout"}}]}}\n',
        [
            {
                "span_name": "GET /pay",
                "duration_ms": 1.543211,
                "service": "checkout",
                "http_method": "GET",
                "http_status": 503,
                "attributes.app.share": 1.5,
            },
        ],
        name="a span a line, with OTLP's attributes",
    ),
    Sample(
        '{"ts":"2026-11-20T09:00:00Z","user":"ann","messages":[{"role":"system","content":"Be brief."},'
        '{"role":"user","content":"hi"},{"role":"assistant","content":"hello"},{"role":"user","content":'
        '[{"type":"text","text":"Name a colour."}]}],"reply":"Blue."}\n'
        '{"ts":"2026-11-20T09:00:01Z","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"yes"}],'
        '"retrieved_docs":["a text"]}\n'
        '{"ts":"2026-11-20T09:00:02Z","messages":3,"choices":[{"message":{"role":"assistant","content":"Red."}}]}\n',
        [
            {"prompt": "Name a colour.", "completion": "Blue.", "system_instructions": "Be brief."},
            {"prompt": "hi", "completion": "yes", "retrieved_documents": '["a text"]'},
            {"prompt": None, "completion": "Red."},
        ],
        name="the messages of a chat, which no field told apart",
    ),
    Sample(
        '{"ts":"2026-11-20T09:00:00Z","messages":[{"role":"user","content":"rows?"}],"response":"","tool_calls":[{"id":'
        '"c1","type":"function","function":{"name":"query","arguments":"{\\"q\\":1}"}}]}\n'
        '{"ts":"2026-11-20T09:00:01Z","messages":[{"role":"user","content":"rows?"},{"role":"assistant","content":null,'
        '"tool_calls":[{"id":"c2","function":{"name":"count","arguments":{"of":"t"}}}]}]}\n'
        '{"ts":"2026-11-20T09:00:02Z","messages":[{"role":"user","content":"go"}],"choices":[{"message":{"role":'
        '"assistant","content":[{"type":"tool_use","id":"c3","name":"drop","input":{"of":"t"}}]}}]}\n'
        '{"ts":"2026-11-20T09:00:03Z","messages":[{"role":"user","content":"rows?"}],"reply":"3","tool_calls":2}\n',
        [
            {"tool_name": "query", "tool_call_id": "c1", "tool_arguments": '{"q":1}'},
            {"tool_name": "count", "tool_call_id": "c2", "tool_arguments": '{"of":"t"}'},
            {"tool_name": "drop", "tool_call_id": "c3", "tool_arguments": '{"of":"t"}'},
            {"tool_name": None, "tool_arguments": None, "completion": "3"},
        ],
        name="the tools that a model's messages call",
    ),
    Sample(
        '{"event": "failed", "timestamp": "2026-11-20T09:00:00Z", "exception": [{"exc_type": "ValueError", '
        '"exc_value": "no age", "is_cause": false, "frames": [{"filename": "/app/api.py", "lineno": 7, '
        '"name": "predict", "locals": {"n": "1"}}]}, {"exc_type": "KeyError", "exc_value": "\'age\'", '
        '"is_cause": true, "frames": [{"filename": "/app/db.py", "lineno": 3, "name": "load"}]}]}\n',
        [
            {
                "exception_type": "ValueError",
                "exception_message": "no age",
                "exception_frame": "/app/api.py:7 in predict",
            },
        ],
        name="structlog's dict_tracebacks were a message of JSON",
    ),
    Sample(
        '{"event": "request done", "level": "info", "timestamp": "2026-11-20T09:00:00.123456Z", '
        '"request_id": "r1", "status": 200, "flag": true}\n'
        '{"event": "failed", "level": "error", "timestamp": "2026-11-20T09:00:01Z", "path": "/v1/x?q=1", '
        '"exception": "Traceback (most recent call last):\\n  File \\"/app/a.py\\", line 3, in f\\n'
        "    x\\nKeyError: 'age'\"}\n",
        [
            {
                "timestamp": "2026-11-20T09:00:00.123456Z",
                "severity": "INFO",
                "message": "request done",
                "request_id": "r1",
                "http_status": 200,
                "attributes.flag": True,
            },
            {
                "url_path": "/v1/x",
                "url_query": "q=1",
                "exception_type": "KeyError",
                "exception_message": "'age'",
                "exception_frame": "/app/a.py:3 in f",
            },
        ],
        name="structlog",
    ),
    Sample(
        '{"asctime": "2026-11-20 09:00:00,123", "levelname": "WARNING", "name": "app.db", '
        '"message": "slow", "duration": 0.25, "process": 12, "threadName": "MainThread"}\n',
        [
            {
                "timestamp": "2026-11-20T08:00:00.123000Z",
                "timestamp_text": "2026-11-20 09:00:00,123",
                "severity": "WARN",
                "logger": "app.db",
                "duration_ms": 250.0,
                "process_id": 12,
                "thread": "MainThread",
            }
        ],
        name="python-json-logger, in the zone the user names",
        options={"timezone": "Europe/Berlin"},
    ),
    Sample(
        '{"level":"error","time":1763629200,"caller":"main.go:3","error":"connection refused",'
        '"message":"dial failed","service":"gw"}\n',
        [
            {
                "timestamp": "2025-11-20T09:00:00Z",
                "exception_message": "connection refused",
                "service": "gw",
                "attributes.caller": "main.go:3",
            }
        ],
        name="zerolog",
    ),
    Sample(
        '{"level":"info","ts":1763629200.123,"logger":"x","msg":"hi","latency":"12.5ms"}\n',
        [{"timestamp": "2025-11-20T09:00:00.123000Z", "message": "hi", "duration_ms": 12.5}],
        name="zap",
    ),
    Sample(
        '{"level":30,"time":1763629200123,"pid":4,"hostname":"h","req":{"method":"GET","url":"/a?b=c",'
        '"remoteAddress":"192.0.2.1","remotePort":44},"res":{"statusCode":500},"responseTime":12.5,'
        '"msg":"request completed"}\n',
        [
            {
                "severity": "INFO",
                "host": "h",
                "http_method": "GET",
                "url_path": "/a",
                "client_ip": "192.0.2.1",
                "http_status": 500,
                "duration_ms": 12.5,
            }
        ],
        name="pino",
    ),
    Sample(
        '{"name":"app","hostname":"h","pid":1,"level":40,"msg":"careful",'
        '"time":"2026-11-20T09:00:00.000Z","v":0}\n',
        [{"severity": "WARN", "logger": "app", "host": "h", "process_id": 1}],
        name="bunyan",
    ),
    Sample(
        '{"@timestamp":"2026-11-20T09:00:00.123+01:00","message":"m","logger_name":"com.example.A",'
        '"thread_name":"main","level":"ERROR","level_value":40000,'
        '"stack_trace":"java.lang.IllegalStateException: no model\\n\\tat com.example.S.run(S.java:4)\\n"}\n',
        [
            {
                "timestamp": "2026-11-20T08:00:00.123000Z",
                "severity": "ERROR",
                "logger": "com.example.A",
                "exception_type": "java.lang.IllegalStateException",
                "exception_message": "no model",
                "exception_frame": "S.java:4 in com.example.S.run",
            }
        ],
        name="logback",
    ),
    Sample(
        '{"@timestamp":"2026-11-20T09:00:00Z","log.level":"ERROR","message":"m","service.name":"s",'
        '"trace.id":"0af7651916cd43dd8448eb211c80319c","http":{"request":{"method":"GET"},'
        '"response":{"status_code":503}},"url":{"path":"/x"},"event":{"duration":1500000}}\n',
        [
            {
                "severity": "ERROR",
                "service": "s",
                "trace_id": "0af7651916cd43dd8448eb211c80319c",
                "http_method": "GET",
                "http_status": 503,
                "url_path": "/x",
                "duration_ms": 1.5,
            }
        ],
        name="ECS, dotted and nested",
    ),
    Sample(
        '{"severity":"NOTICE","timestamp":"2026-11-20T09:00:00.123456789Z","textPayload":"hello",'
        '"trace":"projects/p/traces/0af7651916cd43dd8448eb211c80319c","httpRequest":{"requestMethod":'
        '"GET","requestUrl":"https://api.example.com/v1/a?b=1","status":502,"latency":"0.512s",'
        '"remoteIp":"192.0.2.9","responseSize":"1234"}}\n'
        '{"severity":"ERROR","timestamp":"2026-11-20T09:00:00Z","jsonPayload":{"message":"jm",'
        '"user_id":"u1","k":{"z":1}}}\n',
        [
            {
                "severity": "INFO",
                "message": "hello",
                "trace_id": "0af7651916cd43dd8448eb211c80319c",
                "url_path": "/v1/a",
                "server_address": "api.example.com",
                "http_status": 502,
                "duration_ms": 512.0,
                "response_bytes": 1234,
            },
            {"message": "jm", "user_id": "u1", "attributes.k.z": 1},
        ],
        name="Google Cloud LogEntry",
    ),
    Sample(
        '{"log":"{\\"level\\":\\"info\\",\\"msg\\":\\"inner\\",\\"request_id\\":\\"r9\\"}\\n",'
        '"stream":"stdout","time":"2026-11-20T09:00:00.5Z"}\n'
        '{"log":"plain line\\n","stream":"stderr","time":"2026-11-20T09:00:01.5Z"}\n',
        [
            {
                "timestamp": "2026-11-20T09:00:00.500000Z",
                "message": "inner",
                "request_id": "r9",
                "attributes.stream": "stdout",
            },
            {"timestamp": "2026-11-20T09:00:01.500000Z", "message": "plain line"},
        ],
        name="Docker json-file",
    ),
    Sample(
        '{"timestamp":"2026-11-20T09:00:00Z","model":"gpt-4o","prompt_tokens":12,"completion_tokens":5,'
        '"cost":0.00012,"latency_ms":812,"user":"alice","api_key":"not-a-real-key","prompt":"hi",'
        '"response":"hello","status":"success"}\n',
        [
            {
                "model": "gpt-4o",
                "input_tokens": 12,
                "output_tokens": 5,
                "cost_given_usd": 0.00012,
                "duration_ms": 812.0,
                "user_id": "alice",
                "api_key_hash": "fa77d7bdb2ae64fb",
                "prompt": "hi",
                "completion": "hello",
                "status": "ok",
                "http_status": None,
            }
        ],
        name="API metadata; the key is hashed at once",
    ),
    Sample(
        '{"n":123456789012345678901234567890,"x":NaN,"n2":1}\n{"a":1,"a":2,"Msg":"one","msg":"two"}\n'
        '{"cut": "of\n[1]\n{"late":{"deep":[1,{"k":null}]}}\n',
        [
            {"attributes.n": "123456789012345678901234567890", "attributes.n2": 1},
            {"message": "two", "attributes.Msg": "one"},
            {"attributes.late.deep": [1, {"k": None}]},
        ],
        name="numbers too big, NaN, keys twice, broken lines, late keys",
        rejects=2,
    ),
    Sample(
        '{\n  "name": "charge",\n  "context": {"trace_id": "0x5b8efff798038103d269b633813fc60c", '
        '"span_id": "0xeee19b7ec3c1b174"},\n  "kind": "SpanKind.CLIENT",\n  "parent_id": null,\n'
        '  "start_time": "2025-11-20T09:00:00.123456Z",\n  "end_time": "2025-11-20T09:00:00.125000Z",\n'
        '  "status": {"status_code": "ERROR", "description": "no key"},\n  "attributes": '
        '{"http.status_code": 500},\n  "events": [{"name": "exception", "timestamp": '
        '"2025-11-20T09:00:00.124Z", "attributes": {"exception.type": "KeyError", "exception.message": '
        '"k"}}],\n  "links": [],\n  "resource": {"attributes": {"service.name": "pay"}}\n}\n',
        [
            {
                "timestamp": "2025-11-20T09:00:00.123456Z",
                "duration_ms": 1.544,
                "trace_id": "5b8efff798038103d269b633813fc60c",
                "span_id": "eee19b7ec3c1b174",
                "span_name": "charge",
                "span_kind": "client",
                "status": "error",
                "status_message": "no key",
                "service": "pay",
                "http_status": 500,
                "exception_type": "KeyError",
                "exception_message": "k",
                "span_links": None,
                "attributes.kind": None,
            }
        ],
        name="a span as OpenTelemetry's Python prints it",
    ),
    Sample(
        '{"trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174","name":"GET /x",'
        '"start_time":"2025-11-20T09:00:00.1Z","end_time":"2025-11-20T09:00:00.35Z","service":"api"}\n'
        '{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b175","name":"db",'
        '"startTimeUnixNano":"1763629200123456789","endTimeUnixNano":"1763629200125000000","kind":3}\n'
        '{"trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b177","name":"app.db",'
        '"message":"connected","duration_ms":3,"time":"2025-11-20T09:00:00Z"}\n',
        [
            {"span_name": "GET /x", "duration_ms": 250.0, "logger": None, "service": "api"},
            {
                "span_name": "db",
                "duration_ms": 1.543211,
                "span_kind": "client",
                "timestamp": "2025-11-20T09:00:00.123456Z",
            },
            {"span_name": None, "logger": "app.db", "message": "connected", "duration_ms": 3.0},
        ],
        name="spans and a log line written within one",
    ),
    Sample(
        '{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"01","operationName":"A",'
        '"startTimeUnixNano":1763629200123456789,"durationNano":4999000,"serviceName":"api","status":"OK"}\n'
        '{"trace_id":77,"span_id":2,"parent_id":1,"name":"B","service":"web","start":1763629200123456789,'
        '"duration":5000000,"error":1}\n'
        '{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"03","parentId":"root","operation":"C",'
        '"duration_us":1500,"timestamp":"2025-11-20T09:00:00Z","statusCode":503}\n',
        [
            {
                "span_name": "A",
                "timestamp": "2025-11-20T09:00:00.123456Z",
                "duration_ms": 4.999,
                "status": "ok",
            },
            {"span_name": "B", "parent_span_id": "1", "duration_ms": 5.0, "status": "error"},
            {
                "span_name": "C",
                "parent_span_id": None,
                "duration_ms": 1.5,
                "status": "error",
                "http_status": 503,
            },
        ],
        name="spans whose name is an operation, and whose duration is in the unit of their begin",
    ),
    Sample(
        '{"timestamp":1763629200,"pod":"cart-0","metric":"cpu","value":0.75}\n'
        '{"timestamp":1763629200,"value":7,"message":"not a metric"}\n',
        [
            {"metric_name": "cpu", "metric_value": 0.75, "k8s_pod": "cart-0"},
            {"metric_value": None, "attributes.value": 7},
        ],
        name="the value of a metric was an attribute",
    ),
    Sample(
        '{"msg":"a","line":42,"event_id":"e1","price_source":"list","service_source":"x","source_id":7,"byte_offset":3,'
        '"event.id":"e2","log":{"file":{"line":9}}}\n',
        [
            {
                "message": "a",
                "line": 1,
                "byte_offset": 0,
                "attributes.line": 42,
                "attributes.event_id": "e1",
                "attributes.price_source": "list",
                "attributes.service_source": "x",
                "attributes.source_id": 7,
                "attributes.byte_offset": 3,
                "attributes.id": "e2",
                "attributes.log.file.line": 9,
            }
        ],
        name="keys that bear the name of a column of Clew's own stay keys",
    ),
    Sample(
        '[\n  {"time": "2026-11-20T09:00:00Z", "message": "a, [b] \\"q\\""},\n  {"message": "{", "n": 2}\n]\n',
        [{"message": 'a, [b] "q"', "line": 1, "byte_offset": 4}, {"message": "{", "line": 2}],
        name="one array",
    ),
]
