"""The service of rows that state none, from the name of their file; `service_source` says so."""

from __future__ import annotations

FILE_NAME = "file name"
"""What `service_source` says of them."""
WRITTEN_BY_SERVICES = frozenset(
    (
        "apache_access", "apache_error", "envoy_access", "gin_access", "gunicorn_access", "haproxy", "heroku",
        "jsonl", "logfmt", "nginx_access", "nginx_error", "python_logging", "syslog", "text", "tgi",
        "traefik_access", "uvicorn_access", "vllm", "w3c_access",
    )
)  # fmt: skip
"""Formats that services write themselves; exports and audits tell of many."""
SAYS = ("message", "severity", "http_status")
"""A row that has one of these is a line of a log; others, such as predictions, are data."""


def with_service(select: str, given: frozenset[str], format_name: str, writer: str) -> str:
    """The SELECT of a format with the service where a row names neither one nor its container.

    writer  SQL of the service, NULL where the file's name means none; "" where that is no question
    """
    says = [f"{name} IS NOT NULL" for name in SAYS if name in given]
    if not writer or format_name not in WRITTEN_BY_SERVICES or not says:
        return select
    unnamed = [f"{name} IS NULL" for name in ("service", "container") if name in given]
    is_unnamed = " AND ".join([f"({' OR '.join(says)})", *unnamed])
    here = f"CASE WHEN {is_unnamed} THEN {writer} END"
    is_here = f"CASE WHEN ({here}) IS NOT NULL THEN '{FILE_NAME}' END AS service_source"
    if "service" in given:
        return f"SELECT * REPLACE (coalesce(service, {here}) AS service), {is_here} FROM ({select})"
    return f"SELECT *, {here} AS service, {is_here} FROM ({select})"
