"""What real traffic calls each column: the one table behind parsing, search and rules.

`SPELLINGS` maps a field's name, lower case and with dots where it was nested, to a canonical column.
`resolve` takes any name a person may type: canonical, OpenTelemetry, ECS, OCSF, or a spelling.
The generative-AI keys are in vocabulary.json beside this file, because they keep being renamed.

A name that several columns could mean stands once, under the meaning that logs give it most often.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from clew.model.event import BY_NAME, COLUMNS


@dataclass(frozen=True, slots=True)
class Spelling:
    """What a field's name means.

    column    the canonical column
    unit      of a duration: ns, us, ms, s, min; `guess` where the name does not tell; else ""
    priority  the lower one wins where a record has several names of one column
    """

    column: str
    unit: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Name:
    """A name resolved: a canonical column, or a key of `attributes`; exactly one is set.

    scale      what a value typed under this name is multiplied by, such as 1000 for seconds
    otherwise  the column that a format may have put it in, where the attribute is not there: names
               such as `code` or `reason` fill a column only if no surer name does
    """

    column: str | None = None
    attribute: str | None = None
    scale: float = 1.0
    otherwise: str | None = None


WRAPPERS = (
    "resource.attributes", "resource_attributes", "record.extra", "attributes", "attrs", "attr", "extra",
    "extras", "extra_data", "fields", "context", "ctx", "contextmap", "mdc", "labels",
    "jsonpayload", "json_payload", "properties", "record", "resource", "body", "event", "custom",
)  # fmt: skip
"""Objects that only wrap: `{"extra": {"team": "x"}}` says team. Longest names first."""
PLAIN: dict[str, str] = {
    "timestamp": (
        "startutc @timestamp t.$date time timestamp ts t date datetime asctime eventtime event_time created "
        "created_at logged_at log_time time_local time_iso8601 start_time starttime "
        "start_timestamp request_time_utc time_utc timestamp_utc date_utc when instant timemillis "
        "timestampmillis time_unix_nano timeunixnano epoch receivetimestamp received_at "
        "record.time.timestamp @t edgestarttimestamp __realtime_timestamp timegenerated requesttime "
        "lasttimestamp started_at at system.timecreated.#attributes.systemtime "
        "system.timecreated.systemtime utctime"
    ),
    "observed_timestamp": "observed_timestamp observedtimestamp ingested_at event.ingested",
    "severity": (
        "severity level lvl levelname level_name loglevel log_level log.level severity_text "
        "severitytext priority levelno level_value levelvalue record.level.name log.severity @l"
    ),
    "message": (
        "message msg event log text body short_message full_message textpayload "
        "jsonpayload.message log.message record.message text_payload description summary @m @mt "
        "renderedmessage messagetemplate resultdescription log_s"
    ),
    "event_name": "event_name eventname event.name event.action event_type eventtype",
    "logger": (
        "logger logger_name loggername log.logger name record.name module category component "
        "scope otel.scope.name channel logger.name sourcecontext"
    ),
    "service": (
        "service service_name servicename service.name svc cloud_rolename app application app_name appname "
        "application_name program dd.service resource.service.name component_name deployment_name "
        "record.extra.service servicecontext.service syslog_identifier containerappname_s "
        "containerappname projectname"
    ),
    "service_version": (
        "service_version service.version version app_version release build_version "
        "servicecontext.version dd.version build image_tag revisionname_s "
        "resource.labels.revision_name"
    ),
    "service_instance": (
        "service_instance service.instance.id instance instance_id replica replica_id insertid "
        "cloud_roleinstance @logstream logstreamname"
    ),
    "environment": (
        "environment env deployment.environment deployment.environment.name stage_name dd.env "
        "service.environment"
    ),
    "host": (
        "host hostname host.name host_name node node_name server machine machine_name "
        "resource.labels.instance_id computer"
    ),
    "region": "region cloud.region aws_region location zone datacenter dc resource.labels.location",
    "k8s_namespace": (
        "k8s_namespace k8s.namespace.name namespace kubernetes.namespace_name "
        "kubernetes.namespace resource.labels.namespace_name"
    ),
    "k8s_pod": (
        "k8s_pod k8s.pod.name pod pod_name kubernetes.pod_name kubernetes.pod.name "
        "resource.labels.pod_name cmdb_id"
    ),
    "container": (
        "container container_name container.name container_id container.id "
        "kubernetes.container_name kubernetes.container.name k8s.container.name containername "
        "resource.labels.container_name"
    ),
    "process_id": "process_id pid process process.pid record.process.id",
    "thread": (
        "thread thread_name threadname thread.name thread_id tid process.thread.name "
        "record.thread.name taskname logger.thread_name"
    ),
    "trace_id": (
        "trace_id traceid trace otel_trace_id oteltraceid dd.trace_id trace.id traceparent "
        "@tr logging.googleapis.com/trace x_trace_id x_b3_traceid x_amzn_trace_id "
        "x_cloud_trace_context"
    ),
    "span_id": (
        "span_id spanid span otel_span_id otelspanid dd.span_id span.id "
        "@sp logging.googleapis.com/spanid x_b3_spanid"
    ),
    "parent_span_id": "parent_span_id parentspanid parent_id parentid parent.id x_b3_parentspanid",
    "span_name": "span_name spanname span.name operation_name",
    "span_kind": "span_kind spankind span.kind",
    "status_message": "status_message statusmessage error_description error_str",
    "request_id": (
        "request_id requestid req_id reqid rid correlation_id correlationid x_request_id "
        "x_correlation_id http.request.id http.request_id req.id request.id transaction.id "
        "call_id litellm_call_id x_amzn_requestid client_request_id rayid"
    ),
    "http_method": (
        "http_method httpmethod method verb request_method http.request.method http.method "
        "req.method request.method httprequest.requestmethod http_verb clientrequestmethod "
        "proxy.method csmethod request request_line"
    ),
    "http_route": (
        "http_route httproute route http.route endpoint_template route_name path_template url_rule"
    ),
    "url_path": (
        "url_path url path uri request_uri requesturi request_path requestpath endpoint "
        "resource_path url.path url.full http.url http.target url.original req.url req.path "
        "request.url request.path request.uri httprequest.requesturl http.path http_path target api_path "
        "api_endpoint clientrequesturi proxy.path csuristem"
    ),
    "url_query": "url_query query query_string querystring url.query args req.query_string csuriquery",
    "http_status": (
        "http_status httpstatus status_code statuscode response_code responsecode response_status "
        "status http_status_code http.status_code http.response.status_code code res.statuscode "
        "res.status response.status response.status_code httprequest.status http_response_code "
        "sc_status scstatus downstreamstatus edgeresponsestatus proxy.statuscode"
    ),
    "request_bytes": (
        "request_bytes request_length request_size requestsize http.request.body.bytes "
        "http.request.body.size http.request_content_length httprequest.requestsize bytes_received requestcontentsize "
        "csbytes content_length"
    ),
    "response_bytes": (
        "response_bytes body_bytes_sent bytes_sent bytes response_size responsesize "
        "response_length http.response.body.bytes http.response.body.size "
        "http.response_content_length "
        "httprequest.responsesize res.headers.content-length bytes_written size resp_bytes "
        "response.size downstreamcontentsize edgeresponsebytes scbytes"
    ),
    "user_agent": (
        "user_agent useragent http_user_agent user_agent.original agent ua http.user_agent "
        "req.headers.user-agent httprequest.useragent request.headers.user-agent "
        "request_user-agent clientrequestuseragent proxy.useragent csuseragent"
    ),
    "referer": (
        "referer referrer http_referer http.request.referrer req.headers.referer "
        "httprequest.referer"
    ),
    "upstream_address": (
        "upstream_address upstream_addr upstream backend upstream_host httprequest.serverip "
        "serviceaddr originip"
    ),
    "upstream_status": "upstream_status backend_status originstatus originresponsestatus",
    "protocol": (
        "protocol http_version server_protocol http.version http.flavor httprequest.protocol "
        "requestprotocol clientrequestprotocol request.proto scheme"
    ),
    "user_id": (
        "user_id userid user uid user.id end_user enduser enduser.id customer_id customerid "
        "username user_name user.name account_id client_id principal remote_user usr.id consumer.username "
        "clientusername sub actor actor.alternate_id actor.alternateid event_initiated_by"
    ),
    "session_id": (
        "session_id sessionid session session.id conversation_id conversationid chat_id "
        "thread_key gen_ai.conversation.id"
    ),
    "team": (
        "team team_id team_name org org_unit department cost_center costcenter group user.group"
    ),
    "tenant": (
        "tenant tenant_id tenantid organization organization_id organisation org_id workspace "
        "workspace_id project project_id customer account tenant.id organization.id workspace.id customer.id"
    ),
    "api_key_hash": (
        "api_key apikey key_id keyid api_key_id api_key_hash key_hash x_api_key user_api_key_hash "
        "access_key_id token_id api_key_name"
    ),
    "client_ip": (
        "client_ip clientip source_ip src_addr remote_addr remoteaddr remote_ip remoteip client "
        "ip ip_address ipaddress client_addr clientaddr client.address client.ip source.ip "
        "http.client_ip http_x_forwarded_for x_forwarded_for x_real_ip req.remoteaddress req.ip "
        "httprequest.remoteip requester_ip_address calleripaddress peer caller_ip host_ip request.client_ip "
        "request.remote_ip clienthost proxy.clientip cip actor_ip actor_ip_address source_ip_address "
        "sourceipaddress client_ip_address client.ip_address client.ipaddress"
    ),
    "client_port": "client_port remote_port req.remoteport client.port source.port",
    "server_address": (
        "server_address server_name servername virtual_host vhost server.address http_host "
        "req.headers.host net.peer.name http.host http.server_name net.host.name request.host requesthost "
        "clientrequesthost request.headers.host authority cshost"
    ),
    "server_port": "server_port server.port net.peer.port net.host.port",
    "error_type": (
        "error_type errortype error_code errorcode error.code err.code error_class_name "
        "error.type error.kind"
    ),
    "exception_type": (
        "exception_type exc_type exception.type exception_class err.type err.name error.name "
        "exception.class exc.type error_name exc_name record.exception.type"
    ),
    "exception_message": (
        "exception_message exc_message exception.message err.message error.message error_message "
        "errormessage errmsg err error exc exc_value cause record.exception.value reason"
    ),
    "exception_stacktrace": (
        "exception_stacktrace stacktrace stack_trace stack traceback exc_info exc_text exception "
        "exception.stacktrace err.stack error.stack error.stack_trace error_stack throwable "
        "exc_traceback record.exception.traceback error_stack_trace backtrace @x"
    ),
    "operation": "operation gen_ai.operation.name call_type operationname request_type",
    "provider": "provider llm_provider custom_llm_provider vendor model_provider api_provider ai_provider",
    "model": (
        "model model_id model_name modelname modelid engine deployment llm_model model_deployment "
        "requested_model request_model model_requested request.model ai_model llm_model_name"
    ),
    "response_model": "response_model responsemodel model_used served_model",
    "response_id": "response_id responseid completion_id generation_id",
    "input_tokens": (
        "input_tokens prompt_tokens tokens_in input_token_count prompt_token_count inputtokens "
        "prompttokens tokens_prompt usage.prompt_tokens usage.input_tokens n_prompt_tokens "
        "num_prompt_tokens prompt_eval_count input_tokens_count request_tokens tokens.input "
        "n_input_tokens num_input_tokens usage_prompt_tokens usage_input_tokens llm_input_tokens "
        "tokens.prompt"
    ),
    "output_tokens": (
        "output_tokens completion_tokens tokens_out output_token_count completion_token_count "
        "outputtokens completiontokens tokens_completion usage.completion_tokens "
        "usage.output_tokens generated_tokens num_completion_tokens n_completion_tokens eval_count response_tokens "
        "n_output_tokens num_output_tokens usage_completion_tokens usage_output_tokens llm_output_tokens "
        "tokens.output tokens.completion"
    ),
    "cache_read_tokens": (
        "cache_read_tokens cached_tokens cache_read_input_tokens usage.cache_read_input_tokens "
        "usage.prompt_tokens_details.cached_tokens cached_input_tokens cached_token_count "
        "cached_prompt_tokens prompt_cached_tokens input_cached_tokens cache_hit_tokens "
        "usage.input_tokens_details.cached_tokens usage.cached_tokens prompt_cache_hit_tokens"
    ),
    "cache_write_tokens": (
        "cache_write_tokens cache_creation_input_tokens usage.cache_creation_input_tokens "
        "cache_creation_tokens cache_write_input_tokens cache_creation_token_count input_cache_write_tokens"
    ),
    "reasoning_tokens": (
        "reasoning_tokens usage.completion_tokens_details.reasoning_tokens thinking_tokens "
        "thoughts_token_count usage.output_tokens_details.reasoning_tokens usage.reasoning_tokens "
        "reasoning_token_count output_reasoning_tokens reasoning_output_tokens"
    ),
    "audio_input_tokens": (
        "audio_input_tokens input_audio_tokens prompt_audio_tokens "
        "usage.prompt_tokens_details.audio_tokens usage.input_tokens_details.audio_tokens"
    ),
    "audio_output_tokens": (
        "audio_output_tokens output_audio_tokens completion_audio_tokens "
        "usage.completion_tokens_details.audio_tokens usage.output_tokens_details.audio_tokens"
    ),
    "image_input_tokens": (
        "image_input_tokens input_image_tokens prompt_image_tokens usage.input_tokens_details.image_tokens"
    ),
    "total_tokens": (
        "total_tokens tokens_used tokens token_count totaltokens num_tokens tokens_total "
        "usage.total_tokens total_token_count"
    ),
    "cost_given_usd": (
        "cost_given_usd cost price amount_usd cost_dollars total_cost usd spend response_cost "
        "total_cost_usd cost_in_usd price_usd spend_usd estimated_cost request_cost llm_cost api_cost "
        "cost_usd_total estimated_cost_usd"
    ),
    "is_streamed": "is_streamed stream streaming is_streaming streamed",
    "finish_reason": "finish_reason finishreason stop_reason stopreason done_reason",
    "max_tokens": "max_tokens maxtokens max_output_tokens max_completion_tokens max_new_tokens",
    "choice_count": "choice_count n_choices",
    "service_tier": "service_tier",
    "prompt": (
        "prompt prompts user_prompt input_text question user_input user_message prompt_text input "
        "query_text user_query user_question instruction llm.prompt llm.input request.prompt request.input "
        "inputs.question inputs.input inputs.query inputs.prompt inputs.text input.question input.input input.query "
        "input.prompt input.text inputs"
    ),
    "completion": (
        "completion response response_text output_text answer assistant_message output "
        "generated_text llm_response completion_text reply bot_response bot_reply assistant_response model_output "
        "model_response"
    ),
    "system_instructions": "system_instructions system_prompt systemprompt system_message",
    "input_messages": "input_messages messages prompt_messages request.messages inputs.messages input.messages",
    "output_messages": "output_messages choices tool_calls",
    "retrieved_documents": (
        "retrieved_documents retrieved_docs retrieved_chunks retrieved_contexts source_documents documents contexts"
    ),
    "guardrail_id": (
        "guardrail_id guardrail guardrail_name guardrail.id guardrail.name guardrails.id guardrails.name"
    ),
    "tool_definitions": (
        "tool_definitions tools result.tools response.tools response.result.tools message.result.tools "
        "body.result.tools"
    ),
    "prompt_hash": "prompt_hash prompt_sha256 prompt_digest",
    "prompt_template": "prompt_template template template_id prompt_template_id",
    "prompt_injection_score": "prompt_injection_score injection_score prompt_injection_probability",
    "jailbreak_score": "jailbreak_score jailbreak_probability",
    "agent_name": "agent_name",
    "tool_name": "tool_name tool function_name tool.name",
    "tool_arguments": "tool_arguments tool_args tool_input",
    "tool_result": "tool_result tool_output",
    "db_system": "db_system db.system db.system.name db.type",
    "db_namespace": "db_namespace db.instance",
    "db_collection": "db_collection db.mongodb.collection db.cassandra.table",
    "db_query": "db_query sql statement db.statement db.query.text",
    "model_version": "model_version modelversion model_ver model.version ml_model_version",
    "prediction": "prediction predicted predicted_label predicted_class y_pred prediction_value",
    "confidence": "confidence probability proba confidence_score pred_proba prediction_confidence",
    "label": "label ground_truth actual y_true true_label",
    "input_features": "input_features features feature_values model_input inputs",
    "experiment": "experiment experiment_id experiment_name ab_test",
    "variant": "variant variant_id arm treatment_group bucket_name",
    "feedback": "feedback user_feedback rating thumbs",
    "run_id": "run_id runid pipeline_run_id dag_run_id job_run_id",
    "stage": "stage step pipeline_stage task_id task_name",
    "stage_status": "stage_status task_status step_status",
    "metric_name": "metric_name metricname metric.name kpi_name kpi metric measurement",
    "metric_value": "metric_value metricvalue metric.value kpi_value",
    "src_ip": "src_ip srcaddr srcip source_address",
    "src_port": "src_port srcport source_port",
    "dst_ip": "dst_ip dstaddr dest_ip dstip destination_ip destination.ip",
    "dst_port": "dst_port dstport dest_port destination_port destination.port",
    "transport": "transport proto network.transport",
    "change_type": "change_type change.type deployment_event",
    "change_target": "change_target change.target",
    "change_version": "change_version change.version deployed_version new_version",
    "tags": "tags request_tags",
}
"""Canonical column to the names that plain logs give it, the surest first."""

ZAP_DEVELOPMENT = {
    "L": "severity", "M": "message", "N": "logger", "S": "exception_stacktrace",
}  # fmt: skip
"""What zap's development encoder calls its keys: single letters, and only as capitals."""
OF_THE_JOURNAL = frozenset({"_UID", "_GID", "__MONOTONIC_TIMESTAMP"})
"""Names of systemd's journal that mean no column: its users are the machine's own."""
DATADOG = frozenset({"ddsource", "ddtags", "dd.trace_id", "dd.service", "dd.env"})
"""Names by which Datadog's own records are known."""
DASHED = ("user_id", "user_agent", "referer", "request_id", "upstream_address")
"""Columns in which a server writes a dash for nothing."""

