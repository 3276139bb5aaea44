"""Deferred revenue becomes revenue, period by period (ASC 606-10-25-31, 55-17: time elapsed)."""

from __future__ import annotations

from datetime import date

from revops.ledger.drafts import DraftLine, JournalDraft, Portion, ScheduleDraft
from revops.ledger.drafts import business_key as key_within
from revops.ledger.rules.base import Journalized

RULE = "recognition.month"


def month(schedule: ScheduleDraft, portion: Portion, *, on: date, revision: int = 1) -> Journalized:
    """
    J2, J2d: debit the deferral account, credit revenue with one portion; mirrored for the
    schedule of a credit line. ``on`` is the latest day of the period that it posts in: the
    portion's own (``portion.span.end``), or a later one when that is closed (``schedules.placed``).

    A later ``revision`` corrects what was recognised of the period by the portion's amounts. A
    portion that rounds to zero makes no journal; its period counts as processed.
    """
    if not portion.amount and not portion.functional:
        return Journalized(
            note=f"The portion of {portion.period} rounds to zero; the schedule goes on."
        )
    service = schedule.service.clipped(portion.span)
    memo = f"{schedule.sku}, {portion.period}"
    line = schedule.line_id if schedule.part == 1 else f"{schedule.line_id}~{schedule.part}"
    deferral = DraftLine(
        schedule.deferral_account,
        portion.amount,
        portion.functional,
        memo,
        schedule.line_id,
        service=service,
    )
    revenue = DraftLine(
        schedule.revenue_account,
        -portion.amount,
        -portion.functional,
        memo,
        schedule.line_id,
        service=service,
    )
    entry = JournalDraft(
        legal_entity=schedule.legal_entity,
        document_type="recognition",
        business_key=key_within(schedule.business_key, line, portion.period),
        revision=revision,
        accounting_date=on,
        currency=schedule.currency,
        functional_currency=schedule.functional_currency,
        description=(
            f"Revenue of {portion.period}, {schedule.business_key}" + ", corrected" * (revision > 1)
        ),
        rule=RULE,
        lines=(deferral, revenue),
        mapping_version=schedule.mapping_version,
    )
    return Journalized((entry,))
