"""Activity logs of Azure, and sign-in and audit logs of Entra ID.

Reads     records of diagnostic settings, one a line (storage) or as {"records": [...]} (Event Hubs);
          answers of Azure Monitor's and Microsoft Graph's APIs, {"value": [...]}; rows of Log Analytics
          (AzureActivity, SigninLogs: TimeGenerated, OperationNameValue, CallerIpAddress)
Returns   one event a record; a refused sign-in has error_class auth and its code (50126) as error_type;
          http_status where the substatus says one ("Forbidden", "Created (HTTP Status Code: 201)")
Blind to  calls of models, which Azure's RequestResponse logs have: see azure_openai
"""

from __future__ import annotations

from typing import Any

from clew.formats import Settings
from clew.formats import _audit as audit
from clew.formats import _azure_names as azure
from clew.formats._audit import AuditLayout, AuditParser
from clew.model.case import Sample

LAYOUT = AuditLayout(
    keys=(
        ("/time", "/operationName", "/category"),
        ("/eventTimestamp", "/operationName", "/caller"), ("/eventTimestamp", "/operationName", "/subscriptionId"),
        ("/TimeGenerated", "/OperationNameValue"), ("/TimeGenerated", "/OperationName", "/CallerIpAddress"),
        ("/TimeGenerated", "/UserPrincipalName", "/IPAddress"),
        ("/createdDateTime", "/userPrincipalName", "/ipAddress", "/status"),
        ("/activityDateTime", "/activityDisplayName", "/initiatedBy"),
    ),
    values={"/category": azure.CATEGORIES},
    names={
        "time": "timestamp", "eventTimestamp": "timestamp", "TimeGenerated": "timestamp",
        "createdDateTime": "timestamp",
        "activityDateTime": "timestamp", "submissionTimestamp": "observed_timestamp", "correlationId": "request_id",
        "CorrelationId": "request_id", "durationMs": "duration_ms:ms",
    },
    texts={
        "user_id": azure.USER,
        "user_agent": ("/properties/userAgent", "/userAgent", "/UserAgent"),
        "tenant": ("/tenantId", "/properties/tenantId", "/AADTenantId", "/subscriptionId", "/SubscriptionId",
                   "/properties/subscriptionId"),
        "http_method": ("/httpRequest/method", "/properties/httpRequest/method"),
        "status_message": azure.WHY,
        "session_id": ("/properties/sessionId",),
    },
    derived={
        "event_name": azure.EVENT,
        "client_ip": audit.address(f"regexp_replace({azure.first(azure.ADDRESS)}, '^([0-9.]+):[0-9]+$', '\\1')"),
        "http_status": azure.STATUS,
        "status": f"CASE WHEN {azure.IS_FAILED} THEN 'error' WHEN {azure.EVENT} IS NOT NULL THEN 'ok' END",
        "error_type": f"CASE WHEN {azure.IS_FAILED} THEN CASE WHEN {azure.IS_SIGN_IN} THEN {azure.CODE} "
                      f"ELSE {azure.first(azure.SUBSTATUS)} END END",
        "error_class": f"CASE WHEN {azure.IS_FAILED} AND {azure.IS_SIGN_IN} THEN 'auth' "
                       f"WHEN {azure.IS_FAILED} AND {azure.STATUS} = 401 THEN 'auth' "
                       f"WHEN {azure.IS_FAILED} AND {azure.STATUS} = 403 THEN 'permission' END",
        "service": f"CASE WHEN {azure.IS_SIGN_IN} THEN 'entra_id' WHEN {azure.first(azure.NAME)} IS NOT NULL THEN "
                   f"lower(coalesce(nullif(regexp_extract({azure.first(azure.NAME)}, "
                   "'(?i)^(microsoft\\.[a-z0-9.]+)/', 1), ''), 'azure')) END",
        "region": f"CASE WHEN {azure.IS_SIGN_IN} THEN NULL ELSE {azure.first(('/location', '/resourceLocation'))} END",
    },
    lists=("records", "value"),
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where activities or sign-ins stand, alone or in a list."""
    return audit.sniff(head, LAYOUT)


def parse(head: bytes, settings: Settings) -> AuditParser:
    """A parser of activities and sign-ins."""
    return audit.parse(head, settings, LAYOUT)


_DENIED = (
    '{"time":"2026-11-20T09:00:00.1234567Z","resourceId":"/SUBSCRIPTIONS/S-1/RESOURCEGROUPS/G/PROVIDERS/'
    'MICROSOFT.KEYVAULT/VAULTS/V","operationName":"MICROSOFT.KEYVAULT/VAULTS/WRITE","category":"Administrative",'
    '"resultType":"Failure","resultSignature":"Failed.Forbidden","durationMs":12,"callerIpAddress":"203.0.113.9",'
    '"correlationId":"c-1","identity":{"authorization":{"action":"Microsoft.KeyVault/vaults/write"},"claims":{"appid":'
    '"a-1","http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn":"ann@example.com"}},"level":"Error","location":'
    '"global","properties":{"statusCode":"Forbidden","message":"Microsoft.KeyVault/vaults/write"}}'
)
_DELETED = (
    '{"time":"2026-11-20T09:00:05Z","resourceId":"/SUBSCRIPTIONS/S-1","operationName":'
    '"MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE","category":"Administrative","resultType":"Success","resultSignature":'
    '"Succeeded.OK","callerIpAddress":"198.51.100.7","correlationId":"c-2","identity":{"claims":{"appid":"a-1"}},'
    '"properties":{"statusCode":"OK"}}'
)
_SIGN_IN = (
    '{"time":"2026-11-20T09:00:09Z","resourceId":"/tenants/t-1/providers/Microsoft.aadiam","operationName":'
    '"Sign-in activity","category":"SignInLogs","tenantId":"t-1","resultType":"50126","resultDescription":'
    '"Invalid username or password","callerIpAddress":"203.0.113.9","correlationId":"c-3","identity":"Ann","location":'
    '"PT","properties":{"id":"s-1","userPrincipalName":"ann@example.com","ipAddress":"203.0.113.9","userAgent":'
    '"Mozilla/5.0","appDisplayName":"Portal","status":{"errorCode":50126,"failureReason":"Invalid username or password"'
    '},"location":{"city":"Lisbon","countryOrRegion":"PT","geoCoordinates":{"latitude":38.7,"longitude":-9.1}}}}'
)
_FOUND: list[dict[str, Any]] = [
    {"timestamp": "2026-11-20T09:00:00.123456Z", "event_name": "MICROSOFT.KEYVAULT/VAULTS/WRITE", "status": "error",
     "user_id": "ann@example.com", "client_ip": "203.0.113.9", "http_status": 403, "error_class": "permission",
     "error_type": "Failed.Forbidden", "service": "microsoft.keyvault", "request_id": "c-1", "duration_ms": 12.0,
     "region": "global", "attributes.category": "Administrative"},
    {"user_id": "a-1", "status": "ok", "http_status": 200, "error_type": None, "client_ip": "198.51.100.7"},
    {"event_name": "Sign-in activity", "service": "entra_id", "user_id": "ann@example.com", "status": "error",
     "error_type": "50126", "error_class": "auth", "http_status": None, "user_agent": "Mozilla/5.0", "tenant": "t-1",
     "status_message": "Invalid username or password", "region": None,
     "attributes.location.geoCoordinates.latitude": 38.7},
]  # fmt: skip

SAMPLES = [
    Sample(f"{_DENIED}\n{_DELETED}\n{_SIGN_IN}\n", _FOUND, name="lines of a storage account"),
    Sample(f'{{"records":[{_DENIED},{_DELETED},{_SIGN_IN}]}}', _FOUND, name="a message of Event Hubs"),
    Sample(
        '{"value":[{"authorization":{"action":"Microsoft.Compute/virtualMachines/write"},"caller":"ann@example.com",'
        '"category":{"value":"Administrative"},"correlationId":"c-9","eventDataId":"e-1","eventTimestamp":"2026-11-20T09:00:00Z",'
        '"httpRequest":{"clientIpAddress":"203.0.113.9","method":"PUT"},"level":"Informational","operationName":'
        '{"value":"Microsoft.Compute/virtualMachines/write","localizedValue":"Create VM"},"status":'
        '{"value":"Succeeded","localizedValue":"Succeeded"},"subStatus":{"value":"Created","localizedValue":'
        '"Created (HTTP Status Code: 201)"},"subscriptionId":"s-1"},{"caller":"a-2","correlationId":"c-10",'
        '"eventTimestamp":"2026-11-20T09:01:00Z","operationName":{"value":'
        '"Microsoft.Storage/storageAccounts/listKeys/action"},"status":{"value":"Failed"},'
        '"subStatus":{"value":"Unauthorized"},"subscriptionId":"s-1"}]}',
        [
            {"event_name": "Microsoft.Compute/virtualMachines/write", "user_id": "ann@example.com", "http_status": 201,
             "client_ip": "203.0.113.9", "http_method": "PUT", "status": "ok", "tenant": "s-1",
             "service": "microsoft.compute", "timestamp": "2026-11-20T09:00:00Z"},
            {"status": "error", "http_status": 401, "error_class": "auth", "error_type": "Unauthorized"},
        ],
        name="an answer of Azure Monitor, in the old names",
    ),
    Sample(
        '{"TimeGenerated":"2026-11-20T09:00:00Z","OperationNameValue":"MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE",'
        '"CategoryValue":"Administrative","ActivityStatusValue":"Success","ActivitySubstatusValue":"Created","Caller":'
        '"ann@example.com","CallerIpAddress":"203.0.113.9","CorrelationId":"c-1","SubscriptionId":"s-1","Type":'
        '"AzureActivity"}\n'
        '{"TimeGenerated":"2026-11-20T09:00:01Z","UserPrincipalName":"ann@example.com","IPAddress":"203.0.113.9",'
        '"ResultType":"0","AppDisplayName":"Portal","OperationName":"Sign-in activity","Type":"SigninLogs"}\n',
        [
            {"event_name": "MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE", "http_status": 201, "status": "ok",
             "user_id": "ann@example.com", "client_ip": "203.0.113.9"},
            {"event_name": "Sign-in activity", "status": "ok", "service": "entra_id", "error_class": None},
        ],
        name="rows of Log Analytics, in the new names",
    ),
    Sample(
        '{"@odata.context":"https://graph.example.com/$metadata#auditLogs/signIns","value":[{"id":"1","createdDateTime":'
        '"2026-11-20T09:00:00Z","userPrincipalName":"ann@example.com","userId":"u-1","appDisplayName":"Portal",'
        '"ipAddress":"203.0.113.9","clientAppUsed":"Browser","correlationId":"c-1","status":{"errorCode":0},"location":'
        '{"city":"Lisbon","countryOrRegion":"PT"}},{"id":"2","createdDateTime":"2026-11-20T09:00:03Z",'
        '"userPrincipalName":"eve@example.com","ipAddress":"2001:db8::9","status":{"errorCode":50053,"failureReason":'
        '"Account is locked"}}]}',
        [
            {"user_id": "ann@example.com", "status": "ok", "service": "entra_id", "event_name": "Sign-in activity"},
            {"user_id": "eve@example.com", "status": "error", "error_type": "50053", "error_class": "auth",
             "client_ip": "2001:db8::9"},
        ],
        name="sign-ins as Microsoft Graph lists them",
    ),
]  # fmt: skip
