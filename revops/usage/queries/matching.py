"""
Who pays for a stream on a day: the subscription behind any id by which any system knows it.

A subscription's own id decides alone. A customer's id leads to the customer as one, whatever the
number of systems that know it, and from there to the one subscription that sells the meter (or is
entitled to it), else to the only active one. Anything else is a problem, never a guess.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from revops.store import sql
from revops.usage.queries.facts import Subscriber, subscribers

UNKNOWN: Final = "unknown"
INACTIVE: Final = "inactive"
AMBIGUOUS: Final = "ambiguous"

_BY_SUBSCRIPTION: Final = """
SELECT DISTINCT stream.id AS stream_id, reference.record_id AS subscription_id
FROM usage_stream stream
JOIN canonical_externalreference reference ON reference.external_id = stream.subscription_ref
    AND reference.record_kind = 'subscription'
WHERE stream.id = ANY(%s) AND stream.subscription_ref <> ''
"""
_PARTIES: Final = """
SELECT DISTINCT stream.id AS stream_id, customer.party_id
FROM usage_stream stream
JOIN canonical_externalreference reference ON reference.external_id = stream.customer_ref
    AND reference.record_kind = 'customer'
JOIN canonical_customer customer ON customer.id = reference.record_id
WHERE stream.id = ANY(%s) AND stream.customer_ref <> ''
UNION
SELECT DISTINCT stream.id, customer.party_id
FROM usage_stream stream
JOIN canonical_customer customer
    ON customer.other_ids @> jsonb_build_array(jsonb_build_object('id', stream.customer_ref))
WHERE stream.id = ANY(%s) AND stream.customer_ref <> ''
"""
_OF_PARTIES: Final = """
SELECT customer.party_id, subscription.id AS subscription_id
FROM canonical_subscription subscription
JOIN canonical_customer customer ON customer.id = subscription.customer_id
WHERE customer.party_id = ANY(%s)
"""
_ENTITLED: Final = """
SELECT DISTINCT subscription_id, meter FROM canonical_entitlement
WHERE subscription_id = ANY(%s) AND meter <> ''
"""
_METERS: Final = "SELECT id, meter, subscription_ref FROM usage_stream WHERE id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Candidates:
    """Whom a stream may belong to; those that sell its meter stand before those that do not."""

    selling: tuple[Subscriber, ...] = ()
    others: tuple[Subscriber, ...] = ()
    problem: str = ""

    @property
    def zone(self) -> str:
        """The zone that days are counted in; UTC until anybody is known."""
        known = (*self.selling, *self.others)
        return known[0].zone if known else "UTC"

    def on(self, day: date) -> tuple[int | None, str]:
        """(subscription, "") or (None, why not)."""
        if self.problem:
            return None, self.problem
        for group in (self.selling, self.others):
            active = [one for one in group if one.active_on(day)]
            if len(active) > 1:
                return None, AMBIGUOUS
            if active:
                return active[0].id, ""
        return None, INACTIVE


def candidates(stream_ids: Iterable[int]) -> dict[int, Candidates]:
    """For each stream. A stream whose zones would differ counts its days in the first one's."""
    ids = sorted(set(stream_ids))
    named = _named(ids)
    known = subscribers({one for found in named.values() for one in found[0]})
    entitled = {(row.subscription_id, row.meter) for row in sql.rows(_ENTITLED, (sorted(known),))}
    found = {}
    for row in sql.rows(_METERS, (ids,)):
        subscriptions, problem = named[row.id]
        people = [known[one] for one in sorted(subscriptions) if one in known]
        if problem or not people:
            found[row.id] = Candidates(problem=problem or UNKNOWN)
            continue
        sells = {
            one.id: one.plan.sells(row.meter) or (one.id, row.meter) in entitled for one in people
        }
        found[row.id] = Candidates(
            tuple(one for one in people if sells[one.id]),
            tuple(one for one in people if not sells[one.id]),
        )
    return found


def _named(ids: Sequence[int]) -> Mapping[int, tuple[set[int], str]]:
    """The subscriptions that a stream's ids lead to, or why they lead to none."""
    direct: dict[int, set[int]] = defaultdict(set)
    for row in sql.rows(_BY_SUBSCRIPTION, (list(ids),)):
        direct[row.stream_id].add(row.subscription_id)
    parties: dict[int, set[int]] = defaultdict(set)
    for row in sql.rows(_PARTIES, (list(ids), list(ids))):
        parties[row.stream_id].add(row.party_id)
    wanted = sorted({party for found in parties.values() for party in found})
    of_party: dict[int, set[int]] = defaultdict(set)
    for row in sql.rows(_OF_PARTIES, (wanted,)):
        of_party[row.party_id].add(row.subscription_id)
    found: dict[int, tuple[set[int], str]] = {}
    for stream_id in ids:
        if direct[stream_id]:
            found[stream_id] = (direct[stream_id], "")
        elif not parties[stream_id]:
            found[stream_id] = (set(), UNKNOWN)
        elif len(parties[stream_id]) > 1:
            found[stream_id] = (set(), AMBIGUOUS)
        else:
            (party,) = parties[stream_id]
            held = of_party[party]
            found[stream_id] = (held, "" if held else INACTIVE)
    return found
