"""What follows from usage that was rated, and from thresholds that were crossed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db import transaction

from revops.ledger.books import all_books
from revops.pipeline import wake
from revops.pipeline.flows.begin import Told, begin
from revops.usage.operations import telling
from revops.usage.operations.telling import Published


def declare() -> None:
    telling.followed_by(follow)


def follow(published: Sequence[Published], at: datetime) -> None:
    """Begin the flows of these events. In the transaction that stores them."""
    told = [
        Told(
            business_event_id=one.event_id,
            data=one.data,
            record_kind="subscription",
            record_id=one.who.id,
            legal_entity_id=one.who.entity_id,
            source_id=None,
            correlation_id=one.who.correlation_id,
        )
        for one in published
    ]
    for connection_id in begin(told, all_books(), at=at):
        transaction.on_commit(partial(wake.delivery, connection_id))
