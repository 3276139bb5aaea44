"""Proposals and merges, with both sides, their accounts and their money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q, QuerySet

from revops.canonical.identity.effects import Holding, holdings, together
from revops.canonical.models import Customer, Merge, MergeProposal, Party, ProposalState
from revops.web.filters import Filters, Key, State
from revops.web.lists import page_at
from revops.web.pagination import Page

STATES: Final = {"open": "To decide", "kept_apart": "Kept apart", "merged": "Merged"}
KINDS: Final = {
    "name": "Name", "domain": "Domain", "tax_id": "Tax ID", "address": "Address",
    "parent": "Group", "other_id": "ID in another system", "merged": "Merged by their system",
}  # fmt: skip
_PAST: Final = 25


def _no_address(text: str) -> str:
    """An address of a page is kept by browsers and logs: nobody's e-mail belongs into one."""
    if "@" in text:
        raise ValueError("E-mail addresses are not searched for.")
    return text


DUPLICATES: Final = Filters(
    Key("q", label="Name", accept=_no_address),
    Key("state", label="Decision", choices=STATES, default="open"),
)


@dataclass(frozen=True, slots=True)
class Half:
    """A side of a pair."""

    party: Party
    holding: Holding
    accounts: Sequence[Customer] = ()


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing that was compared; ``left`` and ``right`` belong to the sides of the page."""

    label: str
    left: str
    right: str
    sentence: str
    agrees: bool
    weight: int


@dataclass(frozen=True, slots=True)
class Line:
    """A proposal in the list."""

    proposal: MergeProposal
    percent: int
    strongest: Hint | None
    left: Half
    right: Half


def page_of_proposals(state: State) -> Page[MergeProposal]:
    """The most alike first."""
    rows: QuerySet[Any, Any] = MergeProposal.objects.filter(state=state.one("state") or "open")
    if words := state.one("q").strip():
        rows = rows.filter(Q(left__name__icontains=words) | Q(right__name__icontains=words))
    return page_at(rows.select_related("left", "right", "by"), state, order=("-score", "pk"))


def lines(proposals: Sequence[MergeProposal]) -> list[Line]:
    """With the money on each side; one query."""
    held = holdings({party for one in proposals for party in (one.left_id, one.right_id)})
    return [
        Line(
            one,
            percent(one),
            next(iter(hints(one.evidence)), None),
            Half(one.left, held[one.left_id]),
            Half(one.right, held[one.right_id]),
        )
        for one in proposals
    ]


def percent(proposal: MergeProposal) -> int:
    return int(proposal.score * 100)


def hints(evidence: Sequence[Any]) -> list[Hint]:
    """Stored evidence as a page shows it; what the line wrote has no sentence of its own."""
    return [
        Hint(
            KINDS.get(one["kind"], one["kind"]),
            str(one.get("left", "")),
            str(one.get("right", "")),
            str(one.get("sentence", "")) or "A system states it.",
            not str(one.get("weight", "1")).startswith("-"),
            abs(int(_hundredths(str(one.get("weight", "1"))))),
        )
        for one in evidence
    ]


def _hundredths(text: str) -> int:
    """``"0.62"`` is 62."""
    whole, _, rest = text.lstrip("-").partition(".")
    return int(whole or 0) * 100 + int((rest + "00")[:2])


def sides_of(parties: Sequence[Party]) -> list[Half]:
    """Each with its accounts and money; two queries."""
    held = holdings([party.pk for party in parties])
    accounts = list(
        Customer.objects.filter(party__in=parties)
        .select_related("connection", "legal_entity")
        .order_by("connection__label", "source_id")
    )
    return [
        Half(party, held[party.pk], [one for one in accounts if one.party_id == party.pk])
        for party in parties
    ]


def whole_of(sides: Sequence[Half]) -> Holding:
    return together([side.holding for side in sides])


def past_merges() -> list[Merge]:
    """The newest, undone or not."""
    return list(
        Merge.objects.select_related("survivor", "absorbed", "by", "undone_by").order_by("-pk")[
            :_PAST
        ]
    )


def merge_behind(proposal: MergeProposal) -> Merge | None:
    """The merge that stands for a decided pair."""
    if proposal.state != ProposalState.MERGED:
        return None
    pair = [proposal.left_id, proposal.right_id]
    return (
        Merge.objects.filter(survivor__in=pair, absorbed__in=pair, undone_at=None)
        .order_by("-pk")
        .first()
    )
