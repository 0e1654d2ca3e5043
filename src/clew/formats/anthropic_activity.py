"""The activity feed of Anthropic's Compliance API: sign-ins, chats, keys, administration.

Reads     answers of /v1/compliance/activities, {"data": [...], "has_more", ...}; activities alone, one
          a line, {"id": "activity_...", "created_at", "type", "actor": {"type": "user_actor", ...}}
Returns   one event an activity; user_id is the e-mail address, else the user's id
Blind to  what a chat says; tokens and cost, which are in usage reports
"""

from __future__ import annotations

from typing import Any

from clew.formats import Settings
from clew.formats import _audit as audit
from clew.formats._audit import AuditLayout, AuditParser
from clew.model.case import Sample

STATUS = "try_cast(document->>'status_code' AS BIGINT)"
FAILED = (
    "(regexp_matches(document->>'type', '(?i)fail|denied|blocked|rejected') "
    f"OR coalesce({STATUS} >= 400, false))"
)
IS_SIGN_IN = (
    "regexp_matches(document->>'type', '(?i)sign_?in|login|sso|magic_link|oauth|authenticat')"
)
LAYOUT = AuditLayout(
    keys=(("/created_at", "/type", "/actor/type"),),
    values={
        "/actor/type": frozenset({
            "user_actor", "api_actor", "api_key_actor", "admin_api_key_actor", "unauthenticated_user_actor",
            "anthropic_actor", "scim_directory_sync_actor", "service_account_actor", "system_actor",
        })
    },
    names={
        "created_at": "timestamp", "actor.api_key_id": "api_key_hash", "actor.admin_api_key_id": "api_key_hash",
    },
    texts={
        "event_name": ("/type",),
        "user_id": ("/actor/email_address", "/actor/unauthenticated_email_address", "/actor/user_id"),
        "client_ip": ("/actor/ip_address",),
        "user_agent": ("/actor/user_agent",),
        "tenant": ("/organization_id", "/organization_uuid"),
        "team": ("/workspace_id",),
    },
    derived={
        "service": "CASE WHEN document->>'type' IS NOT NULL THEN 'anthropic' END",
        "status": f"CASE WHEN {FAILED} THEN 'error' WHEN document->>'type' IS NOT NULL THEN 'ok' END",
        "error_type": f"CASE WHEN {FAILED} THEN document->>'type' END",
        "error_class": f"CASE WHEN {FAILED} AND {IS_SIGN_IN} OR {STATUS} = 401 THEN 'auth' "
                       f"WHEN {STATUS} = 403 THEN 'permission' WHEN {STATUS} = 429 THEN 'rate_limited' END",
        "http_status": STATUS,
    },
    lists=("data",),
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where activities stand, alone or as an answer of the API."""
    return audit.sniff(head, LAYOUT)


def parse(head: bytes, settings: Settings) -> AuditParser:
    """A parser of activities."""
    return audit.parse(head, settings, LAYOUT)


_CHAT = (
    '{"id":"activity_1","created_at":"2026-11-20T09:00:00.5Z","organization_id":"org_1","organization_uuid":'
    '"00000000-0000-0000-0000-000000000001","actor":{"type":"user_actor","email_address":"ann@example.com","user_id":'
    '"user_1","ip_address":"203.0.113.9","user_agent":"Mozilla/5.0"},"type":"claude_chat_created","claude_chat_id":'
    '"chat_1"}'
)
_KEY = (
    '{"id":"activity_2","created_at":"2026-11-20T09:00:01Z","organization_id":"org_1","actor":{"type":"api_actor",'
    '"api_key_id":"apikey_1","ip_address":"198.51.100.7"},"type":"platform_api_key_created","workspace_id":"wrkspc_1"}'
)
_LOGIN = (
    '{"id":"activity_3","created_at":"2026-11-20T09:00:02Z","organization_id":null,"actor":{"type":'
    '"unauthenticated_user_actor","unauthenticated_email_address":"eve@example.com","ip_address":"198.51.100.7"},'
    '"type":"sso_login_failed"}'
)
_READ = (
    '{"id":"activity_4","created_at":"2026-11-20T09:00:03Z","organization_id":"org_1","actor":{"type":"api_actor",'
    '"api_key_id":"apikey_2","ip_address":"198.51.100.8"},"type":"compliance_api_accessed","request_method":"GET",'
    '"url":"https://api.example.com/v1/compliance/activities","status_code":403,"request_id":"req_1"}'
)
_FOUND: list[dict[str, Any]] = [
    {"timestamp": "2026-11-20T09:00:00.500000Z", "event_name": "claude_chat_created", "user_id": "ann@example.com",
     "client_ip": "203.0.113.9", "tenant": "org_1", "service": "anthropic", "status": "ok", "provider": None,
     "attributes.claude_chat_id": "chat_1", "attributes.actor.type": "user_actor"},
    {"event_name": "platform_api_key_created", "user_id": None, "api_key_hash": "apikey_1", "team": "wrkspc_1"},
    {"user_id": "eve@example.com", "status": "error", "error_class": "auth", "http_status": None},
    {"status": "error", "http_status": 403, "error_class": "permission", "request_id": "req_1"},
]  # fmt: skip

SAMPLES = [
    Sample(
        f'{{"data":[{_CHAT},{_KEY},{_LOGIN},{_READ}],"has_more":false,"first_id":"activity_1","last_id":"activity_3"}}',
        _FOUND, name="an answer of the API",
    ),
    Sample(f"{_CHAT}\n{_KEY}\n{_LOGIN}\n{_READ}\n", _FOUND, name="activities one a line"),
]  # fmt: skip
