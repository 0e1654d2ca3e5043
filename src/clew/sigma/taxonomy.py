"""The names that Sigma rules give fields, by log source, to canonical columns.

A name that stands here means this; any other means what it means in a search (model/vocabulary).
`url` is made: path and query as the client asked for them, which web rules call cs-uri-query too.
`full url` has the host before them, as proxies write it.

Source  Sigma taxonomy appendix 2.1.0; W3C extended log format; field names of CloudTrail, Azure
        Monitor and Google Cloud audit logs
"""

from __future__ import annotations

from collections.abc import Iterator

from clew.sigma.reading import LogSource

URL = "url"
FULL_URL = "full url"
EXTENSION = "url extension"
MADE = {URL: ("url_path", "url_query"), FULL_URL: ("server_address",), EXTENSION: ("url_path",)}
"""What is made of columns, and of which."""

WEB: dict[str, tuple[str, ...]] = {
    "c-ip": ("client_ip",),
    "cs-ip": ("client_ip",),
    "src_ip": ("client_ip", "src_ip"),
    "dst_ip": ("server_address", "dst_ip"),
    "s-ip": ("server_address",),
    "s-port": ("server_port",),
    "s-computername": ("host",),
    "s-sitename": ("service",),
    "cs-username": ("user_id",),
    "cs-method": ("http_method",),
    "cs-uri": (URL, FULL_URL),
    "c-uri": (URL, FULL_URL),
    "c-uri-path": (URL,),
    "cs-uri-path": (URL,),
    "cs-uri-stem": ("url_path",),
    "c-uri-stem": ("url_path",),
    "cs-uri-query": (URL, "url_query"),
    "c-uri-query": (URL, "url_query"),
    "c-uri-extension": (EXTENSION,),
    "cs-uri-extension": (EXTENSION,),
    "c-useragent": ("user_agent",),
    "cs-user-agent": ("user_agent",),
    "cs-useragent": ("user_agent",),
    "cs(user-agent)": ("user_agent",),
    "cs-host": ("server_address",),
    "r-dns": ("server_address",),
    "cs-referer": ("referer",),
    "cs-referrer": ("referer",),
    "c-referer": ("referer",),
    "cs(referer)": ("referer",),
    "cs-version": ("protocol",),
    "cs-protocol": ("protocol",),
    "sc-status": ("http_status",),
    "sc-bytes": ("response_bytes",),
    "cs-bytes": ("request_bytes",),
    "time-taken": ("duration_ms",),
    "url.original": (URL, FULL_URL),
    "url.full": (URL, FULL_URL),
}
FLOW: dict[str, tuple[str, ...]] = {
    "src_ip": ("src_ip", "client_ip"),
    "dst_ip": ("dst_ip", "server_address"),
    "src_port": ("src_port", "client_port"),
    "dst_port": ("dst_port", "server_port"),
    "username": ("user_id",),
    "source.ip": ("src_ip", "client_ip"),
    "source.port": ("src_port", "client_port"),
    "destination.ip": ("dst_ip", "server_address"),
    "destination.port": ("dst_port", "server_port"),
}
CLOUD: dict[str, tuple[str, ...]] = {
    "eventname": ("event_name",),
    "sourceipaddress": ("client_ip",),
    "useragent": ("user_agent",),
    "errorcode": ("error_type",),
    "errormessage": ("status_message", "exception_message"),
    "eventsource": ("service",),
    "awsregion": ("region",),
    "eventtime": ("timestamp",),
    "requestid": ("request_id",),
    "recipientaccountid": ("tenant",),
    "useridentity.arn": ("user_id",),
    "useridentity.username": ("user_id",),
    "useridentity.principalid": ("user_id",),
    "useridentity.accesskeyid": ("api_key_hash",),
    "useridentity.accountid": ("tenant",),
    "operationname": ("event_name",),
    "operationnamevalue": ("event_name",),
    "operation": ("event_name", "operation"),
    "activitydisplayname": ("event_name",),
    "caller": ("user_id",),
    "callipaddress": ("client_ip",),
    "calleripaddress": ("client_ip",),
    "ipaddress": ("client_ip",),
    "userprincipalname": ("user_id",),
    "identity": ("user_id",),
    "tenantid": ("tenant",),
    "properties.message": ("message", "event_name"),
    "protopayload.methodname": ("event_name",),
    "data.protopayload.methodname": ("event_name",),
    "gcp.audit.method_name": ("event_name",),
    "protopayload.authenticationinfo.principalemail": ("user_id",),
    "data.protopayload.authenticationinfo.principalemail": ("user_id",),
    "gcp.audit.authentication_info.principal_email": ("user_id",),
    "protopayload.requestmetadata.callerip": ("client_ip",),
    "data.protopayload.requestmetadata.callerip": ("client_ip",),
    "protopayload.requestmetadata.callersupplieduseragent": ("user_agent",),
    "data.protopayload.requestmetadata.callersupplieduseragent": ("user_agent",),
    "eventtype": ("event_name",),
    "actor.alternateid": ("user_id",),
    "client.ipaddress": ("client_ip",),
    "client.useragent.rawuseragent": ("user_agent",),
    "actor": ("user_id",),
    "actor_ip": ("client_ip",),
    "action": ("event_name", "action"),
    "resulttype": ("error_type",),
    "resultdescription": ("status_message",),
    "protopayload.servicename": ("service",),
    "data.protopayload.servicename": ("service",),
    "gcp.audit.service_name": ("service",),
    "displaymessage": ("message",),
    "published": ("timestamp",),
    "outcome.reason": ("error_type",),
    "org": ("tenant",),
    "hashed_token": ("api_key_hash",),
    "actor.api_key.id": ("api_key_hash",),
    "actor.api_key_id": ("api_key_hash",),
    "actor.admin_api_key_id": ("api_key_hash",),
    "effective_at": ("timestamp",),
    "eventtimestamp": ("timestamp",),
    "createddatetime": ("timestamp",),
    "activitydatetime": ("timestamp",),
    "submissiontimestamp": ("observed_timestamp",),
    "receivetimestamp": ("observed_timestamp",),
    "receive_timestamp": ("observed_timestamp",),
    "httprequest.uri": ("url_path",),
    "httprequest.args": ("url_query",),
    "httprequest.httpversion": ("protocol",),
    "httprequest.requestid": ("request_id",),
}
HOSTS: dict[str, tuple[str, ...]] = {
    "user": ("user_id",),
    "computer": ("host",),
    "computername": ("host",),
    "utctime": ("timestamp",),
    "processid": ("process_id",),
}
CLOUD_PRODUCTS = (
    "aws", "azure", "gcp", "google_cloud", "okta", "github", "m365", "onelogin", "openai", "anthropic",
)  # fmt: skip
HOST_PRODUCTS = ("windows", "linux", "macos")
PRODUCTS: dict[str, str] = {
    "aws_cloudtrail": "aws",
    "aws_waf": "aws",
    "gcp_audit": "gcp",
    "azure_activity": "azure",
    "okta": "okta",
    "github_audit": "github",
    "openai_audit": "openai",
    "anthropic_activity": "anthropic",
}
"""Formats of one product alone: a rule for another product does not look at their events."""
OF_WEB = ("aws_waf",)
"""Those whose events are web requests as well."""
OF_SERVERS = (
    "apache_access", "apache_error", "envoy_access", "gin_access", "gunicorn_access", "haproxy", "heroku",
    "nginx_access", "nginx_error", "python_logging", "tgi", "traefik_access", "uvicorn_access", "vllm",
)  # fmt: skip
"""Formats of servers and applications that anyone runs: no log of a cloud's or a vendor's own."""
WEB_CATEGORIES = ("webserver", "proxy")
PREFIXES: dict[str, tuple[tuple[str, str], ...]] = {
    "aws": (("aws.cloudtrail.", ""),),
    "azure": (("azure.activitylogs.", ""), ("azure.auditlogs.", ""), ("azure.signinlogs.", ""),
              ("properties.", "")),
    "gcp": (("gcp.audit.", "protoPayload."), ("data.protoPayload.resource.", ""),
            ("data.protoPayload.", "protoPayload."), ("data.protoPayload.", ""), ("data.", ""),
            ("resource.", "")),
    "github": (("github.", ""),),
    "m365": (("o365.audit.", ""), ("o365audit.", "")),
    "okta": (("okta.", ""),),
}  # fmt: skip
"""How collectors begin the names of a product's fields, and what its own logs begin them with."""
INSIDE = ("EventData.", "System.", "UserData.", "Event.EventData.", "Event.System.",
          "winlog.event_data.", "winlog.")  # fmt: skip
