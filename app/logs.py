"""Structured logs: one event per line, as text for people or JSON for machines.

Logs carry ids, codes and durations; never draft text, prompts, answers, keys or tokens.
"""

import logging
import sys
from typing import Any

import structlog

from app.traces import current_span


def _with_trace(_: Any, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """A line says which trace it belongs to, where there is one."""
    span = current_span()
    if span is not None:
        event["trace_id"], event["span_id"] = span.trace_id, span.id
    return event


def configure_logs(*, log_format: str, log_level: str) -> None:
    """Send structlog's and the standard library's records through one renderer to standard error."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        _with_trace,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # the rich one prints local variables: draft text
        )
    )
    exceptions: list[structlog.types.Processor] = [structlog.processors.format_exc_info] if log_format == "json" else []
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[log_level.upper()]),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *exceptions, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(log_level.upper())
    for noisy in ("httpx", "httpx2", "httpcore", "httpcore2", "aiohttp", "openai", "anthropic", "alembic"):
        # The SDKs log request options, which hold prompts, at debug level.
        logging.getLogger(noisy).setLevel(logging.WARNING)
