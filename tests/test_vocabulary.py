"""Names: one table for parsing, search and rules."""

from __future__ import annotations

import pytest

from clew.model.event import BY_NAME, COLUMNS
from clew.model.vocabulary import SPELLINGS, Name, resolve

UNITS = {"", "ns", "us", "ms", "s", "min", "guess"}
MEANINGS = {
    # structlog, Python's logging, zerolog, zap
    "event": "message", "levelname": "severity", "lvl": "severity", "asctime": "timestamp",
    "ts": "timestamp", "logger_name": "logger", "exc_info": "exception_stacktrace",
    "stacktrace": "exception_stacktrace", "process": "process_id",
    # pino, bunyan
    "req.method": "http_method", "req.url": "url_path", "res.statuscode": "http_status",
    "responsetime": "duration_ms", "err.stack": "exception_stacktrace", "hostname": "host",
    "req.remoteaddress": "client_ip", "pid": "process_id",
    # logback, ECS
    "thread_name": "thread", "level_value": "severity", "stack_trace": "exception_stacktrace",
    "@timestamp": "timestamp", "log.level": "severity", "error.stack_trace": "exception_stacktrace",
    "http.request.method": "http_method", "url.path": "url_path", "trace.id": "trace_id",
    "http.response.status_code": "http_status", "source.ip": "client_ip",
    "event.duration": "duration_ms", "error.message": "exception_message",
    "user_agent.original": "user_agent",
    # retrieval: LangChain, Ragas, Haystack
    "source_documents": "retrieved_documents", "retrieved_contexts": "retrieved_documents",
    "documents": "retrieved_documents",
    # Google Cloud, Docker
    "textpayload": "message", "jsonpayload.message": "message",
    "httprequest.requestmethod": "http_method", "httprequest.requesturl": "url_path",
    "httprequest.status": "http_status", "httprequest.latency": "duration_ms",
    "httprequest.remoteip": "client_ip", "httprequest.useragent": "user_agent",
    "logging.googleapis.com/trace": "trace_id", "logging.googleapis.com/spanid": "span_id",
    "log": "message", "time": "timestamp",
    # calls of AI APIs
    "prompt_tokens": "input_tokens", "completion_tokens": "output_tokens",
    "tokens_used": "total_tokens", "model_id": "model", "latency_ms": "duration_ms",
    "cost": "cost_given_usd", "usage.prompt_tokens": "input_tokens", "ttft": "ttft_ms",
    "gen_ai.usage.input_tokens": "input_tokens", "gen_ai.request.model": "model",
    # plain logs
    "msg": "message", "uri": "url_path", "verb": "http_method", "svc": "service",
    "status_code": "http_status", "remote_addr": "client_ip", "correlation_id": "request_id",
    "uid": "user_id", "org": "team",
}  # fmt: skip
UNIT_OF = {
    "latency_ms": "ms", "latency_s": "s", "elapsed_seconds": "s", "latency": "guess",
    "took": "guess", "duration": "guess", "event.duration": "ns", "httprequest.latency": "s",
    "responsetime": "ms", "gen_ai.response.time_to_first_chunk": "s",
}  # fmt: skip


@pytest.mark.parametrize("name", MEANINGS)
def test_a_logger_s_name_means_its_column(name: str) -> None:
    assert SPELLINGS[name].column == MEANINGS[name]


@pytest.mark.parametrize("name", UNIT_OF)
def test_a_name_tells_its_unit(name: str) -> None:
    assert SPELLINGS[name].unit == UNIT_OF[name]


def test_every_spelling_is_lower_case_and_means_a_column() -> None:
    for name, spelling in SPELLINGS.items():
        assert name == name.lower() and not name.isspace()
        assert spelling.column in BY_NAME
        assert spelling.unit in UNITS


def test_a_canonical_name_means_itself() -> None:
    for name in BY_NAME:
        assert resolve(name) == Name(column=name)
        if name in SPELLINGS:
            assert SPELLINGS[name].column in (name, "http_status")


def test_a_standard_s_name_resolves() -> None:
    """OpenTelemetry's, ECS' and OCSF's dotted names are understood; two may share one."""
    for column in COLUMNS:
        for standard in (column.otel, column.ecs, column.ocsf):
            if "." in standard:
                assert resolve(standard).column is not None, standard


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("latency_s", Name(column="duration_ms", scale=1000.0)),
        ("event.duration", Name(column="duration_ms", scale=1e-6)),
        ("retry_after", Name(column="retry_after_s")),
        ("requestId", Name(column="request_id")),
        ("X-Request-ID", Name(column="request_id")),
        ("httpStatus", Name(column="http_status")),
        ("Service", Name(column="service")),
        ("code", Name(attribute="code", otherwise="http_status")),
        ("ip", Name(column="client_ip")),
        ("date", Name(column="timestamp")),
        ("shoe_size", Name(attribute="shoe_size")),
        ("shoeSize", Name(attribute="shoeSize")),
        ("attributes.service", Name(attribute="service")),
        ("attributes.", Name(attribute="attributes.")),
    ],
)
def test_a_typed_name_resolves(name: str, meant: Name) -> None:
    assert resolve(name) == meant


def test_known_names_resolve_to_something_of_events() -> None:
    for name in {*BY_NAME, *SPELLINGS}:
        meant = resolve(name)
        assert (meant.column is None) != (meant.attribute is None)
        assert (meant.column or meant.otherwise) in BY_NAME


@pytest.mark.parametrize(
    ("typed", "column", "attribute"),
    [
        ("extra.team", "team", None),
        ("context.request_id", "request_id", None),
        ("extra.shoe_size", None, "shoe_size"),
        ("attributes.shoe_size", None, "shoe_size"),
        ("cart.shoe_size", None, "cart.shoe_size"),
    ],
)
def test_a_name_in_an_object_that_only_wraps_is_what_ingest_made_of_it(
    typed: str, column: str | None, attribute: str | None
) -> None:
    assert (resolve(typed).column, resolve(typed).attribute) == (column, attribute)
