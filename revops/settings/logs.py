"""
Log lines: JSON with the correlation id, one line an event; secrets are never passed to them, and
whatever reaches a person is masked, wherever it stands: in a value, a message or a traceback.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import structlog

from revops.kernel import correlation
from revops.kernel.sight import mask_addresses


def _with_correlation(
    _logger: object, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    current = correlation.current()
    if current:
        event.setdefault("correlation_id", current)
    return event


def _masked(
    _logger: object, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for key, value in event.items():
        event[key] = mask_addresses(value)
    return event


def logging_config(*, as_json: bool) -> dict[str, Any]:
    """The dictConfig: everything to stderr; JSON for machines, columns for a terminal."""
    shared = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_correlation,
    ]
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=True)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    _masked,
                    renderer,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django.request": {"level": "ERROR"},
            "httpx": {"level": "WARNING"},
            "asyncio": {"level": "WARNING"},
        },
    }
