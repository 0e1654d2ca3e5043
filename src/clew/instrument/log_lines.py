"""Logs as JSON lines with the same fields whoever writes them: structlog, the standard library, uvicorn.

    {"timestamp": "2026-01-02T03:04:05.123456Z", "level": "info", "message": "ready", "logger": "app",
     "service": "chat", "trace_id": "...", "span_id": "...", "exception": "Traceback ..."}

Secrets are taken out of every line before it is written.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
from typing import Any

import structlog

from clew.instrument.secrets import redact_event

Event = Any
"""What structlog's processors hand on: a mapping of the line's fields."""

SERVERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "gunicorn", "gunicorn.error", "hypercorn")
"""Loggers of servers, which bring handlers of their own."""


def configure_logging(
    *, service: str, path: str | os.PathLike[str] | None = None, level: int | str = "INFO"
) -> None:
    """Sends the logs of this process as JSON lines to the end of a file; without one to standard output.

    A second call replaces what the first set up. A file that is moved away (rotated) is made anew.
    """
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_service(service),
        _add_trace,
    ]
    handler = _handler(path)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.StackInfoRenderer(),
                structlog.processors.format_exc_info,
                structlog.processors.UnicodeDecoder(),
                structlog.processors.EventRenamer("message"),
                _ordered,
                redact_event,
                structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
            ],
        )
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old.formatter, structlog.stdlib.ProcessorFormatter):
            root.removeHandler(old)
            old.close()
    root.addHandler(handler)
    root.setLevel(level)
    for name in SERVERS:
        server = logging.getLogger(name)
        server.handlers.clear()
        server.propagate = True


def _handler(path: str | os.PathLike[str] | None) -> logging.Handler:
    if path is None:
        return logging.StreamHandler(sys.stdout)
    if sys.platform == "win32":
        return logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    return logging.handlers.WatchedFileHandler(path, encoding="utf-8", errors="backslashreplace")


def _add_service(service: str) -> Any:
    def add_service(logger: object, name: str, event: Event) -> Event:
        event.setdefault("service", service)
        return event

    return add_service


def _add_trace(logger: object, name: str, event: Event) -> Event:
    """The ids of OpenTelemetry's current span, where that is in use."""
    if "opentelemetry.trace" not in sys.modules or "trace_id" in event:
        return event
    context = sys.modules["opentelemetry.trace"].get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
        event["span_id"] = f"{context.span_id:016x}"
    return event


_FIRST = ("timestamp", "level", "message", "logger", "service", "trace_id", "span_id")


def _ordered(logger: object, name: str, event: Event) -> Event:
    """The standard fields first, in one order; the others as they came."""
    first = {key: event[key] for key in _FIRST if key in event}
    return first | {key: value for key, value in event.items() if key not in first}
