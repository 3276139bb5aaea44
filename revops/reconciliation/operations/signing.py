"""
Two names under a run's figures: whoever prepared them, and somebody else who looked at them.

What is signed is the digest of the figures (``queries.figures``). When anything behind them
changes, the names are no longer under what stands there: the sign-offs suspend themselves, and
whoever signed is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.queries import actor_of, authorize
from revops.audit.operations import record, recorded
from revops.kernel import clock
from revops.notices.operations import tell
from revops.reconciliation.models import Run, SignOff
from revops.reconciliation.queries import figures, signoffs
from revops.reconciliation.queries.naming import name_of

ACTION: Final = "reconciliation.sign"
PREPARER: Final = "preparer"
REVIEWER: Final = "reviewer"
KIND: Final = "sign_off_suspended"


class SignOffRefused(Exception):
    """Something is missing before it can be signed; the message says what."""


@recorded
@transaction.atomic
def sign(*, run: Run, role: str, by: User, seen: str, note: str = "") -> SignOff:
    """
    Put a name under the figures. ``seen`` is their digest as the person had it before them.

    Raises NotAllowed (also for who prepared or matched and now reviews), OutOfScope,
    SignOffRefused.
    """
    code = run.legal_entity.code
    rows = Run.objects.select_related("legal_entity", "pair__left", "pair__right")
    run = rows.select_for_update(of=("self",)).get(pk=run.pk)
    makers = signoffs.makers(run) if role == REVIEWER else frozenset()
    by = authorize(by, ACTION, entities=[code], makers=makers, fresh=True)
    now = figures.of(run)
    if now.sha256 != seen:
        raise SignOffRefused("The figures changed while you looked at them. Look again first.")
    wrong = signoffs.missing(run, now, role)
    if wrong:
        raise SignOffRefused(wrong[0].text)
    made = SignOff.objects.create(
        pair_id=run.pair_id, legal_entity_id=run.legal_entity_id, period_code=run.period_code,
        run=run, role=role, by=by, at=clock.now(), figures_sha256=now.sha256,
        note=note.strip()[:1_000],
    )  # fmt: skip
    record(
        "reconciliation.signed", by=actor_of(by), kind="reconciliation", reference=str(run),
        label=name_of(run.pair), entity=code, reason=made.note,
        after={"role": role, "figures": now.sha256, "period": run.period_code},
    )  # fmt: skip
    return made


def suspend_changed(
    pair_id: int, legal_entity_id: int, period_code: str, *, why: str = "A new run found it."
) -> int:
    """
    Suspend the sign-offs whose figures are not what was signed any more, and tell who signed.
    Called in the transaction that changes a break or ends a run; says how many were suspended.
    """
    held = SignOff.objects.filter(
        pair_id=pair_id, legal_entity_id=legal_entity_id, period_code=period_code,
        suspended_at__isnull=True,
    ).select_related("run", "legal_entity")  # fmt: skip
    signed = list(held.order_by("pk"))
    newest = signoffs.latest(pair_id, legal_entity_id, period_code) if signed else None
    now = figures.of(newest).sha256 if newest else ""
    gone = [one for one in signed if one.figures_sha256 != now]
    if gone:
        at = clock.now()
        SignOff.objects.filter(pk__in=[one.pk for one in gone]).update(
            suspended_at=at, suspended_why=f"A number behind it changed. {why}"[:500]
        )
        _tell(gone, why)
    return len(gone)


def _tell(gone: Sequence[SignOff], why: str) -> None:
    for one in gone:
        tell(
            recipients={one.by_id}, kind=KIND, key=f"{KIND}:{one.pk}",
            title=f"Your sign-off of {one.run} is suspended",
            text=f"{why} Look at the figures and sign again.",
            link=reverse("reconciliation:run", args=[one.run.number]),
            entity=one.legal_entity.code,
        )  # fmt: skip
