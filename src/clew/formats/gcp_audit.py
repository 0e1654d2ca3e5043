"""Cloud Audit Logs of Google Cloud: LogEntry records whose protoPayload is an AuditLog.

Reads     entries as Cloud Logging exports them, one a line, in one array, or as {"entries": [...]};
          exports of BigQuery, whose column is protopayload_auditlog; messages of Pub/Sub
Returns   one event an entry; error_type is the name of the gRPC status, such as PERMISSION_DENIED.
          Calls of Vertex AI's models are AI calls too (model, provider gcp.vertex_ai)
Blind to  tokens; addresses that Google withholds (callerIp "private" or "gce-internal-ip")
"""

from __future__ import annotations

import base64
import json
from typing import Any

from clew.formats import Settings
from clew.formats import _audit as audit
from clew.formats._audit import AuditLayout, AuditParser
from clew.model.case import Sample

GRPC = (
    "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
    "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
"""Names of the status codes from 1 on: https://grpc.io/docs/guides/status-codes/"""
CLASSES = {
    "PERMISSION_DENIED": "permission", "UNAUTHENTICATED": "auth", "RESOURCE_EXHAUSTED": "rate_limited",
    "NOT_FOUND": "not_found", "INVALID_ARGUMENT": "bad_request", "DEADLINE_EXCEEDED": "timeout",
    "UNAVAILABLE": "overloaded", "INTERNAL": "server_error",
}  # fmt: skip
PAYLOADS = ("/protoPayload", "/protopayload_auditlog")


def _of(*paths: str) -> tuple[str, ...]:
    return tuple(payload + path for path in paths for payload in PAYLOADS)


def _text(*paths: str) -> str:
    return "coalesce(" + ", ".join(f"document->>'{path}'" for path in _of(*paths)) + ")"


CODE = f"try_cast({_text('/status/code')} AS BIGINT)"
NAME = (
    f"CASE {CODE} " + " ".join(f"WHEN {n} THEN '{name}'" for n, name in enumerate(GRPC, 1)) + " END"
)
LOGIN_FAILED = f"regexp_matches({_text('/methodName')}, '(?i)login[._]?failure$')"
"""Google Workspace's sign-ins have no status: the method's name tells."""
IS_MODEL = f"regexp_matches({_text('/methodName')}, '(?i)PredictionService\\.|generateContent|\\.predict$|rawPredict')"
MODEL = f"coalesce({_text('/request/model', '/resourceName')})"

LAYOUT = AuditLayout(
    keys=tuple((path,) for path in _of("/methodName", "/authenticationInfo")),
    names={
        "timestamp": "timestamp", "receiveTimestamp": "observed_timestamp", "severity": "severity", "spanId": "span_id",
        "trace": "trace_id", "span_id": "span_id", "receive_timestamp": "observed_timestamp",
    },
    texts={
        "event_name": _of("/methodName"),
        "service": _of("/serviceName"),
        "user_id": _of("/authenticationInfo/principalEmail", "/authenticationInfo/principalSubject"),
        "user_agent": _of("/requestMetadata/callerSuppliedUserAgent"),
        "tenant": ("/resource/labels/project_id",),
        "region": ("/resource/labels/location", "/resource/labels/region", "/resource/labels/zone"),
        "request_id": ("/operation/id",),
        "status_message": _of("/status/message"),
    },
    derived={
        "client_ip": audit.address(_text("/requestMetadata/callerIp")),
        "error_type": f"coalesce({NAME}, CASE WHEN {LOGIN_FAILED} THEN 'login_failure' END)",
        "error_class": f"CASE coalesce({NAME}, CASE WHEN {LOGIN_FAILED} THEN 'UNAUTHENTICATED' END) "
                       + " ".join(f"WHEN '{name}' THEN '{means}'" for name, means in CLASSES.items()) + " END",
        "status": f"CASE WHEN {CODE} > 0 OR {LOGIN_FAILED} THEN 'error' "
                  f"WHEN {_text('/methodName')} IS NOT NULL THEN 'ok' END",
        "api_key_hash": f"left(sha256({_text('/authenticationInfo/serviceAccountKeyName')}), 16)",
        "model": f"CASE WHEN {IS_MODEL} THEN nullif(list_last(string_split({MODEL}, '/')), '') END",
        "provider": f"CASE WHEN {IS_MODEL} THEN 'gcp.vertex_ai' END",
        "operation": f"CASE WHEN {IS_MODEL} THEN 'chat' END",
    },
    lists=("entries",),
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where entries with an AuditLog stand; other entries of Cloud Logging are jsonl's."""
    return audit.sniff(head, LAYOUT)


def parse(head: bytes, settings: Settings) -> AuditParser:
    """A parser of audit entries."""
    return audit.parse(head, settings, LAYOUT)


_DENIED = (
    '{"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","status":{"code":7,"message":'
    '"Permission \'iam.serviceAccountKeys.create\' denied"},"authenticationInfo":{"principalEmail":"ann@example.com",'
    '"serviceAccountKeyName":"//iam.googleapis.com/projects/p-1/serviceAccounts/app/keys/not-a-real-key"},'
    '"requestMetadata":{"callerIp":"203.0.113.9","callerSuppliedUserAgent":"gcloud/500.0"},"serviceName":'
    '"iam.googleapis.com","methodName":"google.iam.admin.v1.CreateServiceAccountKey","resourceName":'
    '"projects/-/serviceAccounts/1","authorizationInfo":[{"permission":"iam.serviceAccountKeys.create"}]},"insertId":'
    '"i-1","resource":{"type":"service_account","labels":{"project_id":"p-1","unique_id":"1"}},"timestamp":'
    '"2026-11-20T09:00:00.123456789Z","severity":"ERROR","logName":"projects/p-1/logs/cloudaudit.googleapis.com%2Factivity",'
    '"receiveTimestamp":"2026-11-20T09:00:01Z"}'
)
_PREDICT = (
    '{"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","status":{},"authenticationInfo":'
    '{"principalEmail":"app@p-1.iam.gserviceaccount.com"},"requestMetadata":{"callerIp":"private"},"serviceName":'
    '"aiplatform.googleapis.com","methodName":"google.cloud.aiplatform.v1.PredictionService.GenerateContent",'
    '"resourceName":"projects/p-1/locations/us-central1/publishers/google/models/gemini-2.5-flash"},"insertId":"i-2",'
    '"resource":{"type":"audited_resource","labels":{"project_id":"p-1","location":"us-central1"}},"timestamp":'
    '"2026-11-20T09:00:02Z","severity":"INFO"}'
)
_FOUND: list[dict[str, Any]] = [
    {"timestamp": "2026-11-20T09:00:00.123456Z", "event_name": "google.iam.admin.v1.CreateServiceAccountKey",
     "service": "iam.googleapis.com", "user_id": "ann@example.com", "client_ip": "203.0.113.9", "status": "error",
     "error_type": "PERMISSION_DENIED", "error_class": "permission", "user_agent": "gcloud/500.0", "tenant": "p-1",
     "severity": "ERROR", "api_key_hash": "599d50eb16971f61", "provider": None,
     "attributes.protoPayload.resourceName": "projects/-/serviceAccounts/1"},
    {"user_id": "app@p-1.iam.gserviceaccount.com", "client_ip": None, "status": "ok", "error_type": None,
     "model": "gemini-2.5-flash", "provider": "gcp.vertex_ai", "region": "us-central1"},
]  # fmt: skip

SAMPLES = [
    Sample(f"{_DENIED}\n{_PREDICT}\n", _FOUND, name="entries one a line"),
    Sample(f"[\n{_DENIED},\n{_PREDICT}\n]\n", _FOUND, name="an array, as gcloud logging read prints it"),
    Sample(f'{{"entries":[{_DENIED},{_PREDICT}]}}', _FOUND, name="an answer of entries.list"),
    Sample(
        "\n".join(
            json.dumps({
                "message": {"data": base64.b64encode(one.encode()).decode(), "messageId": "1"},
                "subscription": "projects/p-1/subscriptions/audit",
            })
            for one in (_DENIED, _PREDICT)
        ),
        _FOUND, name="messages of Pub/Sub, as a push endpoint gets them",
    ),
    Sample(
        '{"protoPayload":{"serviceName":"login.googleapis.com","methodName":"google.login.LoginService.loginFailure",'
        '"authenticationInfo":{"principalEmail":"ann@example.com"},"requestMetadata":{"callerIp":"203.0.113.9"}},'
        '"timestamp":"2026-11-20T09:00:00Z","severity":"NOTICE"}\n',
        [{"status": "error", "error_type": "login_failure", "error_class": "auth", "user_id": "ann@example.com"}],
        name="a refused sign-in of Google Workspace",
    ),
    Sample(
        '{"logName":"l","timestamp":"2026-11-20 09:00:00 UTC","protopayload_auditlog":{"serviceName":'
        '"bigquery.googleapis.com","methodName":"jobservice.insert","authenticationInfo":{"principalEmail":'
        '"ann@example.com"},"requestMetadata":{"callerIp":"2001:db8::1"},"status":{"code":16}}}\n'
        '{"logName":"l","timestamp":"2026-11-20 09:00:01 UTC","protopayload_auditlog":{"serviceName":'
        '"bigquery.googleapis.com","methodName":"tabledata.list"}}\n',
        [
            {"timestamp": "2026-11-20T09:00:00Z", "client_ip": "2001:db8::1", "error_type": "UNAUTHENTICATED",
             "error_class": "auth", "user_id": "ann@example.com"},
            {"event_name": "tabledata.list", "status": "ok"},
        ],
        name="rows of BigQuery's export",
    ),
]  # fmt: skip
