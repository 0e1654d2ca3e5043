"""Diagnostic logs of Azure OpenAI, and gateway logs of Azure API Management in front of it.

Reads     {time, resourceId, category: RequestResponse | GatewayLogs, operationName, resultSignature,
          durationMs, callerIpAddress, correlationId, properties}; properties as an object or as text
Returns   one AI call a record
Units     durationMs is milliseconds; the service sometimes writes negative ones: they are unknown
Blind to  tokens and words, unless the gateway logs bodies: the diagnostic logs have none
"""

from __future__ import annotations

import json
from typing import Any

from clew.formats import Settings
from clew.formats._calls import parser as calls
from clew.formats._calls.parts import Layout
from clew.model.case import Sample

LAYOUT = Layout(
    keys=(("/category", "/operationName", "/properties"),),
    names={
        "operationName": "", "resultSignature": "http_status", "resultType": "", "location": "region", "Tenant": "",
        "category": "", "level": "",
        "properties.modelDeploymentName": "model", "properties.modelName": "response_model",
        "properties.modelVersion": "", "properties.requestLength": "request_bytes",
        "properties.responseLength": "response_bytes", "properties.objectId": "user_id",
        "properties.requestTime": "", "properties.responseTime": "", "properties.backendTime": "upstream_ms:ms",
        "properties.responseCode": "http_status", "properties.backendResponseCode": "upstream_status",
        "properties.responseSize": "response_bytes", "properties.requestSize": "request_bytes",
        "properties.apimSubscriptionId": "api_key_hash", "properties.lastError.reason": "error_type",
        "properties.lastError.message": "status_message", "isRequestSuccess": "", "callerIpAddress": "client_ip",
        "properties.deploymentName": "model", "properties.promptTokens": "input_tokens",
        "properties.completionTokens": "output_tokens", "properties.totalTokens": "total_tokens",
        "properties.isStreamCompletion": "is_streamed",
    },
    request=("/properties/requestBody", "/properties/backendRequestBody"),
    response=("/properties/responseBody", "/properties/backendResponseBody"),
    url=("/properties/url", "/properties/backendUrl"),
    status=("/properties/responseCode", "/resultSignature"),
    derived={
        "is_streamed": "CASE lower(document->'properties'->>'streamType') WHEN 'streaming' THEN true "
                       "WHEN 'non-streaming' THEN false END",
        "operation": "CASE WHEN regexp_matches(document->>'operationName', '(?i)chatcompletions|responses') "
        "THEN 'chat' "
                     "WHEN regexp_matches(document->>'operationName', '(?i)embedding') THEN 'embeddings' "
                     "WHEN regexp_matches(document->>'operationName', '(?i)image') THEN 'image_generation' "
                     "WHEN regexp_matches(document->>'operationName', '(?i)completions') THEN 'text_completion' END",
    },
    provider="azure.ai.openai",
    reshape="CASE WHEN json_type(document, '/properties') = 'VARCHAR' THEN json_merge_patch(document, "
            "'{\"properties\":null}', json_object('properties', try_cast((document->>'properties') AS JSON))) "
            "ELSE document END",
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where records are diagnostic logs of Azure's AI services or of a gateway."""
    return 0.98 * calls.share_of_own(head, _is_own)


def _is_own(document: dict[str, Any]) -> bool:
    if not {"operationName", "properties", "category"} <= set(document):
        return False
    told = document["properties"]
    told = told if isinstance(told, str) else json.dumps(told)
    marks = (
        "modelDeploymentName",
        "backendResponseBody",
        "apiName",
        "objectId",
        "apimSubscriptionId",
        "streamType",
        "promptTokens",
    )
    return any(mark in told for mark in marks)  # fmt: skip


def parse(head: bytes, settings: Settings) -> calls.CallsParser:
    """A parser of diagnostic logs."""
    return calls.parse(head, settings, LAYOUT)


SAMPLES = [
    Sample(
        '{"time":"2026-11-20T09:00:00.1234567Z","resourceId":"/SUBSCRIPTIONS/S/RESOURCEGROUPS/G/PROVIDERS/'
        'MICROSOFT.COGNITIVESERVICES/ACCOUNTS/A","category":"RequestResponse","operationName":"ChatCompletions_Create",'
        '"resultSignature":"200","durationMs":812,"callerIpAddress":"192.0.2.***","correlationId":"c-1","location":'
        '"swedencentral","Tenant":"t","properties":"{\\"apiName\\":\\"Azure OpenAI '
        'API\\",\\"requestTime\\":638993772000000000,'
        '\\"requestLength\\":120,\\"responseLength\\":900,\\"streamType\\":\\"Non-Streaming\\",\\"modelDeploymentName\\":'
        '\\"gpt-4o-eu\\",\\"modelName\\":\\"gpt-4o\\",\\"modelVersion\\":\\"2024-08-06\\"}"}\n'
        '{"time":"2026-11-20T09:00:01Z","resourceId":"/S","category":"RequestResponse","operationName":'
        '"ChatCompletions_Create","resultSignature":"429","durationMs":-3,"correlationId":"c-2","properties":'
        '{"apiName":"Azure OpenAI API","modelDeploymentName":"gpt-4o-eu"}}\n',
        [
            {"timestamp": "2026-11-20T09:00:00.123456Z", "provider": "azure.ai.openai", "model": "gpt-4o-eu",
             "response_model": "gpt-4o", "duration_ms": 812.0, "http_status": 200, "request_id": "c-1",
             "region": "swedencentral", "request_bytes": 120, "response_bytes": 900, "operation": "chat",
             "is_streamed": False, "attributes.properties.modelVersion": None, "attributes.modelVersion": "2024-08-06"},
            {"http_status": 429, "error_class": "rate_limited", "duration_ms": None, "model": "gpt-4o-eu"},
        ],
        name="properties as text and as an object, a negative duration",
    ),
    Sample(
        '{"records":[{"time":"2026-11-20T09:00:00Z","resourceId":"/S","category":"RequestResponse","operationName":'
        '"Embeddings_Create","resultSignature":"200","durationMs":33,"properties":{"apiName":"Azure OpenAI API",'
        '"modelDeploymentName":"emb","modelName":"text-embedding-3-large"}}]}\n',
        [{"operation": "embeddings", "model": "emb", "duration_ms": 33.0, "http_status": 200}],
        name="records in one document",
    ),
]  # fmt: skip
