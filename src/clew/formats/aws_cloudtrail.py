"""Events of AWS CloudTrail: who called which API of which account.

Reads     the files that CloudTrail delivers, {"Records": [...]}; records alone, one a line; what
          `aws cloudtrail lookup-events` prints, {"Events": [{"CloudTrailEvent": "..."}]}; the
          envelope of EventBridge, {"detail-type": "AWS API Call via CloudTrail", "detail": {...}};
          events and subscriptions of CloudWatch Logs
Returns   one event a record; the access key as its hash. Calls of Bedrock's models are AI calls too
          (model, provider aws.bedrock), without tokens: those stand in the invocation logs
Blind to  what a call returned, unless the service puts it into responseElements; the address of
          calls that an AWS service makes itself. Of a delivered file `line` counts records
"""

from __future__ import annotations

import json
from typing import Any

from clew.formats import Settings
from clew.formats import _audit as audit
from clew.formats._audit import AuditLayout, AuditParser
from clew.model.case import Sample

BEDROCK = (
    "starts_with(document->>'eventSource', 'bedrock') AND document->>'eventName' IN "
    "('InvokeModel', 'InvokeModelWithResponseStream', 'Converse', 'ConverseStream')"
)
FAILED = "(document->>'errorCode' IS NOT NULL OR document->>'/responseElements/ConsoleLogin' = 'Failure')"
LOGIN_FAILED = (
    "document->>'/responseElements/ConsoleLogin' = 'Failure' OR "
    "regexp_matches(document->>'errorCode', '(?i)UnrecognizedClient|InvalidClientToken|AuthFailure"
    "|SignatureDoesNotMatch|ExpiredToken|IncompleteSignature|InvalidAccessKeyId|NotAuthorizedException')"
)
DENIED = "regexp_matches(document->>'errorCode', '(?i)AccessDenied|Unauthorized|Forbidden')"
LIMITED = "regexp_matches(document->>'errorCode', '(?i)Throttl|TooManyRequests|RequestLimitExceeded|SlowDown')"
INSIDE = "(document->'detail')"

