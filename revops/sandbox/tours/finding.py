"""What steps look for in our records, and the addresses of what they found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Model
from django.urls import reverse

from revops.canonical.models import Invoice
from revops.delivery.models import OutboundCommand
from revops.ledger.models import JournalEntry
from revops.pipeline.models import StepRun
from revops.sandbox.company import STRIPE
from revops.sandbox.tours.base import Facts


def record(kind: type[Model], slug: str, source_id: object) -> Any:
    """Our record of a system's object, or None."""
    return kind._default_manager.filter(connection__slug=slug, source_id=str(source_id)).first()


def known(kind: type[Model], slug: str, name: str) -> Callable[[Facts], Facts | None]:
    """Whether we know the object whose id is the fact ``name``; then ``<name>_id`` is ours."""

    def found(facts: Facts) -> Facts | None:
        row = record(kind, slug, facts[name])
        return None if row is None else {f"{name}_id": row.pk}

    return found


def posted(kind: str, record_id: int, document: str = "") -> JournalEntry | None:
    """The first journal about a record that the ERP holds."""
    entries = JournalEntry.objects.filter(
        record_kind=kind, record_id=record_id, document_type=document or kind
    )
    held = OutboundCommand.objects.filter(
        subject_kind="journal", subject_id__in=entries.values("pk"), state="posted"
    )
    first = held.order_by("subject_id").values_list("subject_id", flat=True).first()
    return None if first is None else entries.get(pk=first)


def told(flow: str, step: str, kind: str, record_id: int) -> int | None:
    """The newest run in which this step was done for a record."""
    done = StepRun.objects.filter(
        run__flow=flow,
        run__record_kind=kind,
        run__record_id=record_id,
        step__startswith=step,
        state="done",
    )
    return done.order_by("-run_id").values_list("run_id", flat=True).first()


def rated(facts: Facts) -> Facts | None:
    """Whether billing was given what a person rated for good."""
    run = told(
        "usage.rated", "billing.invoice_item.create", "subscription", facts["subscription_id"]
    )
    return None if run is None else {"rated_run": run}


def invoiced(facts: Facts) -> Facts | None:
    """Whether the ERP holds the journal of the invoice that billing made of it."""
    row = record(Invoice, STRIPE, facts["invoice"])
    entry = None if row is None else posted("invoice", row.pk)
    if row is None or entry is None:
        return None
    return {"invoice_id": row.pk, "journal_id": entry.pk}


def thread(kind: str, fact: str) -> Callable[[Facts], str]:
    return lambda facts: reverse("console:lineage", args=(kind, facts[fact]))


def page(name: str, fact: str) -> Callable[[Facts], str]:
    """An address of the console with one id in it."""
    return lambda facts: reverse(name, args=(facts[fact],))
