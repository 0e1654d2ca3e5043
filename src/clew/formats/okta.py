"""System Log events of Okta: sign-ins, tokens, policies, administration.

Reads     events one a line, or in one array as the API answers; the envelopes of EventBridge
          and of event hooks
Returns   one event a record; user_id is the login (actor.alternateId). A refused sign-in has
          error_class auth and the reason as error_type
Blind to  what an application did after the sign-in
"""

from __future__ import annotations

from typing import Any

from clew.formats import Settings
from clew.formats import _audit as audit
from clew.formats._audit import AuditLayout, AuditParser
from clew.model.case import Sample

FAILED = "upper(document->>'/outcome/result') IN ('FAILURE', 'DENY', 'UNANSWERED', 'RATE_LIMIT')"
IS_SIGN_IN = (
    "regexp_matches(document->>'eventType', '^user\\.(session\\.start|authentication|mfa)|^app\\.oauth2\\..*token"
    "|^policy\\.evaluate_sign_on|^security\\.authenticator')"
)
LAYOUT = AuditLayout(
    keys=(("/eventType", "/published", "/actor"), ("/detail/eventType", "/detail/published", "/detail/actor")),
    names={"published": "timestamp", "severity": "severity", "displayMessage": "message"},
    texts={
        "event_name": ("/eventType",),
        "user_id": ("/actor/alternateId", "/actor/id"),
        "client_ip": ("/client/ipAddress", "/request/ipChain/0/ip"),
        "user_agent": ("/client/userAgent/rawUserAgent",),
        "session_id": ("/authenticationContext/externalSessionId",),
        "request_id": ("/transaction/id",),
        "url_path": ("/debugContext/debugData/requestUri",),
    },
    derived={
        "service": "CASE WHEN document->>'eventType' IS NOT NULL THEN 'okta' END",
        "status": f"CASE WHEN {FAILED} THEN 'error' WHEN document->>'/outcome/result' IS NOT NULL THEN 'ok' END",
        "error_type": f"CASE WHEN {FAILED} THEN coalesce(document->>'/outcome/reason', "
                      "document->>'/outcome/result') END",
        "error_class": f"CASE WHEN NOT ({FAILED}) THEN NULL WHEN document->>'/outcome/result' = 'RATE_LIMIT' "
                       f"THEN 'rate_limited' WHEN {IS_SIGN_IN} THEN 'auth' ELSE 'permission' END",
    },
    reshape="CASE WHEN json_type(document, '/detail/eventType') IS NOT NULL AND json_type(document, '/eventType') "
            "IS NULL THEN json_merge_patch(document->'detail', json_object('eventbridge', json_merge_patch(document, "
            "'{\"detail\":null}'))) ELSE document END",
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where events of the System Log stand."""
    return audit.sniff(head, LAYOUT)


def parse(head: bytes, settings: Settings) -> AuditParser:
    """A parser of the System Log's events."""
    return audit.parse(head, settings, LAYOUT)


_REFUSED = (
    '{"uuid":"u-1","published":"2026-11-20T09:00:00.123Z","eventType":"user.session.start","version":"0","severity":'
    '"WARN","legacyEventType":"core.user_auth.login_failed","displayMessage":"User login to Okta","actor":{"id":'
    '"00u1","type":"User","alternateId":"ann@example.com","displayName":"Ann"},"client":{"userAgent":{"rawUserAgent":'
    '"Mozilla/5.0","os":"Linux","browser":"FIREFOX"},"zone":"null","device":"Computer","ipAddress":"203.0.113.9",'
    '"geographicalContext":{"city":"Lisbon","country":"Portugal","geolocation":{"lat":38.7,"lon":-9.1}}},"outcome":'
    '{"result":"FAILURE","reason":"INVALID_CREDENTIALS"},"target":null,"transaction":{"type":"WEB","id":"t-1","detail":'
    '{}},"debugContext":{"debugData":{"requestUri":"/api/v1/authn","threatSuspected":"false"}},"authenticationContext":'
    '{"authenticationStep":0,"externalSessionId":"s-1"},"securityContext":{"asNumber":64500,"isProxy":false},"request":'
    '{"ipChain":[{"ip":"203.0.113.9","version":"V4"}]}}'
)
_LET_IN = (
    '{"uuid":"u-2","published":"2026-11-20T09:00:09Z","eventType":"user.session.start","severity":"INFO",'
    '"displayMessage":"User login to Okta","actor":{"id":"00u1","type":"User","alternateId":"ann@example.com"},'
    '"client":{"ipAddress":"203.0.113.9"},"outcome":{"result":"SUCCESS"},"target":[{"id":"0oa1","type":"AppInstance"}]}'
)
_FOUND: list[dict[str, Any]] = [
    {"timestamp": "2026-11-20T09:00:00.123000Z", "event_name": "user.session.start", "user_id": "ann@example.com",
     "client_ip": "203.0.113.9", "status": "error", "error_type": "INVALID_CREDENTIALS", "error_class": "auth",
     "service": "okta", "severity": "WARN", "message": "User login to Okta", "user_agent": "Mozilla/5.0",
     "session_id": "s-1", "request_id": "t-1", "url_path": "/api/v1/authn",
     "attributes.client.geographicalContext.geolocation.lat": 38.7, "attributes.actor.displayName": "Ann"},
    {"status": "ok", "error_type": None, "error_class": None,
     "attributes.target": [{"id": "0oa1", "type": "AppInstance"}]},
]  # fmt: skip

SAMPLES = [
    Sample(f"{_REFUSED}\n{_LET_IN}\n", _FOUND, name="events one a line"),
    Sample(f"[{_REFUSED},{_LET_IN}]", _FOUND, name="an answer of the API"),
    Sample(
        '{"version":"0","id":"b-1","detail-type":"SystemLog","source":"aws.partner/okta.com/example/logs","time":'
        f'"2026-11-20T09:00:01Z","detail":{_REFUSED}}}\n{{"version":"0","id":"b-2","detail-type":"SystemLog","source":'
        f'"aws.partner/okta.com/example/logs","time":"2026-11-20T09:00:10Z","detail":{_LET_IN}}}\n',
        [{**_FOUND[0], "attributes.eventbridge.id": "b-1"}, _FOUND[1]],
        name="the envelope of EventBridge",
    ),
    Sample(
        f'{{"eventType":"com.okta.event_hook","eventTypeVersion":"1.0","cloudEventsVersion":"0.1","source":"https://'
        f'example.okta.com/api/v1/eventHooks/1","eventId":"h-1","data":{{"events":[{_REFUSED},{_LET_IN}]}},"eventTime":'
        '"2026-11-20T09:00:10Z","contentType":"application/json"}\n{"cut": \n',
        _FOUND, rejects=1, name="an event hook, and a line that is cut off",
    ),
]  # fmt: skip
