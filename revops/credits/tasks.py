"""The regular look: cases that give a right, and what came back of requests."""

from __future__ import annotations

from celery import shared_task
from django.db import close_old_connections

from revops.credits.operations.following import follow
from revops.credits.operations.raising import raise_due


def turn() -> int:
    """Raise and follow, once round; how many requests changed."""
    return raise_due() + follow()


@shared_task
def look(**_later: object) -> None:
    """Whatever is due, found in the database."""
    close_old_connections()
    turn()
