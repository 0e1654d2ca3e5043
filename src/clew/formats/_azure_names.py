"""What Azure's activity and sign-in logs call things, old and new, as pointers and SQL."""

from __future__ import annotations

CLAIM = "http:~1~1schemas.xmlsoap.org~1ws~12005~105~1identity~1claims~1"
CATEGORIES = frozenset({
    "Administrative", "Security", "ServiceHealth", "Alert", "Recommendation", "Policy", "Autoscale", "ResourceHealth",
    "Action", "Write", "Delete", "SignInLogs", "NonInteractiveUserSignInLogs", "ServicePrincipalSignInLogs",
    "ManagedIdentitySignInLogs", "ADFSSignInLogs", "AuditLogs", "ProvisioningLogs", "RiskyUsers", "UserRiskEvents",
    "RiskyServicePrincipals", "MicrosoftGraphActivityLogs",
})  # fmt: skip
"""Categories of diagnostic settings whose records are activities or sign-ins; others are of resources."""
WORDS = {
    "OK": 200, "Created": 201, "Accepted": 202, "NoContent": 204, "BadRequest": 400, "Unauthorized": 401,
    "Forbidden": 403, "NotFound": 404, "Conflict": 409, "TooManyRequests": 429, "InternalServerError": 500,
    "ServiceUnavailable": 503,
}  # fmt: skip
USER = (
    "/properties/userPrincipalName", "/userPrincipalName", "/UserPrincipalName", "/caller", "/Caller",
    f"/identity/claims/{CLAIM}upn", f"/identity/claims/{CLAIM}name", f"/claims/{CLAIM}upn",
    "/properties/initiatedBy/user/userPrincipalName", "/initiatedBy/user/userPrincipalName",
    "/properties/servicePrincipalName", "/properties/servicePrincipalId", "/identity/claims/appid", "/claims/appid",
    "/properties/initiatedBy/app/displayName", "/properties/userId", "/identity",
)  # fmt: skip
ADDRESS = (
    "/callerIpAddress", "/CallerIpAddress", "/properties/ipAddress", "/ipAddress", "/IPAddress",
    "/httpRequest/clientIpAddress", "/properties/initiatedBy/user/ipAddress", "/claims/ipaddr",
    "/identity/claims/ipaddr",
)  # fmt: skip
NAME = (
    "/operationName/value", "/OperationNameValue", "/operationName", "/OperationName", "/activityDisplayName",
)  # fmt: skip
SIGN_IN_CODE = ("/properties/status/errorCode", "/status/errorCode", "/ResultType", "/resultType")
OUTCOME = (
    "/resultType", "/status/value", "/ActivityStatusValue", "/ActivityStatus", "/status", "/properties/result",
    "/result",
)  # fmt: skip
SUBSTATUS = (
    "/resultSignature", "/subStatus/value", "/ActivitySubstatusValue", "/ActivitySubstatus", "/properties/statusCode",
    "/properties/activitySubstatusValue",
)  # fmt: skip
WHY = (
    "/properties/status/failureReason", "/status/failureReason", "/resultDescription", "/ResultDescription",
    "/properties/statusMessage", "/properties/resultReason", "/resultReason",
)  # fmt: skip


def first(pointers: tuple[str, ...]) -> str:
    """SQL of the first text at one of these places of `document`; an object is none."""
    some = (
        f"CASE WHEN json_type(document, '{p}') NOT IN ('OBJECT', 'ARRAY') THEN nullif(document->>'{p}', '') END"
        for p in pointers
    )
    return f"coalesce({', '.join(some)})"


IS_SIGN_IN = (
    "(contains(lower(coalesce(document->>'category', document->>'Category', document->>'Type', '')), 'signin') OR "
    "coalesce(json_type(document, '/status/errorCode'), json_type(document, '/properties/status/errorCode')) IS NOT "
    "NULL OR starts_with(lower(coalesce(document->>'operationName', document->>'OperationName', '')), 'sign-in'))"
)
EVENT = f"coalesce({first(NAME)}, CASE WHEN {IS_SIGN_IN} THEN 'Sign-in activity' END)"
"""What was done; sign-ins of Microsoft Graph state no name."""
CODE = f"nullif({first(SIGN_IN_CODE)}, '0')"
"""The error code of a sign-in, such as 50126; NULL where it succeeded."""
IS_FAILED = (
    f"CASE WHEN {IS_SIGN_IN} THEN {CODE} IS NOT NULL "
    f"ELSE regexp_matches({first(OUTCOME)}, '(?i)^(fail|error|denied|timeout)') END"
)
SAYS = f"regexp_extract({first(SUBSTATUS)}, '^(?:(?:Succeeded|Failed|Started|Accepted)\\.)?([A-Za-z]+)', 1)"
"""`Failed.Forbidden`, `Created (HTTP Status Code: 201)`."""
STATUS = (
    f"coalesce(CASE WHEN {IS_SIGN_IN} THEN NULL ELSE "
    f"try_cast(nullif(regexp_extract({first(SUBSTATUS)}, '\\b([1-5][0-9][0-9])\\b', 1), '') AS BIGINT) END, "
    f"CASE {SAYS} "
    + " ".join(f"WHEN '{word}' THEN {number}" for word, number in WORDS.items())
    + " END)"
)