"""Where Windows events have the names of their fields, as evtx_dump and Winlogbeat write them."""
ONLY_HERE = HOST_PRODUCTS
"""Products whose names mean what they do in a search only in events that are no HTTP requests: what a
source wrote as DestinationIp may have gone into dst_ip. EventID is never an event_id."""


def named(name: str, source: LogSource) -> tuple[str, ...]:
    """The columns, or made values, that a name of this log source means; () where it says nothing.

    >>> named("cs-method", LogSource(category="webserver"))
    ('http_method',)
    """
    key = name.lower()
    is_flow = source.category in ("firewall", "network_connection", "network", "dns")
    tables = [FLOW, WEB] if is_flow else [WEB]
    if source.product in CLOUD_PRODUCTS:
        tables = [CLOUD, WEB]
    elif source.product in HOST_PRODUCTS and source.category not in WEB_CATEGORIES:
        tables = [HOSTS]
    elif source.category not in WEB_CATEGORIES and not is_flow:
        tables = [{n: c for n, c in WEB.items() if n not in ("src_ip", "dst_ip")}]
    return next((table[key] for table in tables if key in table), ())


def spelled(name: str, source: LogSource) -> Iterator[str]:
    """What a name that a collector gave may be in the product's own logs.

    >>> list(spelled("okta.debug_context.factor", LogSource(product="okta")))
    ['debug_context.factor']
    """
    product = _product(source)
    if product == "azure" and name.endswith("Value"):  # as Log Analytics names its columns
        yield name.removesuffix("Value")
    for begin, own in PREFIXES.get(product, ()):
        if name.lower().startswith(begin.lower()):
            yield own + name[len(begin) :]
    if product in HOST_PRODUCTS:
        yield from (begin + name for begin in INSIDE)
        if name == "EventID":  # evtx_dump's, where the number has attributes
            yield from ("Event.System.EventID.#text", "System.EventID.#text")
        if name == "Provider_Name":
            yield "System.Provider.#attributes.Name"


def in_camel_case(name: str) -> str:
    """A name with underscores as JSON APIs write it.

    >>> in_camel_case("alloweds.source_ranges")
    'alloweds.sourceRanges'
    """
    first, *others = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in others)


def own_formats(source: LogSource) -> tuple[str, ...] | None:
    """Formats whose events are all of the log source's product; None where no product is known. In other
    formats, an event that states none of the fields that a rule names is none of its product."""
    product = _product(source)
    if product not in (*CLOUD_PRODUCTS, *HOST_PRODUCTS):
        return None
    return tuple(name for name, owner in PRODUCTS.items() if owner == product)


def other_formats(source: LogSource) -> tuple[str, ...]:
    """Formats whose events a rule of this log source does not mean."""
    product = _product(source)
    if product in PRODUCTS.values():
        others = tuple(name for name, owner in PRODUCTS.items() if owner != product)
        return (*others, *OF_SERVERS)
    if source.category in WEB_CATEGORIES:
        return tuple(name for name in PRODUCTS if name not in OF_WEB)
    return tuple(PRODUCTS) if product in HOST_PRODUCTS else ()


def _product(source: LogSource) -> str:
    return "gcp" if source.product == "google_cloud" else source.product