DURATIONS: dict[str, dict[str, str]] = {
    "duration_ms": {
        "ms": (
            "duration_ms latency_ms elapsed_ms response_time_ms responsetime_ms time_ms took_ms "
            "request_time_ms total_ms execution_time_ms processing_time_ms durationms latencyms "
            "elapsedms response_ms responsetime duration_millis elapsed_millis time_taken_ms "
            "total_time_ms processing_ms rt_ms latencies.request responselatency record.metrics.durationms"
        ),
        "s": (
            "duration_s latency_s elapsed_s duration_seconds latency_seconds elapsed_seconds "
            "response_time_s response_time_seconds request_time time_seconds seconds duration_sec "
            "elapsed_sec processing_time_s took_s httprequest.latency rt execution_time_s"
        ),
        "us": (
            "duration_us latency_us elapsed_us time_us duration_micros request_time_us durationus "
            "duration_microseconds durationmicros"
        ),
        "ns": (
            "duration_ns latency_ns elapsed_ns duration_nanos duration_nano duration_nanoseconds "
            "event.duration durationnanos durationnano durationns total_duration"
        ),
        "guess": (
            "duration latency elapsed took response_time time_taken timetaken processing_time "
            "elapsed_time request_duration execution_time http.duration runtime dur"
        ),
    },
    "upstream_ms": {
        "ms": "upstream_ms upstream_response_ms backend_ms latencies.proxy integrationlatency upstream_service_time",
        "ns": "originduration originresponsetime",
        "s": "upstream_response_time urt upstream_time backend_time",
    },
    "ttft_ms": {
        "ms": "ttft_ms time_to_first_token_ms first_token_ms time_to_first_byte_ms",
        "s": "ttft_s time_to_first_token_s time_to_first_token_seconds",
        "guess": "ttft time_to_first_token first_token_latency",
    },
    "queue_ms": {
        "ms": "queue_ms queue_time_ms",
        "s": "queue_s",
        "guess": "queue_time",
    },
    "retry_after_s": {
        "s": "retry_after retry_after_s retry_after_seconds",
    },
    "server_ms": {
        "ms": "server_ms openai_processing_ms processing_ms_server",
    },
}
"""Columns that are durations: unit to names. `guess`: the size of the values tells the unit."""

