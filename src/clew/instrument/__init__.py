"""What a service itself writes down: logs as JSON lines, and a line for each call of an LLM behind it.

    from clew.instrument import CallLogMiddleware, configure_logging

    configure_logging(service="chat", path="chat.jsonl")
    app.add_middleware(CallLogMiddleware)

`clew ingest chat.jsonl` reads it back. Nothing here loads the rest of Clew: it runs inside services.
"""

from clew.instrument.log_lines import configure_logging
from clew.instrument.middleware import CallLogMiddleware
from clew.instrument.secrets import redacted

__all__ = ["CallLogMiddleware", "configure_logging", "redacted"]