LAYOUT = AuditLayout(
    keys=(
        ("/eventVersion", "/eventSource", "/eventName", "/eventTime"),
        ("/detail/eventSource", "/detail/eventName", "/detail-type"),
        ("/EventName", "/CloudTrailEvent"),
    ),
    names={
        "eventTime": "timestamp", "eventName": "event_name", "awsRegion": "region", "userAgent": "user_agent",
        "requestID": "request_id", "userIdentity.accessKeyId": "api_key_hash",
    },
    texts={
        "service": ("/eventSource",),
        "user_id": ("/userIdentity/arn", "/userIdentity/userName", "/userIdentity/principalId",
                    "/userIdentity/onBehalfOf/userId", "/userIdentity/invokedBy"),
        "tenant": ("/recipientAccountId", "/userIdentity/accountId"),
        "status_message": ("/errorMessage",),
        "server_address": ("/tlsDetails/clientProvidedHostHeader",),
    },
    derived={
        "client_ip": audit.address("(document->>'sourceIPAddress')"),
        "status": f"CASE WHEN {FAILED} THEN 'error' WHEN document->>'eventName' IS NOT NULL THEN 'ok' END",
        "error_type": "coalesce(nullif(document->>'errorCode', ''), "
                      "CASE WHEN document->>'/responseElements/ConsoleLogin' = 'Failure' THEN 'Failure' END)",
        "error_class": f"CASE WHEN {LOGIN_FAILED} THEN 'auth' WHEN {DENIED} THEN 'permission' "
                       f"WHEN {LIMITED} THEN 'rate_limited' END",
        "model": f"CASE WHEN {BEDROCK} THEN document->>'/requestParameters/modelId' END",
        "provider": f"CASE WHEN {BEDROCK} THEN 'aws.bedrock' END",
        "operation": f"CASE WHEN {BEDROCK} THEN 'chat' END",
    },
    lists=("Records", "Events"),
    inside="CloudTrailEvent",
    reshape=f"CASE WHEN json_type({INSIDE}) = 'OBJECT' AND json_type(document, '/detail-type') IS NOT NULL "
            "AND json_type(document, '/detail/eventName') IS NOT NULL "
            f"THEN json_merge_patch({INSIDE}, json_object('eventbridge', json_merge_patch(document, "
            "'{\"detail\":null}'))) ELSE document END",
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where records of CloudTrail stand, alone, in a list or in an envelope."""
    return audit.sniff(head, LAYOUT)


def parse(head: bytes, settings: Settings) -> AuditParser:
    """A parser of CloudTrail's records."""
    return audit.parse(head, settings, LAYOUT)


_LOGIN = (
    '{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE","accountId":"111122223333",'
    '"accessKeyId":"","userName":"ann"},"eventTime":"2026-11-20T09:00:00Z","eventSource":"signin.amazonaws.com",'
    '"eventName":"ConsoleLogin","awsRegion":"us-east-1","sourceIPAddress":"203.0.113.9","userAgent":"Mozilla/5.0",'
    '"errorMessage":"Failed authentication","requestParameters":null,"responseElements":{"ConsoleLogin":"Failure"},'
    '"additionalEventData":{"MFAUsed":"No"},"eventID":"e-1","eventType":"AwsConsoleSignIn",'
    '"recipientAccountId":"111122223333"}'
)
_INVOKE = (
    '{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:app","arn":'
    '"arn:aws:sts::111122223333:assumed-role/app/app","accountId":"111122223333","accessKeyId":"ASIANOTAREALKEY12345"},'
    '"eventTime":"2026-11-20T09:00:05Z","eventSource":"bedrock.amazonaws.com","eventName":"InvokeModel",'
    '"awsRegion":"us-west-2","sourceIPAddress":"198.51.100.7","userAgent":"Boto3/1.40","errorCode":"AccessDeniedException",'
    '"errorMessage":"You do not have access to the model","requestParameters":{"modelId":'
    '"anthropic.claude-3-haiku-20240307-v1:0"},"responseElements":null,"requestID":"r-2","eventID":"e-2",'
    '"readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333"}'
)
_BY_SERVICE = (
    '{"eventVersion":"1.09","userIdentity":{"type":"AWSService","invokedBy":"cloudtrail.amazonaws.com"},"eventTime":'
    '"2026-11-20T09:00:06Z","eventSource":"s3.amazonaws.com","eventName":"GetBucketAcl","awsRegion":"us-east-1",'
    '"sourceIPAddress":"cloudtrail.amazonaws.com","userAgent":"cloudtrail.amazonaws.com","requestParameters":'
    '{"bucketName":"logs"},"responseElements":null,"requestID":"r-3","eventID":"e-3","eventType":"AwsApiCall"}'
)
_FOUND: list[dict[str, Any]] = [
    {"timestamp": "2026-11-20T09:00:00Z", "event_name": "ConsoleLogin", "service": "signin.amazonaws.com",
     "user_id": "ann", "client_ip": "203.0.113.9", "status": "error", "error_class": "auth", "error_type": "Failure",
     "status_message": "Failed authentication", "tenant": "111122223333", "api_key_hash": None,
     "attributes.additionalEventData.MFAUsed": "No", "attributes.eventSource": "signin.amazonaws.com"},
    {"event_name": "InvokeModel", "user_id": "arn:aws:sts::111122223333:assumed-role/app/app",
     "error_type": "AccessDeniedException", "error_class": "permission", "provider": "aws.bedrock",
     "region": "us-west-2", "model": "anthropic.claude-3-haiku-20240307-v1:0", "request_id": "r-2",
     "user_agent": "Boto3/1.40", "api_key_hash": "ba35eb0c9d249497", "client_ip": "198.51.100.7"},
    {"event_name": "GetBucketAcl", "client_ip": None, "status": "ok", "user_id": "cloudtrail.amazonaws.com",
     "provider": None, "attributes.requestParameters.bucketName": "logs"},
]  # fmt: skip

SAMPLES = [
    Sample(f'{{"Records":[{_LOGIN},{_INVOKE},{_BY_SERVICE}]}}', _FOUND, name="a file as S3 gets it"),
    Sample(
        f'{_LOGIN}\n{_INVOKE}\n{_BY_SERVICE}\n{{"eventName": "cut\n', _FOUND, rejects=1,
        name="records one a line, one of them cut off",
    ),
    Sample(
        json.dumps({"events": [
            {"logStreamName": "s", "timestamp": 1795165200000, "message": one, "eventId": "1"}
            for one in (_LOGIN, _INVOKE)
        ], "searchedLogStreams": []}, indent=4),
        _FOUND[:2], name="what logs filter-log-events prints",
    ),
    Sample(f"[{_LOGIN},\n{_INVOKE},\n{_BY_SERVICE}]", _FOUND, name="one array"),
    Sample(
        '{"version":"0","id":"b-1","detail-type":"AWS API Call via CloudTrail","source":"aws.signin","account":'
        f'"111122223333","time":"2026-11-20T09:00:00Z","region":"us-east-1","resources":[],"detail":{_LOGIN}}}\n'
        '{"version":"0","id":"b-2","detail-type":"AWS API Call via CloudTrail","source":"aws.bedrock","account":'
        f'"111122223333","time":"2026-11-20T09:00:05Z","region":"us-west-2","resources":[],"detail":{_INVOKE}}}\n',
        [_FOUND[0], {**_FOUND[1], "attributes.eventbridge.source": "aws.bedrock"}],
        name="the envelope of EventBridge",
    ),
    Sample(
        json.dumps({"Events": [
            {"EventId": "e-1", "EventName": "ConsoleLogin", "EventTime": "2026-11-20T09:00:00+00:00",
             "EventSource": "signin.amazonaws.com", "Username": "ann", "Resources": [], "CloudTrailEvent": _LOGIN},
            {"EventId": "e-2", "EventName": "InvokeModel", "EventTime": 1795165205, "Username": "app",
             "CloudTrailEvent": _INVOKE},
        ]}, indent=4),
        _FOUND[:2], name="what lookup-events prints",
    ),
]  # fmt: skip