UNITS_TOLD: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("duration", "ns", ("downstreamstatus", "overhead")),  # Traefik
    ("duration", "ns", ("ddsource",)),  # Datadog
    ("duration", "ns", ("ddtags",)),
    ("duration", "ns", ("dd.trace_id",)),
    ("duration", "ms", ("controller", "action")),  # Rails
    ("duration", "ms", ("response_flags",)),  # Envoy
    ("duration", "s", ("resp_headers.server",)),  # Caddy
)
"""Durations whose unit the names beside them tell: name, unit, and the names of the writer."""

WEAK_NAMES = """
account actor agent backend body bucket_name category cause channel client code component
content_length created customer date deployment description endpoint engine err error event
experiment features group host input insertid instance ip label level_value levelno location
log machine metric module name node output peer prediction priority process project query
rating reason request response scheme scope server session size span stage statement step
stream sub summary t target template text tokens tool trace upstream version zone
"""
WEAK = frozenset(WEAK_NAMES.split())
"""Names that give way to any other name of their column."""


def _spellings() -> dict[str, Spelling]:
    found: dict[str, Spelling] = {}
    for column, names in PLAIN.items():
        for rank, name in enumerate(names.split()):
            found.setdefault(name, Spelling(column, "", rank + (50 if name in WEAK else 0)))
    for column, units in DURATIONS.items():
        for unit, names in units.items():
            for rank, name in enumerate(names.split()):
                later = 30 if unit == "guess" else 0
                found.setdefault(name, Spelling(column, unit, rank + later))
    for key, column, scale, priority in _generative():
        if key in found or column not in BY_NAME:
            continue
        unit = ("s" if scale == 1000 else "ms") if column.endswith("_ms") else ""
        found[key] = Spelling(column, unit, 10 + priority)
    for column_ in COLUMNS:
        for standard in (column_.otel, column_.ecs, column_.ocsf):
            if "." in standard and standard.lower() not in found:
                unit = "ns" if standard == "event.duration" else ""
                found[standard.lower()] = Spelling(column_.name, unit, 20)
    return found


