"""Audit logs of an OpenAI organisation: who signed in, made a key, changed a project.

Reads     answers of /v1/organization/audit_logs, {"object": "list", "data": [...]}; entries alone, one a
          line, {"object": "organization.audit_log", "type", "effective_at", "actor", ...}
Returns   one event an entry; what the entry says of its type stays in attributes under the type's name.
          Failed sign-ins have error_class auth
Units     effective_at is seconds since 1970
Blind to  calls of models: those are in usage exports and gateway logs
"""

from __future__ import annotations

from typing import Any

from clew.formats import Settings
from clew.formats import _audit as audit
from clew.formats._audit import AuditLayout, AuditParser
from clew.model.case import Sample

FAILED = "regexp_matches(document->>'type', '\\.failed$')"
DETAILS = "document->(document->>'type')"
LAYOUT = AuditLayout(
    keys=(("/effective_at", "/type", "/actor"),),
    values={"/object": frozenset({"organization.audit_log"})},
    names={"effective_at": "timestamp", "actor.api_key.id": "api_key_hash"},
    texts={
        "event_name": ("/type",),
        "user_id": ("/actor/session/user/email", "/actor/session/user/id", "/actor/api_key/user/email",
                    "/actor/api_key/user/id", "/actor/api_key/service_account/id"),
        "client_ip": ("/actor/session/ip_address", "/actor/api_key/ip_address"),
        "user_agent": ("/actor/session/user_agent",),
        "team": ("/project/name", "/project/id"),
    },
    derived={
        "service": "CASE WHEN document->>'type' IS NOT NULL THEN 'openai' END",
        "status": f"CASE WHEN {FAILED} THEN 'error' WHEN document->>'type' IS NOT NULL THEN 'ok' END",
        "error_type": f"CASE WHEN {FAILED} THEN ({DETAILS})->>'error_code' END",
        "status_message": f"CASE WHEN {FAILED} THEN ({DETAILS})->>'error_message' END",
        "error_class": audit.login_class(FAILED),
    },
    lists=("data",),
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where entries of the audit log stand, alone or as an answer of the API."""
    return audit.sniff(head, LAYOUT)


def parse(head: bytes, settings: Settings) -> AuditParser:
    """A parser of the audit log's entries."""
    return audit.parse(head, settings, LAYOUT)


_KEY = (
    '{"object":"organization.audit_log","id":"audit_log-1","type":"api_key.created","effective_at":1763629200,'
    '"project":{"id":"proj_1","name":"support"},"actor":{"type":"session","session":{"user":{"id":"user-1","email":'
    '"ann@example.com"},"ip_address":"203.0.113.9","user_agent":"Mozilla/5.0","ip_address_details":{"country":"PT",'
    '"city":"Lisbon","latitude":"38.7","longitude":"-9.1","asn":"64500"}}},"api_key.created":{"id":"key_xxxx","data":'
    '{"scopes":["resource.operation"]}}}'
)
_LOGIN = (
    '{"object":"organization.audit_log","id":"audit_log-2","type":"login.failed","effective_at":1763629205,"actor":'
    '{"type":"session","session":{"user":{"id":"user-1","email":"ann@example.com"},"ip_address":"198.51.100.7",'
    '"user_agent":"curl/8.5.0"}},"login.failed":{"error_code":"invalid_password","error_message":"Wrong password"}}'
)
_BY_KEY = (
    '{"object":"organization.audit_log","id":"audit_log-3","type":"project.archived","effective_at":1763629210,'
    '"actor":{"type":"api_key","api_key":{"type":"service_account","service_account":{"id":"sa-1"},"id":"key_2"}},'
    '"project.archived":{"id":"proj_2"}}'
)
_FOUND: list[dict[str, Any]] = [
    {"timestamp": "2025-11-20T09:00:00Z", "event_name": "api_key.created", "user_id": "ann@example.com",
     "client_ip": "203.0.113.9", "team": "support", "service": "openai", "status": "ok", "provider": None,
     "attributes.api_key.created.id": "key_xxxx", "attributes.actor.session.ip_address_details.country": "PT"},
    {"event_name": "login.failed", "status": "error", "error_class": "auth", "error_type": "invalid_password",
     "status_message": "Wrong password", "user_agent": "curl/8.5.0"},
    {"event_name": "project.archived", "user_id": "sa-1", "api_key_hash": "key_2", "client_ip": None},
]  # fmt: skip

SAMPLES = [
    Sample(
        f'{{"object":"list","data":[{_KEY},{_LOGIN},{_BY_KEY}],"first_id":"audit_log-1","last_id":"audit_log-3",'
        '"has_more":false}',
        _FOUND, name="an answer of the API",
    ),
    Sample(f"{_KEY}\n{_LOGIN}\n{_BY_KEY}\n", _FOUND, name="entries one a line"),
]  # fmt: skip
