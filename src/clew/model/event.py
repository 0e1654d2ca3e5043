"""The event: one row of the timeline, and what each of its columns means.

An event is a log record, a span, an access-log line, an API call record, a prediction, a pipeline
stage, a flow record or a change. All share one set of columns, listed here once; code, search, SQL,
rules, findings and docs use these names and no others.

A column is NULL where the source does not state it; zero and empty text are values.
A case stores the columns that its sources fill, and its view `events` has them all; what is not
canonical stays under its own name in the VARIANT `attributes`.
Times are UTC microseconds, durations milliseconds, sizes bytes, shares 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "int", "float", "bool", "time", "money", "json"]
"""text; int (64 bit); float (double); bool; time (UTC, microseconds); money (18 digits, 9 decimals);
json (JSON as text)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One canonical column.

    name   snake_case, the field's term; a unit is part of the name (`_ms`, `_bytes`, `_usd`)
    kind   its type, see `Kind`
    means  what it holds, in a few words
    group  the heading it stands under in the reference
    otel, ecs, ocsf  its name in OpenTelemetry, Elastic Common Schema and OCSF; "" where they have none
    """

    name: str
    kind: Kind
    means: str
    group: str
    otel: str = ""
    ecs: str = ""
    ocsf: str = ""


def _group(heading: str, *columns: Column) -> tuple[Column, ...]:
    return tuple(
        Column(c.name, c.kind, c.means, heading, c.otel, c.ecs, c.ocsf) for c in columns
    )


def _column(name: str, kind: Kind, means: str, otel: str = "", ecs: str = "", ocsf: str = "") -> Column:
    return Column(name, kind, means, "", otel, ecs, ocsf)


COLUMNS: tuple[Column, ...] = (
    *_group(
        "identity",
        _column("event_id", "text", "hash of the source's first sha256, the byte offset and the part", ecs="event.id", ocsf="metadata.uid"),
        _column("source_id", "text", "the row of `sources` it came from"),
        _column("source_format", "text", "the format that parsed it, such as nginx_access", ecs="event.module"),
        _column("line", "int", "line of the source, from 1", ecs="log.file.line"),
        _column("byte_offset", "int", "first byte in the uncompressed source, from 0", ecs="log.offset"),
    ),
    *_group(
        "time",
        _column("timestamp", "time", "when it happened; for a span or request, when it began if the source says so", "Timestamp", "@timestamp", "time"),
        _column("timestamp_text", "text", "the time as the source wrote it"),
        _column("observed_timestamp", "time", "when a collector first saw it", "ObservedTimestamp", "event.ingested", "metadata.logged_time"),
        _column("duration_ms", "float", "how long it took", ecs="event.duration", ocsf="duration"),
    ),
    *_group(
        "text",
        _column("severity", "text", "TRACE, DEBUG, INFO, WARN, ERROR or FATAL", "SeverityText", "log.level", "severity"),
        _column("severity_number", "int", "OpenTelemetry's severity number, 1 to 24", "SeverityNumber", "event.severity", "severity_id"),
        _column("message", "text", "the record's own sentence", "Body", "message", "message"),
        _column("event_name", "text", "the kind of event, where the source names it", "event.name", "event.action", "activity_name"),
        _column("logger", "text", "the logger's name", "otel.scope.name", "log.logger"),
    ),
    *_group(
        "resource",
        _column("service", "text", "name of the service that wrote it", "service.name", "service.name", "metadata.product.name"),
        _column("service_source", "text", "'file name' where no line says the service; NULL where one does"),
        _column("service_version", "text", "version of that service", "service.version", "service.version", "metadata.product.version"),
        _column("service_instance", "text", "which instance of the service", "service.instance.id", "service.node.name"),
        _column("environment", "text", "production, staging and the like", "deployment.environment.name", "service.environment"),
        _column("host", "text", "host name", "host.name", "host.name", "device.hostname"),
        _column("region", "text", "cloud region", "cloud.region", "cloud.region", "cloud.region"),
        _column("k8s_namespace", "text", "Kubernetes namespace", "k8s.namespace.name", "orchestrator.namespace"),
        _column("k8s_pod", "text", "Kubernetes pod", "k8s.pod.name", "kubernetes.pod.name"),
        _column("container", "text", "container name or id", "container.name", "container.name", "container.name"),
        _column("process_id", "int", "operating system process", "process.pid", "process.pid", "process.pid"),
        _column("thread", "text", "thread name or id", "thread.name", "process.thread.name"),
    ),
    *_group(
        "trace",
        _column("trace_id", "text", "32 hex digits", "TraceId", "trace.id", "metadata.correlation_uid"),
        _column("span_id", "text", "16 hex digits", "SpanId", "span.id"),
        _column("parent_span_id", "text", "16 hex digits; NULL for a root", "ParentSpanId", "parent.id"),
        _column("span_name", "text", "name of the operation", "Name", "span.name"),
        _column("span_kind", "text", "server, client, internal, producer or consumer", "Kind", "span.kind"),
        _column("status", "text", "ok, error or unset", "StatusCode", "event.outcome", "status"),
        _column("status_message", "text", "the words that go with the status", "StatusMessage", "", "status_detail"),
        _column("span_events", "json", "events on the span", "Events"),
        _column("span_links", "json", "links to other spans", "Links"),
    ),
    *_group(
        "request",
        _column("request_id", "text", "id that ties one request over services", "http.request.header.x-request-id", "http.request.id", "http_request.uid"),
        _column("http_method", "text", "GET, POST ...", "http.request.method", "http.request.method", "http_request.http_method"),
        _column("http_route", "text", "the route's template, such as /users/{id}", "http.route"),
        _column("url_path", "text", "path without the query", "url.path", "url.path", "http_request.url.path"),
        _column("url_query", "text", "query without the question mark", "url.query", "url.query", "http_request.url.query_string"),
        _column("http_status", "int", "HTTP status code", "http.response.status_code", "http.response.status_code", "http_response.code"),
        _column("request_bytes", "int", "size of the request", "http.request.size", "http.request.bytes", "http_request.length"),
        _column("response_bytes", "int", "size of the response's body", "http.response.body.size", "http.response.body.bytes", "http_response.length"),
        _column("user_agent", "text", "the client's User-Agent", "user_agent.original", "user_agent.original", "http_request.user_agent"),
        _column("referer", "text", "the Referer header", "http.request.header.referer", "http.request.referrer", "http_request.referrer"),
        _column("upstream_address", "text", "host:port the proxy asked", "", "nginx.access.upstream.address"),
        _column("upstream_status", "int", "status the upstream gave the proxy", "", "nginx.access.upstream.response.status_code"),
        _column("upstream_ms", "float", "time the upstream took", "", "nginx.access.upstream.response.time"),
        _column("protocol", "text", "HTTP/1.1, HTTP/2.0, gRPC ...", "network.protocol.version", "http.version", "http_request.version"),
    ),
    *_group(
        "who",
        _column("user_id", "text", "the person or account", "user.id", "user.id", "actor.user.uid"),
        _column("session_id", "text", "chat, conversation or login session", "session.id", "session.id", "actor.session.uid"),
        _column("team", "text", "team, department or cost centre", "", "user.group.name", "actor.user.groups.name"),
        _column("tenant", "text", "customer or organisation", "", "organization.id", "cloud.org.uid"),
        _column("api_key_hash", "text", "hash of the API key; the key itself is never kept"),
        _column("client_ip", "text", "address of the caller", "client.address", "client.ip", "src_endpoint.ip"),
        _column("client_port", "int", "port of the caller", "client.port", "client.port", "src_endpoint.port"),
        _column("server_address", "text", "host or address that was called", "server.address", "server.address", "dst_endpoint.hostname"),
        _column("server_port", "int", "port that was called", "server.port", "server.port", "dst_endpoint.port"),
    ),
    *_group(
        "error",
        _column("error_type", "text", "class of the error in the source's own words", "error.type", "error.type", "error"),
        _column("exception_type", "text", "fully qualified type of the innermost cause shown last", "exception.type", "error.type"),
        _column("exception_message", "text", "the exception's message", "exception.message", "error.message"),
        _column("exception_stacktrace", "text", "the whole traceback, chained ones included", "exception.stacktrace", "error.stack_trace"),
        _column("exception_frame", "text", "innermost frame of the service's own code, as file:line in function"),
        _column("exception_fingerprint", "text", "hash of type, normalised message and own frame: like exceptions share it", "", "error.grouping_key"),
    ),
    *_group(
        "AI call",
        _column("operation", "text", "chat, embeddings, execute_tool ...", "gen_ai.operation.name"),
        _column("provider", "text", "who sells the model", "gen_ai.provider.name"),
        _column("model", "text", "the model asked for", "gen_ai.request.model", "", "ai_model.name"),
        _column("response_model", "text", "the model that answered", "gen_ai.response.model"),
        _column("response_id", "text", "the provider's id of the answer", "gen_ai.response.id"),
        _column("input_tokens", "int", "tokens read, cached ones included", "gen_ai.usage.input_tokens"),
        _column("output_tokens", "int", "tokens written, reasoning included", "gen_ai.usage.output_tokens"),
        _column("cache_read_tokens", "int", "input tokens served from a cache", "gen_ai.usage.cache_read.input_tokens"),
        _column("cache_write_tokens", "int", "input tokens written to a cache", "gen_ai.usage.cache_write.input_tokens"),
        _column("reasoning_tokens", "int", "output tokens spent on reasoning", "gen_ai.usage.reasoning.output_tokens"),
        _column("audio_input_tokens", "int", "audio tokens read"),
        _column("audio_output_tokens", "int", "audio tokens written"),
        _column("image_input_tokens", "int", "image tokens read"),
        _column("image_output_tokens", "int", "image tokens written"),
        _column("total_tokens", "int", "all tokens, as the source counts them", "llm.usage.total_tokens"),
        _column("usage_details", "json", "the provider's usage block as sent"),
        _column("cost_usd", "money", "cost in US dollars, by Clew's price list"),
        _column("cost_details", "json", "parts of the cost"),
        _column("price_source", "text", "which price list, of which date"),
        _column("ttft_ms", "float", "time to the first token", "gen_ai.response.time_to_first_chunk"),
        _column("queue_ms", "float", "time in the model server's queue", "gen_ai.latency.time_in_queue"),
        _column("prefill_ms", "float", "time reading the prompt", "gen_ai.latency.time_in_model_prefill"),
        _column("decode_ms", "float", "time writing the answer", "gen_ai.latency.time_in_model_decode"),
        _column("inference_ms", "float", "time in the model", "gen_ai.latency.time_in_model_inference"),
        _column("is_streamed", "bool", "whether the answer was streamed", "gen_ai.request.stream"),
        _column("finish_reason", "text", "why the answer ended; several joined by a comma", "gen_ai.response.finish_reasons"),
        _column("max_tokens", "int", "limit asked for", "gen_ai.request.max_tokens"),
        _column("temperature", "float", "sampling temperature", "gen_ai.request.temperature"),
        _column("top_p", "float", "nucleus sampling", "gen_ai.request.top_p"),
        _column("top_k", "float", "top-k sampling", "gen_ai.request.top_k"),
        _column("seed", "int", "random seed", "gen_ai.request.seed"),
        _column("frequency_penalty", "float", "frequency penalty", "gen_ai.request.frequency_penalty"),
        _column("presence_penalty", "float", "presence penalty", "gen_ai.request.presence_penalty"),
        _column("stop_sequences", "json", "stop sequences", "gen_ai.request.stop_sequences"),
        _column("choice_count", "int", "how many answers were asked for", "gen_ai.request.choice.count"),
        _column("reasoning_level", "text", "reasoning effort asked for", "gen_ai.request.reasoning.effort"),
        _column("previous_response_id", "text", "the answer this call continues", "gen_ai.request.previous_response_id"),
        _column("output_type", "text", "text, json, image ...", "gen_ai.output.type"),
        _column("request_params", "json", "other parameters of the request"),
        _column("service_tier", "text", "batch, priority ...", "openai.response.service_tier"),
        _column("system_fingerprint", "text", "the backend's fingerprint", "openai.response.system_fingerprint"),
        _column("guardrail_id", "text", "guardrail that ran", "aws.bedrock.guardrail.id"),
        _column("cost_given_usd", "money", "cost that the source itself claimed"),
        _column("error_class", "text", "bad_request, auth, rate_limited, timeout ..."),
        _column("server_ms", "float", "the provider's own processing time"),
        _column("retry_after_s", "float", "how long the provider asked to wait", "http.response.header.retry-after"),
        _column("rate_limit_requests", "int", "requests allowed in the window"),
        _column("rate_limit_requests_remaining", "int", "requests left in the window"),
        _column("rate_limit_tokens", "int", "tokens allowed in the window"),
        _column("rate_limit_tokens_remaining", "int", "tokens left in the window"),
    ),
    *_group(
        "content",
        _column("prompt", "text", "the last user turn"),
        _column("completion", "text", "the answer"),
        _column("system_instructions", "text", "the system prompt", "gen_ai.system_instructions"),
        _column("input_messages", "json", "all messages sent", "gen_ai.input.messages"),
        _column("output_messages", "json", "all messages received", "gen_ai.output.messages"),
        _column("prompt_hash", "text", "hash of the prompt"),
        _column("prompt_name", "text", "name of the prompt", "gen_ai.prompt.name"),
        _column("prompt_version", "text", "version of the prompt", "gen_ai.prompt.version"),
        _column("prompt_template", "text", "template the prompt was made from", "llm.prompt_template.template"),
        _column("prompt_injection_score", "float", "how much the prompt looks like an injection, 0 to 1; clew detect prompt_injection fills it"),
        _column("jailbreak_score", "float", "how much the prompt looks like a jailbreak, 0 to 1; clew detect jailbreak fills it"),
    ),
    *_group(
        "agent, tool, retrieval",
        _column("agent_id", "text", "the agent's id", "gen_ai.agent.id"),
        _column("agent_name", "text", "the agent's name", "gen_ai.agent.name"),
        _column("agent_version", "text", "the agent's version", "gen_ai.agent.version"),
        _column("workflow_name", "text", "the workflow", "gen_ai.workflow.name"),
        _column("step_name", "text", "the step in the workflow"),
        _column("tool_name", "text", "the tool called", "gen_ai.tool.name"),
        _column("tool_call_id", "text", "id of the tool call", "gen_ai.tool.call.id"),
        _column("tool_type", "text", "function, extension, datastore", "gen_ai.tool.type"),
        _column("tool_arguments", "json", "what the tool was given", "gen_ai.tool.call.arguments"),
        _column("tool_result", "text", "what the tool gave back", "gen_ai.tool.call.result"),
        _column("tool_definitions", "json", "tools offered to the model", "gen_ai.tool.definitions"),
        _column("mcp_method", "text", "MCP method", "mcp.method.name"),
        _column("mcp_session_id", "text", "MCP session", "mcp.session.id"),
        _column("mcp_resource_uri", "text", "MCP resource", "mcp.resource.uri"),
        _column("data_source_id", "text", "the knowledge base asked", "gen_ai.data_source.id"),
        _column("retrieval_query", "text", "what was searched for", "gen_ai.retrieval.query.text"),
        _column("retrieved_documents", "json", "documents found", "gen_ai.retrieval.documents"),
        _column("retrieval_top_k", "int", "documents asked for", "gen_ai.retrieval.top_k"),
        _column("embedding_dimensions", "int", "dimensions of an embedding", "gen_ai.embeddings.dimension.count"),
        _column("eval_name", "text", "the evaluation", "gen_ai.evaluation.name"),
        _column("eval_score", "float", "its score", "gen_ai.evaluation.score.value"),
        _column("eval_label", "text", "its label", "gen_ai.evaluation.score.label"),
        _column("eval_explanation", "text", "its reason", "gen_ai.evaluation.explanation"),
    ),
    *_group(
        "database",
        _column("db_system", "text", "postgresql, redis ...", "db.system.name"),
        _column("db_operation", "text", "SELECT, GET ...", "db.operation.name"),
        _column("db_collection", "text", "table or collection", "db.collection.name"),
        _column("db_namespace", "text", "database", "db.namespace"),
        _column("db_query", "text", "the statement", "db.query.text"),
        _column("db_rows", "int", "rows returned", "db.response.returned_rows"),
    ),
    *_group(
        "prediction",
        _column("model_version", "text", "version of a model that the service runs itself"),
        _column("prediction", "text", "what the model predicted"),
        _column("confidence", "float", "how sure it was, 0 to 1"),
        _column("label", "text", "what turned out to be true"),
        _column("input_hash", "text", "hash of the input"),
        _column("input_features", "json", "the input, by feature name"),
        _column("experiment", "text", "experiment the request belongs to"),
        _column("variant", "text", "arm of the experiment"),
        _column("feedback", "text", "what the user said of the answer"),
    ),
    *_group(
        "pipeline",
        _column("run_id", "text", "one run of a pipeline", "cicd.pipeline.run.id"),
        _column("stage", "text", "a stage of it", "cicd.pipeline.task.name"),
        _column("stage_status", "text", "how the stage ended", "cicd.pipeline.task.run.result"),
        _column("metric_name", "text", "a measured quantity"),
        _column("metric_value", "float", "its value; the sum of a histogram's data point"),
        _column("metric_unit", "text", "its unit as the source writes it, such as By or ms"),
    ),
    *_group(
        "flow",
        _column("src_ip", "text", "address that opened the flow", "source.address", "source.ip", "src_endpoint.ip"),
        _column("src_port", "int", "its port", "source.port", "source.port", "src_endpoint.port"),
        _column("dst_ip", "text", "address that was reached", "destination.address", "destination.ip", "dst_endpoint.ip"),
        _column("dst_port", "int", "its port", "destination.port", "destination.port", "dst_endpoint.port"),
        _column("transport", "text", "tcp, udp ...", "network.transport", "network.transport", "connection_info.protocol_name"),
        _column("bytes_out", "int", "bytes from source to destination", "", "source.bytes", "traffic.bytes_out"),
        _column("bytes_in", "int", "bytes from destination to source", "", "destination.bytes", "traffic.bytes_in"),
        _column("packets_out", "int", "packets from source to destination", "", "source.packets", "traffic.packets_out"),
        _column("packets_in", "int", "packets from destination to source", "", "destination.packets", "traffic.packets_in"),
        _column("action", "text", "accept, reject ...", "", "event.action", "action"),
        _column("community_id", "text", "hash of the five-tuple", "", "network.community_id", "connection_info.community_uid"),
    ),
    *_group(
        "change",
        _column("change_type", "text", "deployment, configuration, start, model"),
        _column("change_target", "text", "what was changed"),
        _column("change_version", "text", "the version it was changed to"),
    ),
    *_group(
        "rest",
        _column("tags", "json", "labels without values", "", "tags", "metadata.labels"),
        _column("resource_attributes", "json", "what else the resource said"),
    ),
)

BY_NAME: dict[str, Column] = {column.name: column for column in COLUMNS}

OWN = ("event_id", "source_id", "source_format", "line", "byte_offset", "price_source", "service_source")
"""Columns that Clew fills itself. A source's key of such a name means something else: it is an attribute."""

SEVERITIES: dict[str, int] = {"TRACE": 1, "DEBUG": 5, "INFO": 9, "WARN": 13, "ERROR": 17, "FATAL": 21}
"""Severity text to OpenTelemetry's lowest number of that range."""


def filled(row: dict[str, Any]) -> dict[str, Any]:
    """An event without its empty columns; `attributes` without what stands in a column already."""
    found = {name: value for name, value in row.items() if value is not None}
    own = found.get("attributes")
    if isinstance(own, dict):
        found["attributes"] = {key: value for key, value in own.items() if key not in BY_NAME}
        if not found["attributes"]:
            del found["attributes"]
    return found
