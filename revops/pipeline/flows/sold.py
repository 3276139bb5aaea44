"""A subscription that we had asked for belongs to the sale that it was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from revops.store import sql

# The type of the reference by which billing names what we asked it to provision.
PROVISIONED: Final = "provisioned"

_LINK: Final = """
INSERT INTO lineage_link (from_kind, from_id, to_kind, to_id, created_at)
SELECT made.record_kind, made.record_id, 'subscription', subscription.id, %s
FROM canonical_subscription subscription JOIN canonical_externalreference made
    ON made.connection_id = subscription.connection_id AND made.type = 'provisioned'
    AND made.external_id = subscription.source_id
WHERE {} ON CONFLICT DO NOTHING
"""
_OF_RECORDS: Final = _LINK.format("subscription.id = ANY(%s)")
_OF_IDS: Final = _LINK.format(
    "subscription.connection_id = %s AND subscription.source_id = ANY(%s)"
)


def link_records(subscription_ids: Sequence[int], *, at: datetime) -> None:
    """When the subscriptions are told of after billing's answer."""
    if subscription_ids:
        sql.run(_OF_RECORDS, (at, list(subscription_ids)))


def link_answers(connection_id: int, external_ids: Sequence[str], *, at: datetime) -> None:
    """When billing's answer comes after the subscriptions were told of."""
    if external_ids:
        sql.run(_OF_IDS, (at, connection_id, list(external_ids)))
