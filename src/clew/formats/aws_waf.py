"""Web ACL logs of AWS WAF: each request that reached the ACL, and what the ACL did with it.

Reads     records one a line or in one array: {timestamp in ms, webaclId, terminatingRuleId, action,
          httpRequest: {clientIp, country, headers, uri, args, httpMethod, requestId}, labels}
Returns   one event a request; the Host, User-Agent and Referer headers as columns. A blocked request
          has the status that was sent: 403 unless a rule says another
Units     timestamp is milliseconds since 1970
Blind to  the answer to a request that was let through: http_status is NULL
"""

from __future__ import annotations

import json
from typing import Any

from clew.formats import Settings
from clew.formats import _audit as audit
from clew.formats._audit import AuditLayout, AuditParser
from clew.model.case import Sample

HEADERS = (
    "CASE WHEN json_type(document, '/httpRequest/headers') = 'ARRAY' "
    "THEN json_extract(document, '$.httpRequest.headers[*]') END"
)


def _header(name: str) -> str:
    """SQL of the value of a header."""
    return f"list_filter({HEADERS}, lambda h: lower(h->>'name') = '{name}')[1]->>'value'"


SENT = "try_cast(document->>'responseCodeSent' AS BIGINT)"
IS_BLOCKED = "document->>'action' IN ('BLOCK', 'CAPTCHA', 'CHALLENGE')"
LAYOUT = AuditLayout(
    keys=(("/webaclId", "/action", "/httpRequest"),),
    names={
        "timestamp": "timestamp", "action": "action", "httpRequest.httpMethod": "http_method",
        "httpRequest.uri": "url_path", "httpRequest.args": "url_query", "httpRequest.httpVersion": "protocol",
        "httpRequest.requestId": "request_id",
    },
    texts={"client_ip": ("/httpRequest/clientIp",)},
    derived={
        "http_status": f"CASE WHEN {SENT} BETWEEN 100 AND 599 THEN {SENT} "
                       "WHEN document->>'action' = 'BLOCK' THEN 403 END",
        "user_agent": _header("user-agent"),
        "server_address": f"coalesce({_header('host')}, document->>'/httpRequest/host')",
        "referer": _header("referer"),
        "service": "CASE WHEN document->>'webaclId' IS NOT NULL THEN 'aws_waf' END",
        "event_name": "document->>'terminatingRuleId'",
        "status": f"CASE WHEN {IS_BLOCKED} THEN 'error' WHEN document->>'action' IS NOT NULL THEN 'ok' END",
        "error_type": f"CASE WHEN {IS_BLOCKED} THEN document->>'terminatingRuleId' END",
        "region": "nullif(regexp_extract(document->>'webaclId', '^arn:aws[a-z-]*:wafv2:([a-z0-9-]+):', 1), '')",
    },
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where records of a web ACL stand."""
    return audit.sniff(head, LAYOUT)


def parse(head: bytes, settings: Settings) -> AuditParser:
    """A parser of web ACL logs."""
    return audit.parse(head, settings, LAYOUT)


_BLOCKED = (
    '{"timestamp":1763629200123,"formatVersion":1,"webaclId":"arn:aws:wafv2:us-east-1:111122223333:regional/webacl/api/1",'
    '"terminatingRuleId":"AWS-AWSManagedRulesCommonRuleSet","terminatingRuleType":"MANAGED_RULE_GROUP","action":"BLOCK",'
    '"terminatingRuleMatchDetails":[],"httpSourceName":"ALB","httpSourceId":"app/api/1","ruleGroupList":[],'
    '"rateBasedRuleList":[],"nonTerminatingMatchingRules":[],"requestHeadersInserted":null,"responseCodeSent":null,'
    '"httpRequest":{"clientIp":"203.0.113.9","country":"PT","headers":[{"name":"Host","value":"api.example.com"},'
    '{"name":"User-Agent","value":"sqlmap/1.8"}],"uri":"/v1/models","args":"id=1","httpVersion":"HTTP/1.1",'
    '"httpMethod":"GET","requestId":"1-abc"},"labels":[{"name":"awswaf:managed:aws:core-rule-set:SQLi"}]}'
)
_ALLOWED = (
    '{"timestamp":1763629201000,"formatVersion":1,"webaclId":"arn:aws:wafv2:us-east-1:111122223333:regional/webacl/api/1",'
    '"terminatingRuleId":"Default_Action","terminatingRuleType":"REGULAR","action":"ALLOW","httpSourceName":"ALB",'
    '"httpSourceId":"app/api/1","responseCodeSent":null,"httpRequest":{"clientIp":"2001:db8::7","country":"DE",'
    '"headers":[],"uri":"/v1/chat","args":"","httpVersion":"HTTP/2.0","httpMethod":"POST","requestId":"1-abd"}}'
)
_FOUND: list[dict[str, Any]] = [
    {"timestamp": "2025-11-20T09:00:00.123000Z", "action": "BLOCK", "http_status": 403, "client_ip": "203.0.113.9",
     "url_path": "/v1/models", "url_query": "id=1", "http_method": "GET", "user_agent": "sqlmap/1.8",
     "server_address": "api.example.com", "request_id": "1-abc", "region": "us-east-1", "service": "aws_waf",
     "event_name": "AWS-AWSManagedRulesCommonRuleSet", "status": "error", "attributes.httpRequest.country": "PT",
     "attributes.labels": [{"name": "awswaf:managed:aws:core-rule-set:SQLi"}]},
    {"action": "ALLOW", "http_status": None, "client_ip": "2001:db8::7", "status": "ok", "user_agent": None},
]  # fmt: skip

SAMPLES = [
    Sample(f"{_BLOCKED}\n{_ALLOWED}\n", _FOUND, name="one record a line"),
    Sample(f"[{_BLOCKED},{_ALLOWED}]", _FOUND, name="one array"),
    Sample(
        "".join(
            json.dumps(
                {
                    "messageType": "DATA_MESSAGE",
                    "owner": "111122223333",
                    "logGroup": "aws-waf-logs-api",
                    "logStream": "s",
                    "subscriptionFilters": ["all"],
                    "logEvents": [{"id": "1", "timestamp": 1763629200123, "message": one}],
                }
            )
            for one in (_BLOCKED, _ALLOWED)
        ),
        _FOUND,
        name="a subscription of CloudWatch Logs, as Firehose writes it: nothing between the documents",
    ),
]
