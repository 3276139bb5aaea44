"""
Celery tasks: each does one call for one connection, looks around for a while, and ends.

Arguments are ids; unknown ones are dropped. Nothing is retried, delayed or returned here.
"""

from __future__ import annotations

import os
import socket
import threading

from celery import shared_task
from django.conf import settings
from django.db import close_old_connections

from connectors.models import Connection
from revops.pipeline import notifying, process, send, sweep
from revops.pipeline import poll as polling
from revops.pipeline.metering import turn


def _who() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"


@shared_task
def advance(connection_id: int, **_later: object) -> None:
    """Take what is due in a connection's inbox through the line."""
    close_old_connections()
    if Connection.objects.filter(pk=connection_id).exists():
        process.advance(
            connection_id, seconds=settings.REVOPS_DRAIN_SECONDS, linger=settings.REVOPS_LINGER
        )


@shared_task
def drain(connection_id: int, **_later: object) -> None:
    """Send what is due to a connection."""
    close_old_connections()
    if Connection.objects.filter(pk=connection_id).exists():
        send.drain(
            connection_id,
            drainer=_who(),
            seconds=settings.REVOPS_DRAIN_SECONDS,
            linger=settings.REVOPS_LINGER,
        )


@shared_task
def poll(connection_id: int, **_later: object) -> None:
    """Ask a source for what its webhooks may have missed."""
    close_old_connections()
    if Connection.objects.filter(pk=connection_id).exists():
        polling.poll(connection_id)


@shared_task
def meter(_connection_id: int = 0, **_later: object) -> None:
    """Count and rate stored usage."""
    close_old_connections()
    turn.look(every=turn.LOOK_EVERY)
    turn.advance(seconds=settings.REVOPS_DRAIN_SECONDS)


@shared_task
def notify(**_later: object) -> None:
    """Hand notices over to delivery."""
    close_old_connections()
    notifying.turn()


@shared_task
def tick(**_later: object) -> None:
    """The static beat: everything that is due anywhere, found in the database."""
    close_old_connections()
    sweep.sweep(drainer=_who())