def _generative() -> Iterator[tuple[str, str, float, int]]:
    """Key in lower case, column, scale and priority, from vocabulary.json."""
    for key, meaning in GENERATIVE["exact"].items():
        yield key.lower(), meaning["column"], meaning["scale"], meaning["priority"]


GENERATIVE = json.loads(Path(__file__).with_name("vocabulary.json").read_text(encoding="utf-8"))
SPELLINGS: dict[str, Spelling] = _spellings()
INDEXED: list[tuple[str, str]] = [
    (indexed["regex"], indexed["base"]) for indexed in GENERATIVE["indexed"] if "base" in indexed
]
"""Keys that are leaves of a structure, such as llm.input_messages.0.message.role: pattern, and the
name of the structure, which has a spelling."""

TYPED_ANYWAY = frozenset({"error", "host", "ip", "session", "tool"})
"""Weak names that a person who searches means all the same."""
SCALES = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "min": 6e4}


def told_unit(name: str, beside: Collection[str]) -> str:
    """The unit of a duration that the names of its record, in lower case, tell, else `guess`."""
    for told, unit, names in UNITS_TOLD:
        if name.lower() == told and all(one in beside for one in names):
            return unit
    return "guess"


def resolve(name: str) -> Name:
    """What a name in a search or a rule means; unknown names are keys of `attributes`.

    >>> resolve("http.response.status_code").column
    'http_status'
    >>> resolve("shoe_size").attribute
    'shoe_size'
    >>> resolve("extra.team").column, resolve("extra.shoe_size").attribute
    ('team', 'shoe_size')
    """
    for spelled in _spelled(name):
        if spelled in BY_NAME:
            return Name(column=spelled)
        if spelled in SPELLINGS:
            return _meant(name, spelled)
    shorter = unwrapped(name)
    if shorter == name or name.startswith("attributes."):
        return Name(attribute=name.removeprefix("attributes.") or name)
    inner = resolve(shorter)
    return Name(attribute=shorter) if inner.column is None and inner.otherwise is None else inner


def unwrapped(name: str) -> str:
    """The name without an object that only wraps: `extra.team` is `team`."""
    for wrapper in WRAPPERS:
        if name.lower().startswith(wrapper + ".") and len(name) > len(wrapper) + 1:
            return name[len(wrapper) + 1 :]
    return name


def _spelled(name: str) -> Iterator[str]:
    """The name as it may stand in the table: requestId is request_id, X-Request-ID x_request_id."""
    yield name
    yield name.lower()
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower().replace("-", "_")
    yield snake
    yield snake.replace("_", "")


def _meant(name: str, spelled: str) -> Name:
    spelling = SPELLINGS[spelled]
    if spelled in WEAK - TYPED_ANYWAY and spelling.column != "timestamp":
        return Name(attribute=name, otherwise=spelling.column)
    scale = 1.0 if spelling.column.endswith("_s") else SCALES.get(spelling.unit, 1.0)
    return Name(column=spelling.column, scale=scale)
