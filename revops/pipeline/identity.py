"""
A person's decisions about customers, as the line hears of them: published, told on by the flows,
and with a case where systems differ on money since.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from approvals.queries.rules import asks_nobody
from exceptions import operations as cases
from revops.audit.operations import nothing_to_record, record, recorded
from revops.canonical.identity import deciding, finder, standing
from revops.canonical.identity.deciding import CannotDecide, Decided
from revops.canonical.identity.finder import Found
from revops.canonical.models import Merge, MergeProposal, Party
from revops.canonical.operations.drifts import Outcome
from revops.contracts.base import EventData
from revops.contracts.customers import Address, CustomerMerged, CustomerUpdated
from revops.events.operations import MEANINGS
from revops.kernel import clock, correlation, strict_json
from revops.ledger.books import all_books
from revops.pipeline import ownership, wake
from revops.pipeline.flows.begin import Told, begin
from revops.pipeline.transform.base import account_of
from revops.store import sql

ACTION: Final = "identity.decide"
MERGE: Final = "customer_merge"


@recorded
def merge(*, by: User, survivor_id: int, absorbed_id: int, reason: str) -> Merge | ApprovalRequest:
    """
    Make one customer of two, and tell the systems that show customers; or, where the approval
    policy wants somebody else to agree, ask for it. Raises NotAllowed, and CannotDecide with a
    sentence for the person.
    """
    by = authorize(by, ACTION)
    if asks_nobody(subject=MERGE, entity="", at=clock.now()):
        return merge_agreed(by=by, survivor_id=survivor_id, absorbed_id=absorbed_id, reason=reason)
    if len(reason.strip()) < 10:
        raise CannotDecide("Say why, in a sentence.")
    pair = dict(Party.objects.filter(pk__in=[survivor_id, absorbed_id]).values_list("pk", "name"))
    if len(pair) < 2:
        raise CannotDecide("One of the two is not there any more.")
    try:
        return approvals.ask(
            subject=MERGE,
            subject_id=f"{min(pair)}-{max(pair)}",
            content={
                "survivor": survivor_id,
                "absorbed": absorbed_id,
                "survivor_name": pair[survivor_id],
                "absorbed_name": pair[absorbed_id],
                "reason": reason.strip()[:500],
            },
            by=by,
            entity="",
            note=reason,
        )
    except approvals.ApprovalRefused as refusal:
        raise CannotDecide(str(refusal)) from refusal


@recorded
def merge_agreed(*, by: User, survivor_id: int, absorbed_id: int, reason: str) -> Merge:
    """The merge itself; ``by`` decided it. Raises CannotDecide."""
    at = clock.now()
    with sql.atomic():
        done = deciding.merge(
            by=by, survivor_id=survivor_id, absorbed_id=absorbed_id, reason=reason, at=at
        )
        data = CustomerMerged(
            customer_id=_ours(survivor_id),
            merged_id=_ours(absorbed_id),
            merged_on=at.date(),
            reason=done.merge.reason,
        )
        _follow(done, [(survivor_id, data)], by, at, joined=(survivor_id, absorbed_id))
        record(
            "identity.merge", by=actor_of(by), kind="customer", reference=_ours(survivor_id),
            label=str(done.merge.survivor), reason=done.merge.reason,
            after={"absorbed": _ours(absorbed_id), "accounts_moved": len(done.accounts)},
        )  # fmt: skip
    return done.merge


@recorded
def unmerge(*, by: User, merge_id: int, reason: str) -> Decided:
    """
    Part them again; both are told on as they are now. Raises NotAllowed, and CannotDecide. Raises
    Merge.DoesNotExist.
    """
    by = authorize(by, ACTION)
    at = clock.now()
    with sql.atomic():
        done = deciding.unmerge(by=by, merge_id=merge_id, reason=reason, at=at)
        both = [done.merge.survivor_id, done.merge.absorbed_id]
        _follow(done, [(party_id, _as_it_is(party_id)) for party_id in both], by, at, joined=both)
        record(
            "identity.unmerge", by=actor_of(by), kind="customer", reference=_ours(both[0]),
            label=str(done.merge.survivor), reason=reason,
            before={"absorbed": _ours(both[1])}, after={"accounts_moved": len(done.accounts)},
        )  # fmt: skip
    return done


@recorded
def keep_apart(*, by: User, proposal_id: int, reason: str) -> MergeProposal:
    """Raises NotAllowed, CannotDecide and MergeProposal.DoesNotExist."""
    by = authorize(by, ACTION)
    with sql.atomic():
        kept = deciding.keep_apart(by=by, proposal_id=proposal_id, reason=reason, at=clock.now())
        record(
            "identity.keep_apart", by=actor_of(by), kind="customer", label=str(kept.left),
            reference=_ours(kept.left_id), after={"other": _ours(kept.right_id)}, reason=reason,
        )  # fmt: skip
    return kept


@recorded
def set_parent(*, by: User, party_id: int, parent_id: int | None) -> None:
    """Put a customer under another, or under none. Raises NotAllowed, and CannotLink."""
    by = authorize(by, ACTION)
    at = clock.now()
    with sql.atomic():
        before = Party.objects.filter(pk=party_id).values_list("parent_id", flat=True).first()
        standing.set_parent(by=by, party_id=party_id, parent_id=parent_id, at=at)
        now = _as_it_is(party_id)
        _tell([(party_id, now)], by, at)
        if before == parent_id:
            nothing_to_record("the customer is below that one already")
            return
        record(
            "identity.set_parent", by=actor_of(by), kind="customer", reference=_ours(party_id),
            label=now.name, before={"parent": _ours(before) if before else None},
            after={"parent": now.parent_id or None},
        )  # fmt: skip


def look(*, everything: bool = False) -> Found:
    """
    Propose customers that are alike, among those that are new or changed since the last time.
    Run once a day; ``everything`` compares all of them again.
    """
    began = clock.now()
    # A new name whenever keys are made otherwise: the first time finds nothing, and renews all.
    row = sql.one("SELECT at FROM pipeline_heartbeat WHERE name = 'identity_keys'")
    found = finder.find(since=None if everything or row is None else row.at)
    sql.run(_LOOKED, (began,))
    return found


def _follow(
    done: Decided,
    told: Iterable[tuple[int, EventData]],
    by: User,
    at: datetime,
    *,
    joined: Iterable[int],
) -> None:
    _tell(told, by, at, joined=joined)
    _report(done.outcome, at)


def _report(outcome: Outcome, at: datetime) -> None:
    ownership.settle(outcome.agreed, at=at)
    cases.report(ownership.drifted(outcome.opened), at=at)


def _tell(
    told: Iterable[tuple[int, EventData]], by: User, at: datetime, *, joined: Iterable[int] = ()
) -> None:
    """
    Publish what happened to each customer, and begin what follows from it; what waited for an
    account of those ``joined`` goes on.
    """
    known = list(told)
    ids = sql.new_ids("events_businessevent", len(known))
    places = {row.party_id: row for row in sql.rows(_ACCOUNT, ([party for party, _ in known],))}
    stories = [correlation.new_id() for _ in known]
    MEANINGS.insert([
        (
            event_id, None, 0, data.contract, data.subject, data.subject_id,
            _code(places.get(party_id)), strict_json.dumps(data.model_dump(mode="json")),
            at, at, story, f"Decided by {by.name}",
        )
        for event_id, story, (party_id, data) in zip(ids, stories, known, strict=True)
    ])  # fmt: skip
    runs = [
        Told(event_id, data, "customer", place.id, place.legal_entity_id, None, story)
        for event_id, story, (party_id, data) in zip(ids, stories, known, strict=True)
        if (place := places.get(party_id)) is not None
    ]
    came = [account_of(party_id) for party_id in joined]
    for connection_id in begin(runs, all_books(), at=at, came=came):
        transaction.on_commit(partial(wake.delivery, connection_id), robust=True)


def _code(place: Any | None) -> str:
    return "" if place is None else str(place.code or "")


def _ours(party_id: int) -> str:
    """What the console calls a customer towards other systems."""
    return f"PTY-{party_id}"


def _as_it_is(party_id: int) -> CustomerUpdated:
    party = Party.objects.get(pk=party_id)
    return CustomerUpdated(
        customer_id=_ours(party_id),
        name=party.name or _ours(party_id),
        currency=party.currency or None,
        tax_id=party.tax_id,
        address=Address(country=party.country or None),
        domain=party.domain,
        region=party.region,
        parent_id=_ours(party.parent_id) if party.parent_id else "",
    )


_LOOKED: Final = """
INSERT INTO pipeline_heartbeat (name, at) VALUES ('identity_keys', %s)
ON CONFLICT (name) DO UPDATE SET at = EXCLUDED.at
"""
_ACCOUNT: Final = """
SELECT DISTINCT ON (customer.party_id) customer.party_id, customer.id, customer.legal_entity_id,
    entity.code
FROM canonical_customer customer
LEFT JOIN mappings_legalentity entity ON entity.id = customer.legal_entity_id
WHERE customer.party_id = ANY(%s)
ORDER BY customer.party_id, customer.legal_entity_id IS NULL, customer.id
"""
