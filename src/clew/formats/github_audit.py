"""The audit log of a GitHub organisation or enterprise: exported, answered by the API, or streamed.

Reads     entries one a line or in one array, with @timestamp in milliseconds and action
Returns   one event an entry; user_id is the actor's login, event_name the action. API requests
          (action api.request) have method, path and status; the token's hash is api_key_hash
Blind to  addresses, unless the enterprise discloses actor_ip; Git reads that are not streamed
"""

from __future__ import annotations

from typing import Any

from clew.formats import Settings
from clew.formats import _audit as audit
from clew.formats._audit import AuditLayout, AuditParser
from clew.model.case import Sample

FAILED = "regexp_matches(document->>'action', '(?i)failed|denied|rejected')"
LAYOUT = AuditLayout(
    keys=(("/@timestamp", "/action", "/actor"), ("/@timestamp", "/action", "/_document_id"),
          ("/created_at", "/action", "/actor", "/_document_id")),
    names={
        "@timestamp": "timestamp", "created_at": "timestamp", "user_agent": "user_agent", "request_id": "request_id",
        "status_code": "http_status", "request_method": "http_method", "url_path": "url_path", "route": "http_route",
        "query_string": "url_query", "hashed_token": "api_key_hash",
    },
    texts={
        "event_name": ("/action",),
        "user_id": ("/actor", "/user"),
        "client_ip": ("/actor_ip",),
        "tenant": ("/org", "/business"),
    },
    derived={
        "service": "CASE WHEN document->>'action' IS NOT NULL THEN 'github' END",
        "status": f"CASE WHEN {FAILED} OR try_cast(document->>'status_code' AS BIGINT) >= 400 THEN 'error' "
                  "WHEN document->>'action' IS NOT NULL THEN 'ok' END",
        "error_type": f"CASE WHEN {FAILED} THEN document->>'action' END",
        "error_class": audit.login_class(
            "regexp_matches(document->>'action', '(?i)(login|two_factor|sso|authentication).*fail|failed_login')"
        ),
    },
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where entries of the audit log stand."""
    return audit.sniff(head, LAYOUT)


def parse(head: bytes, settings: Settings) -> AuditParser:
    """A parser of the audit log's entries."""
    return audit.parse(head, settings, LAYOUT)


_KEY = (
    '{"@timestamp":1763629200123,"_document_id":"d-1","action":"public_key.create","actor":"ann","actor_id":7,'
    '"actor_ip":"203.0.113.9","actor_location":{"country_code":"PT"},"business":"example","created_at":1763629200123,'
    '"org":"example","org_id":1,"operation_type":"create","user":"ann","user_agent":"Mozilla/5.0","repo":"example/app"}'
)
_REQUEST = (
    '{"@timestamp":1763629201000,"_document_id":"d-2","action":"api.request","actor":"bot","actor_ip":"198.51.100.7",'
    '"hashed_token":"bm90LWEtcmVhbC10b2tlbg==","org":"example","request_method":"GET","request_id":"R:1","route":'
    '"/repositories/:id/actions/secrets","status_code":403,"url_path":"/repositories/9/actions/secrets",'
    '"programmatic_access_type":"Personal access token (classic)","rate_limit_remaining":4999}'
)
_LOGIN = (
    '{"@timestamp":1763629202000,"_document_id":"d-3","action":"user.failed_login","actor":"eve","actor_ip":'
    '"203.0.113.9"}'
)
_FOUND: list[dict[str, Any]] = [
    {"timestamp": "2025-11-20T09:00:00.123000Z", "event_name": "public_key.create", "user_id": "ann",
     "client_ip": "203.0.113.9", "tenant": "example", "service": "github", "status": "ok",
     "attributes.repo": "example/app", "attributes.actor_location.country_code": "PT"},
    {"event_name": "api.request", "http_status": 403, "http_method": "GET", "status": "error", "request_id": "R:1",
     "api_key_hash": "bm90LWEtcmVhbC10b2tlbg==", "url_path": "/repositories/9/actions/secrets",
     "http_route": "/repositories/:id/actions/secrets"},
    {"event_name": "user.failed_login", "status": "error", "error_class": "auth", "user_id": "eve"},
]  # fmt: skip

SAMPLES = [
    Sample(f"{_KEY}\n{_REQUEST}\n{_LOGIN}\n", _FOUND, name="streamed, one entry a line"),
    Sample(f"[{_KEY},{_REQUEST},{_LOGIN}]", _FOUND, name="exported as one array"),
]
