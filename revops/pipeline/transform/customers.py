"""The customer: as customer success, the ERP and the CRM's account see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from revops.pipeline import known_as
from revops.pipeline.known_as import Who
from revops.pipeline.transform import parties, roots, worth
from revops.pipeline.transform.base import Answer, Ask, Made, NotNeeded, Unready, account_of
from revops.pipeline.transform.parties import Party

UNKNOWN = Unready("The customer is not known yet.")


def known(asks: Sequence[Ask]) -> dict[int, Party]:
    """The customer of each ask, by step. Asks whose customer is not known are absent."""
    by_record = roots.customers(asks)
    found = parties.of(by_record.values())
    return {
        ask.step_id: found[customer]
        for ask in asks
        if (customer := by_record.get(ask.record)) is not None and customer in found
    }


def who(party: Party, connection_id: int) -> dict[str, Any]:
    """A customer by every id that is known of it."""
    return {
        "customer_id": party.ours,
        "gsid": party.at(connection_id),
        "other_ids": party.elsewhere(connection_id),
    }


def as_of(ask: Ask) -> str:
    """The instant of the statement."""
    return datetime.fromtimestamp(ask.version / 1000, UTC).isoformat()


def company(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    """``success.customer``"""
    found = known(asks)
    values = worth.of([party.id for party in found.values()])
    return {
        ask.step_id: _company(ask, party, values.get(party.id))
        if (party := found.get(ask.step_id))
        else UNKNOWN
        for ask in asks
    }


def _company(ask: Ask, party: Party, value: worth.Worth | None) -> Answer:
    parent = party.parent
    payload = {
        **who(party, ask.connection_id),
        "name": party.name,
        "parent": who(parent, ask.connection_id) if parent else None,
        "currency": value.currency if value else None,
        "arr": value.yearly if value else None,
        "renews_on": value.renews_on.isoformat() if value and value.renews_on else None,
        "version": ask.version,
    }
    return Made(party.key, payload)


def upsert(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    """``customer.upsert``"""
    found = known(asks)
    called = known_as.of({_first(customer) for customer in found.values()})
    return {
        ask.step_id: _upsert(ask, customer, called.get(_first(customer)))
        if (customer := found.get(ask.step_id))
        else UNKNOWN
        for ask in asks
    }


def _first(customer: Party) -> tuple[str, str]:
    return customer.accounts[0].slug, customer.accounts[0].source_id


def _upsert(ask: Ask, customer: Party, who: Who | None) -> Answer:
    first = customer.accounts[0]
    every = who.besides(customer.ours, at=ask.connection_id) if who else []
    others = [one["id"] for one in customer.elsewhere(ask.connection_id) if one["id"] in every]
    further = [one for one in every if one not in others]
    address = next((account.address for account in customer.accounts if account.address), {})
    payload = {
        "customer_id": customer.ours,
        # Journals name a customer by the id of the system that billed it.
        "other_ids": others,
        "name": customer.name,
        "email": customer.first("email"),
        "tax_id": customer.first("tax_id"),
        "currency": customer.first("currency"),
        "address": dict(address),
        "parent": customer.parent.ours if customer.parent else "",
        "legal_entity": ask.legal_entity,
        "version": ask.version,
    }
    if further:
        # Second accounts, and names of before a merge: none of them is another customer there.
        payload["further_ids"] = further
    return Made(customer.key, payload, subject=("customer", first.id))


def link(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    """``crm.customer_link``"""
    found = known(asks)
    return {
        ask.step_id: _link(ask, customer) if (customer := found.get(ask.step_id)) else UNKNOWN
        for ask in asks
    }


def _link(ask: Ask, customer: Party) -> Answer:
    ids = {one["system"]: one["id"] for one in customer.elsewhere(ask.connection_id)}
    if not ids:
        return NotNeeded("No other system knows this customer yet.")
    account = customer.at(ask.connection_id)
    if not account:
        return without_account(customer)
    return Made(customer.key, {"as_of": as_of(ask), "account_id": account, "ids": ids})


def without_account(customer: Party) -> Unready:
    """The CRM does not know the customer, or nobody has said yet that it is the same."""
    why = f"{customer.name} is not linked with an account of this CRM."
    return Unready(why, waits_for=account_of(customer.id))
