"""
What a person decides about two customers: one, two, or two again.

A merge moves accounts from one customer to the other and nothing else: invoices, references and
journals hang on the accounts. Its undoing moves exactly those accounts back that it had moved;
accounts that came later stay where they were given. The caller has authorized the person, holds
the transaction, and reports the differences in money that come back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from accounts.models import User
from revops.canonical.identity.finder import LOCK
from revops.canonical.identity.scoring import Compared, compare
from revops.canonical.identity.sides import sides
from revops.canonical.identity.standing import Standing, above, as_json
from revops.canonical.models import Customer, Merge, MergeProposal, Party, ProposalState
from revops.canonical.operations import golden, history
from revops.canonical.operations.drifts import Outcome
from revops.canonical.operations.parties import keys
from revops.kernel import strict_json
from revops.store import sql

SHORTEST: Final = 10


class CannotDecide(Exception):
    """The decision is not possible; the message says why and what to do, to the person."""


@dataclass(frozen=True, slots=True)
class Decided:
    """``accounts`` are the ids of the accounts that moved, ``later`` those that stayed."""

    merge: Merge
    outcome: Outcome
    accounts: tuple[int, ...]
    later: int = 0


def merge(*, by: User, survivor_id: int, absorbed_id: int, reason: str, at: datetime) -> Decided:
    """Raises CannotDecide."""
    why = _why(reason)
    if survivor_id == absorbed_id:
        raise CannotDecide("A customer cannot be merged with itself.")
    _lock([survivor_id, absorbed_id])
    parties = _parties([survivor_id, absorbed_id])
    survivor, absorbed = parties[survivor_id], parties[absorbed_id]
    for party in (survivor, absorbed):
        _refuse_merged(party)
    for low, high in ((survivor, absorbed), (absorbed, survivor)):
        between = _between(low, high)
        if between:
            raise CannotDecide(
                f"{between} stands between {high} and {low} in the hierarchy. "
                "Correct the hierarchy first."
            )
    compared = _compared(survivor_id, absorbed_id)
    params = {"from": absorbed_id, "to": survivor_id, "at": at}
    moved = _ids(_MOVE, params)
    links = [(row.id, absorbed_id, row.parent_id) for row in sql.rows(_CHILDREN, params)]
    links += [(row.id, absorbed_id, row.parent_id) for row in sql.rows(_ABOVE_ITSELF, params)]
    sql.run(_ABSORBED, (survivor_id, at, absorbed_id))
    made = Merge.objects.create(
        survivor=survivor, absorbed=absorbed, customer_ids=moved, reason=why, by=by, at=at,
        evidence=[each.stored() for each in compared.evidence],
    )  # fmt: skip
    _decide(compared, made, ProposalState.MERGED, by, at)
    _write_history(moved, links, made, by, at, why=why)
    return Decided(made, golden.resettle([survivor_id, absorbed_id], at, by=by.name), tuple(moved))


def unmerge(*, by: User, merge_id: int, reason: str, at: datetime) -> Decided:
    """
    The absorbed customer is one of its own again, with the accounts that it brought. Raises
    CannotDecide when that was done before, or when a later merge has to be undone first.
    """
    why = _why(reason)
    made = Merge.objects.select_related("survivor", "absorbed").get(pk=merge_id)
    _lock([made.survivor_id, made.absorbed_id])
    parties = _parties([made.survivor_id, made.absorbed_id])
    made = Merge.objects.select_for_update(of=("self",)).get(pk=merge_id)
    survivor, absorbed = parties[made.survivor_id], parties[made.absorbed_id]
    if made.undone_at is not None:
        who = made.undone_by.name if made.undone_by else "The line"
        raise CannotDecide(f"{who} has parted them already, on {_day(made.undone_at)}.")
    if survivor.merged_into_id is not None:
        raise CannotDecide(
            f"{survivor} was itself merged into {survivor.merged_into} later. "
            "Undo that merge first."
        )
    back = _ids(
        _BACK,
        {"from": survivor.pk, "to": absorbed.pk, "ids": made.customer_ids, "at": at},
    )
    sql.run(_ALONE, (at, absorbed.pk))
    links = [
        (row.id, row.before, absorbed.pk)
        for row in sql.rows(_LINKS_BACK, {"to": absorbed.pk, "merged": made.at, "at": at})
    ]
    Merge.objects.filter(pk=merge_id).update(undone_by=by, undone_at=at)
    compared = _compared(survivor.pk, absorbed.pk)
    _decide(compared, made, ProposalState.KEPT_APART, by, at)
    _write_history(back, links, made, by, at, why=why, back=True)
    golden.give_back(survivor.pk, absorbed.pk, since=made.at, at=at, by=by.name)
    below = list(Party.objects.filter(parent=survivor).values_list("pk", flat=True))
    outcome = golden.resettle([survivor.pk, absorbed.pk, *below], at, by=by.name)
    later = Customer.objects.filter(party=survivor, created_at__gt=made.at).count()
    made.refresh_from_db()
    return Decided(made, outcome, tuple(back), later)


def keep_apart(*, by: User, proposal_id: int, reason: str, at: datetime) -> MergeProposal:
    """They stay two; the reason goes into the history of both. Raises CannotDecide."""
    why = _why(reason)
    sql.lock_objects([LOCK])
    proposal = (
        MergeProposal.objects.select_for_update(of=("self",))
        .select_related("left", "right", "by")
        .get(pk=proposal_id)
    )
    if proposal.state != ProposalState.OPEN:
        raise CannotDecide(_first(proposal))
    proposal.state = ProposalState.KEPT_APART
    proposal.by, proposal.at = by, at
    proposal.save(update_fields=["state", "by", "at"])
    for one, other in ((proposal.left, proposal.right), (proposal.right, proposal.left)):
        said = strict_json.dumps({"customer": other.pk, "reason": why})
        history.write([("party", one.pk, "kept_apart", None, said, None, 0)], at, by=by.name)
    return proposal


def _why(reason: str) -> str:
    said = " ".join(reason.split())[:500]
    if len(said) < SHORTEST:
        raise CannotDecide("Say why, in a sentence: others will read it.")
    return said


def _lock(party_ids: Sequence[int]) -> None:
    """Keeps out other people, and the line wherever it decides about the same accounts."""
    known = Customer.objects.filter(party_id__in=party_ids).values_list(
        "source_id", "tax_id", "other_ids"
    )
    names = {
        key
        for source_id, tax_id, others in known
        for key in (
            f"customer:{source_id}",
            *(f"customer:{one['id']}" for one in others),
            *keys(_Named(tax_id)),
        )
    }
    sql.lock_objects({LOCK, *names})


@dataclass(frozen=True, slots=True)
class _Named:
    tax_id: str


def _parties(ids: Sequence[int]) -> Mapping[int, Party]:
    """Locked in one order, whoever survives. Raises CannotDecide."""
    found = {
        party.pk: party
        for party in Party.objects.select_for_update(of=("self",), no_key=True)
        .select_related("merged_into")
        .filter(pk__in=ids)
        .order_by("pk")
    }
    if len(found) < len(set(ids)):
        raise CannotDecide("There is no such customer.")
    return found


def _refuse_merged(party: Party) -> None:
    if party.merged_into_id is None:
        return
    made = Merge.objects.filter(absorbed=party, undone_at=None).select_related("by").last()
    who = made.by.name if made is not None and made.by else "The line"
    when = f" on {_day(made.at)}" if made is not None else ""
    raise CannotDecide(f"{who} has merged {party} into {party.merged_into} already{when}.")


def _first(proposal: MergeProposal) -> str:
    who = proposal.by.name if proposal.by else "The line"
    when = f" on {_day(proposal.at)}" if proposal.at else ""
    what = "merged them" if proposal.state == ProposalState.MERGED else "kept them apart"
    return f"{who} has {what} already{when}."


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d at %H:%M} UTC"


def _between(low: Party, high: Party) -> Standing | None:
    """Who stands between the two, when ``high`` is above ``low`` but not directly."""
    chain = above(low.pk)
    ids = [one.id for one in chain]
    return chain[ids.index(high.pk) - 1] if high.pk in ids[1:] else None


def _compared(one: int, other: int) -> Compared:
    left, right = min(one, other), max(one, other)
    known = sides([left, right])
    return compare(known[left], known[right])


def _decide(compared: Compared, made: Merge, state: ProposalState, by: User, at: datetime) -> None:
    """Keep the decision where the finder and the line look; with what agreed when it was made."""
    values = {
        "score": compared.score,
        "evidence": [each.stored() for each in compared.evidence],
        "state": state,
        "by": by,
        "at": at,
    }
    MergeProposal.objects.update_or_create(
        left_id=min(made.survivor_id, made.absorbed_id),
        right_id=max(made.survivor_id, made.absorbed_id),
        defaults=values,
        create_defaults=values | {"created_at": at},
    )


def _write_history(
    accounts: Sequence[int],
    links: Sequence[tuple[int, int | None, int | None]],
    made: Merge,
    by: User,
    at: datetime,
    *,
    why: str,
    back: bool = False,
) -> None:
    """``links`` are customers with another one above them: (id, before, after)."""
    absorbed, survivor = str(made.absorbed_id), str(made.survivor_id)
    before, after = (survivor, absorbed) if back else (absorbed, survivor)
    lines: list[history.Line] = [
        ("customer", one, "party", before, after, None, 0) for one in accounts
    ]
    lines += [
        ("party", one, "parent", as_json(was), as_json(now), None, 0) for one, was, now in links
    ]
    merged = (survivor, "null") if back else ("null", survivor)
    lines.append(("party", made.absorbed_id, "merged_into", *merged, None, 0))
    said = strict_json.dumps({"customer": made.absorbed_id, "reason": why})
    what = "parted" if back else "merged"
    lines.append(("party", made.survivor_id, what, None, said, None, 0))
    history.write(lines, at, by=by.name)


def _ids(statement: str, params: dict[str, Any]) -> list[int]:
    return sorted(row.id for row in sql.rows(statement, params))


_MOVE: Final = """
UPDATE canonical_customer SET party_id = %(to)s, updated_at = %(at)s
WHERE party_id = %(from)s RETURNING id
"""
_BACK: Final = """
UPDATE canonical_customer SET party_id = %(to)s, updated_at = %(at)s
WHERE party_id = %(from)s AND id = ANY(%(ids)s::bigint[]) RETURNING id
"""
_CHILDREN: Final = """
UPDATE canonical_party SET parent_id = %(to)s, updated_at = %(at)s
WHERE parent_id = %(from)s AND id <> %(to)s RETURNING id, parent_id
"""
_ABOVE_ITSELF: Final = """
UPDATE canonical_party SET parent_id = (SELECT nullif(gone.parent_id, %(to)s)
    FROM canonical_party gone WHERE gone.id = %(from)s), updated_at = %(at)s
WHERE id = %(to)s AND parent_id = %(from)s RETURNING id, parent_id
"""
_ABSORBED: Final = """
UPDATE canonical_party SET merged_into_id = %s, updated_at = %s WHERE id = %s
"""
_ALONE: Final = "UPDATE canonical_party SET merged_into_id = NULL, updated_at = %s WHERE id = %s"
# Whom the merge had led away, as the history says, unless somebody moved them since.
_LINKS_BACK: Final = """
UPDATE canonical_party child SET parent_id = %(to)s, updated_at = %(at)s
FROM canonical_recordchange change, canonical_party was
WHERE change.record_kind = 'party' AND change.record_id = child.id AND change.field = 'parent'
    AND change.at = %(merged)s AND change.before = to_jsonb(%(to)s::bigint)
    AND change.after = coalesce(to_jsonb(child.parent_id), 'null') AND was.id = child.id
RETURNING child.id, was.parent_id AS before
"""
