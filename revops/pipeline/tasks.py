"""
Celery tasks: each does one call for one connection, looks around for a while, and ends.

Arguments are ids; unknown ones are dropped. Nothing is retried, delayed or returned here.
"""

from __future__ import annotations

import os
import socket
import threading

import structlog
from celery import shared_task
from django.conf import settings
from django.db import close_old_connections

from connectors.models import Connection
from revops.kernel.actor import system
from revops.pipeline import evidence, notifying, process, send, sweep
from revops.pipeline import poll as polling
from revops.pipeline.metering import turn
from revops.pipeline.privacy import erasing, retaining

log = structlog.get_logger(__name__)

# A task is ended by force after 160 seconds (settings.CELERY).
_RETAINS_FOR = 120


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
def verify_trail(**_later: object) -> None:
    """Verify the audit trail. A bad outcome is a case, and an alarm in the log."""
    close_old_connections()
    report = evidence.verify()
    say = log.info if report.passed else log.critical
    say("audit.verified", status=report.status, sentence=report.sentence, seq=report.seq)


@shared_task
def retain(**_later: object) -> None:
    """Delete what is older than it may be; what there is no time for goes tomorrow."""
    close_old_connections()
    found = retaining.retain(by=system("retention", "Nightly retention"), seconds=_RETAINS_FOR)
    log.info("retention.applied", rows=sum(found.values()))


@shared_task
def erase(**_later: object) -> None:
    """Forget whom two people agreed to forget; the next run goes on where this one stops."""
    close_old_connections()
    erasing.carry_out_what_waits(seconds=_RETAINS_FOR)


@shared_task
def tick(**_later: object) -> None:
    """The static beat: everything that is due anywhere, found in the database."""
    close_old_connections()
    sweep.sweep(drainer=_who())
