"""What plans promise and which rules raise credits: rows for ranges of days, never edited."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from revops.audit.operations import record, recorded
from revops.credits import life
from revops.credits.models import On, Promise, Rule
from revops.kernel.actor import Actor
from revops.mappings.models import LegalEntity


@recorded
@transaction.atomic
def promise(
    *,
    by: Actor,
    label: str,
    plan: str,
    promise: str,
    target: str,
    gives: int,
    most: int,
    since: date,
    until: date | None = None,
    severity: str = "",
    entity: LegalEntity | None = None,
) -> Promise:
    """
    What a plan promises from a day on; arguments are ``models.Promise``'s.

    Raises IntegrityError where another one is valid on one of the days.
    """
    made = Promise.objects.create(
        legal_entity=entity, label=label, plan=plan, promise=promise, severity=severity,
        target=target, gives=gives, most=most, valid=DateRange(since, until),
    )  # fmt: skip
    record(
        "credits.promise.made", by=by, kind="promise", reference=f"PRM-{made.pk}", label=label,
        entity=entity.code if entity else "",
        after={"plan": plan, "promise": promise, "gives": gives, "since": since.isoformat()},
    )  # fmt: skip
    return made


@recorded
@transaction.atomic
def rule(
    *,
    by: Actor,
    name: str,
    reason_code: str,
    since: date,
    until: date | None = None,
    on: str = On.BREACHED,
    severities: Collection[str] = (),
    promise: str = "",
    sends: bool = False,
    keeps_days: int = 30,
    entity: LegalEntity | None = None,
) -> Rule:
    """A rule from a day on; as ``promise``. Raises KeyError for a reason that nobody knows."""
    life.TYPE_OF[reason_code]
    made = Rule.objects.create(
        name=name, legal_entity=entity, on=on, severities=sorted(severities), promise=promise,
        reason_code=reason_code, sends=sends, keeps_days=keeps_days, valid=DateRange(since, until),
    )  # fmt: skip
    record(
        "credits.rule.made", by=by, kind="rule", reference=f"RUL-{made.pk}", label=name,
        entity=entity.code if entity else "",
        after={"severities": sorted(severities), "promise": promise, "sends": sends},
    )  # fmt: skip
    return made


@recorded
@transaction.atomic
def end(
    made: Promise | Rule, *, by: Actor, on: date
) -> None:  # fmt: skip
    """The last day of a promise or rule is the one before ``on``."""
    made.valid = DateRange(made.valid.lower, on)
    made.save(update_fields=["valid"])
    record(
        "credits.terms.ended", by=by, kind=made._meta.model_name or "", reference=str(made.pk),
        label=str(made), after={"until": on.isoformat()},
    )  # fmt: skip
