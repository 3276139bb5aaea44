"""Pauses, resumptions and cancellations: no journal, but revenue no longer goes on as it did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from revops.contracts.subscriptions import (
    SubscriptionCancelled,
    SubscriptionPaused,
    SubscriptionResumed,
)
from revops.ledger import chains, rests
from revops.ledger.chains import Document, Held
from revops.ledger.rests import Rest
from revops.pipeline.journalize import changes
from revops.pipeline.journalize.facts import Booked, Facts

_NOTE: Final = "Revenue follows the invoice, not the subscription."


def paused(data: SubscriptionPaused, facts: Facts) -> Booked:
    """The schedules rest from the day on; what is left waits for the service to go on."""
    found = _rests(facts, data.subscription_id, Rest(data.effective_on, begins=True))
    return Booked(note=f"{_NOTE} Its recognition rests.", then=found)


def resumed(data: SubscriptionResumed, facts: Facts) -> Booked:
    """What was left goes on from the day, for as many days as were left."""
    found = _rests(facts, data.subscription_id, Rest(data.effective_on, begins=False))
    return Booked(note=f"{_NOTE} Its recognition goes on.", then=found)


def _rests(facts: Facts, subscription_id: str, told: Rest) -> Callable[[], None]:
    """By effective days, not by the order of telling: what came before may be told later."""
    chain = facts.key(subscription_id)

    def then() -> None:
        known = facts.known.rests.setdefault(chain, set())
        known.add(told)
        held = facts.known.chains.get(chain, ())
        for one in _running(facts, subscription_id):
            made = rests.rested(
                held, one, rests.pauses(known), facts.books.periods, _again(one)
            )  # fmt: skip
            for each in made:
                facts.known.add(each)

    return then


def cancelled(data: SubscriptionCancelled, facts: Facts) -> Booked:
    """
    From the day on nothing is owed to the customer: what is left and paid for is earned at once
    (ASC 606-10-25-7), unless a credit memo of the same cancellation takes it. What is not paid for
    stays, until its invoice is credited, voided or written off: that decides.
    """
    found = chains.standing(_running(facts, data.subscription_id), data.effective_on)
    # Told again, it has ended what ends on that day already.
    mine = [one for one in found if one.service.end > data.effective_on and _settled(facts, one)]

    def then() -> None:
        for one in mine:
            changes.ended(facts, [one], data.effective_on, chains.NOTHING, _again(one))

    return Booked(note=_NOTE, then=then if mine else None)


def _running(facts: Facts, subscription_id: str) -> list[Held]:
    chain = facts.known.chains.get(facts.key(subscription_id), ())
    return [one for one in chain if one.stands]


def _settled(facts: Facts, one: Held) -> bool:
    """Whether every invoice that led to a schedule has been paid or credited."""
    chain = facts.known.chains[one.chain]
    rows = facts.batch.tables.invoice
    for lead in chains.lineage(chain, one):
        kind, key = lead.entry_key
        row = rows.get(key.removeprefix(f"{facts.slug}:")) if kind == "invoice" else None
        if row is not None and row.total > row.applied + row.credited:
            return False
    return True


def _again(one: Held) -> Document:
    """The successor stays a schedule of the same line."""
    return Document(one.key, one.line_id, one.entry_key, one.entry_id, one.correlation_id)
