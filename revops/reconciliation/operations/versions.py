"""The rules that a run uses: the version in force, or the one that the check begins with."""

from __future__ import annotations

from django.db import transaction

from revops.kernel import clock
from revops.reconciliation.checks.base import Check
from revops.reconciliation.models import Rule, RuleVersion
from revops.reconciliation.models.rules import Strength


@transaction.atomic
def in_force(check: Check) -> RuleVersion:
    """The newest version that counts; the check's own first one is made when there is none."""
    found = _newest(check)
    if found is not None:
        return found
    now = clock.now()
    made, new = RuleVersion.objects.get_or_create(
        check_slug=check.slug, number=1,
        defaults={"made_at": now, "since": now, "note": "What the console begins with."},
    )  # fmt: skip
    if new:
        Rule.objects.bulk_create(
            Rule(
                version=made, position=place, name=one.name, keys=list(one.keys), shape=one.shape,
                strength=Strength.AUTOMATIC if one.automatic else Strength.SUGGEST,
                amount_within=one.amount_within, per_mille=one.per_mille,
                days_within=one.days_within, reference_in_text=one.reference_in_text,
                reason=one.reason,
            )
            for place, one in enumerate(check.rules, start=1)
        )  # fmt: skip
    return _newest(check) or made


def _newest(check: Check) -> RuleVersion | None:
    return (
        RuleVersion.objects.filter(check_slug=check.slug, since__isnull=False)
        .order_by("-number")
        .first()
    )
