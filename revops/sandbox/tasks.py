"""What the people of the demo company do by themselves."""

from __future__ import annotations

from celery import shared_task
from django.db import close_old_connections

from revops.sandbox import desk


@shared_task
def work(**_later: object) -> None:
    """The support desk's next step."""
    close_old_connections()
    desk.play()
