"""Asking that a person be forgotten, which somebody else decides (``privacy.subject``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import OperationalError, transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from approvals.models import ApprovalRequest
from approvals.operations import ask
from revops.audit.models import Erasure
from revops.audit.operations import recorded
from revops.canonical.models import Customer
from revops.kernel import clock
from revops.kernel.keys import sha256
from revops.kernel.privacy import CONTACT, PII, Data
from revops.pipeline.privacy.erasing import Erased, look
from revops.pipeline.privacy.places import SHORTEST, Terms

SLUG: Final = "erasure"
_REACHED_BY: Final = ("line1", "line2", "phone")
_SHORTEST_REASON: Final = 10


class EraseRefused(ValueError):
    """It is not done as it was asked for; the message says why."""


@dataclass(frozen=True, slots=True)
class Known:
    """A text that may stand for a person: where we know it from, and what it holds."""

    label: str
    text: str
    holds: str


def known_of(party_id: int) -> list[Known]:
    """What the systems' accounts of a customer say of whoever is behind it, each text once."""
    found: dict[str, Known] = {}

    def add(label: str, text: str, holds: Data) -> None:
        if len(text.strip()) >= SHORTEST:
            found.setdefault(text.strip(), Known(label, text.strip(), holds.value))

    accounts = Customer.objects.filter(party=party_id).select_related("connection").order_by("pk")
    for account in accounts:
        system = account.connection.label
        add(f"E-mail in {system}", account.email, CONTACT)
        held = account.address if isinstance(account.address, dict) else {}
        for key in _REACHED_BY:
            add(f"{key.capitalize()} in {system}", str(held.get(key) or ""), CONTACT)
        add(f"Name in {system}", account.name, PII)
    return list(found.values())


@recorded
def ask_to_erase(
    *, by: User, texts: Sequence[str], reason: str, party_id: int | None = None
) -> ApprovalRequest:
    """
    Ask that whoever is known by ``texts`` be forgotten; another person decides.

    Neither the request nor its act names the person: the texts stand in a row of their own, which
    is emptied when it is over. Raises NotAllowed, EraseRefused, TooShort, ApprovalRefused.
    """
    by = authorize(by, "privacy.erase")
    terms = Terms.of(texts)
    why = " ".join(reason.split())
    if len(why) < _SHORTEST_REASON:
        raise EraseRefused("Say why, in a sentence: a request's number, for example.")
    if terms.stand_in(why):
        raise EraseRefused("The reason names the person. It stays; write it without.")
    found = _found(terms)
    with transaction.atomic():
        held = Erasure.objects.create(
            terms=list(terms.texts), reason=why, asked_by=actor_of(by).key, asked_at=clock.now()
        )
        content = {
            "erasure": held.pk,
            "terms": sha256("\n".join(terms.texts)),
            "party": party_id,
            "reason": why,
            "rows": found.rows if found else None,
            "kept": found.kept if found else None,
            "acts": len(found.acts) if found else None,
        }
        request = ask(subject=SLUG, subject_id=held.pk, content=content, by=by, entity="", note=why)
        held.request = str(request)
        held.save(update_fields=["request"])
    return request


def _found(terms: Terms) -> Erased | None:
    """What there is of them; None when it takes too long for a page to count."""
    try:
        with transaction.atomic():
            return look(terms)
    except OperationalError:
        return None
