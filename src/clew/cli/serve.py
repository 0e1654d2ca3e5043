"""`clew serve`: receives OpenTelemetry into the case, and answers questions while it does."""

from __future__ import annotations

from typing import Annotated

import typer

from clew.cli._request import Case, Redact, config, detection_options, policy_of
from clew.errors import ConfigError

Port = Annotated[
    int,
    typer.Option(
        "--port", metavar="P", min=0, max=65535, help="OTLP/HTTP, API and page; 0: any. [4318]"
    ),
]
GrpcPort = Annotated[
    int,
    typer.Option("--grpc-port", metavar="G", min=0, max=65535, help="OTLP/gRPC; 0: any. [4317]"),
]


def serve(
    host: Annotated[
        str, typer.Option("--host", metavar="H", help="The address to listen on. [127.0.0.1]")
    ] = "127.0.0.1",
    port: Port = 4318,
    grpc_port: GrpcPort = 4317,
    case: Case = None,
    redact: Redact = None,
) -> int:
    """Receive OTLP into the case and answer questions, until SIGTERM or Ctrl-C."""
    settings = config()
    named = case or settings.case
    if "://" in named or named == ":memory:":
        raise ConfigError(f"clew serve holds a DuckDB file, which {named} is not.")
    from clew.alerts.settings import watch_of
    from clew.cli.alerts import say_what_cannot_run
    from clew.formats import Settings
    from clew.playbooks.alerting import with_playbooks
    from clew.web.server import serve

    told = Settings(price_file=settings.prices.file or None, redaction=policy_of(settings, redact))
    rules = with_playbooks(watch_of(settings, detection_options(settings, {})), settings)
    say_what_cannot_run(rules)
    return serve(named, host=host, port=port, grpc_port=grpc_port, settings=told, watch=rules)
