"""What whoever asked for a credit is told of it. Decisions are told by approvals."""

from __future__ import annotations

from collections.abc import Sequence

from revops.credits.models import ServiceCredit
from revops.kernel.money import Money
from revops.notices.models import Notice
from revops.notices.operations import tell


def issued(credits: Sequence[tuple[int, str]]) -> None:
    """(id, credit note): billing issued it."""
    for credit, note in _asked(credits):
        text = f"Billing issued credit note {note}. The books, the ticket and sales follow."
        _tell(credit, "credit_moved", "is issued", text, "issued")


def reversed_(credits: Sequence[tuple[int, str]]) -> None:
    """(id, credit note): billing voided it."""
    for credit, note in _asked(credits):
        text = (
            f"Billing voided credit note {note}, and the books follow. Nothing is given any more."
        )
        _tell(credit, "credit_moved", "is taken back", text, "reversed")


def stuck(credits: Sequence[tuple[int, str]]) -> None:
    """(id, why): approved, and not issued in time. Told once, however long it takes."""
    known = set(
        Notice.objects.filter(key__in=[_key(one, "stuck") for one, _ in credits]).values_list(
            "key", flat=True
        )
    )
    fresh = [pair for pair in credits if _key(pair[0], "stuck") not in known]
    for credit, why in _asked(fresh):
        text = f"It was approved, and no credit note came. {why} Somebody looks at it.".strip()
        _tell(credit, "credit_stuck", "is not issued yet", " ".join(text.split()), "stuck")


def _asked(pairs: Sequence[tuple[int, str]]) -> list[tuple[ServiceCredit, str]]:
    """With the request; what a rule raised by itself has nobody to tell."""
    found = ServiceCredit.objects.select_related("customer", "legal_entity").in_bulk(
        [one for one, _ in pairs]
    )
    return [
        (found[one], words)
        for one, words in pairs
        if one in found and found[one].asked_by_id is not None
    ]


def _tell(credit: ServiceCredit, kind: str, verb: str, text: str, what: str) -> None:
    assert credit.asked_by_id is not None
    assert credit.amount is not None
    amount = Money(credit.amount, credit.currency)
    customer = f" for {credit.customer.name}" if credit.customer else ""
    tell(
        recipients=[credit.asked_by_id], kind=kind,
        title=f"{credit.number}: {amount}{customer} {verb}", text=text,
        link=f"/credits/{credit.pk}/",
        entity=credit.legal_entity.code if credit.legal_entity else "",
        key=_key(credit.pk, what),
    )  # fmt: skip


def _key(credit_id: int, what: str) -> str:
    return f"credits:{credit_id}:{what}"
