"""Publishing exchange rates, and saying which of them an entity's books accept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from revops.audit.operations import record
from revops.kernel.actor import acting, system
from revops.kernel.money import AmountInvalid, minor_digits
from revops.mappings.models import LegalEntity, MappingVersion, RatePolicy
from revops.store import sql

_MOST_DECIMALS: Final = 12
_MOST_DIGITS: Final = 12
# Rates are published one after the other, so that their ids tell readers what is new.
_LOCK: Final = 8_306_112_004_772


class RateRefused(ValueError):
    """Nothing was published; the message says which rate cannot be, and why."""


@dataclass(frozen=True, slots=True)
class NewRate:
    """``rate`` units of ``quote`` for one unit of ``currency`` on ``day``, as ``source`` has it."""

    currency: str
    quote: str
    day: date
    rate: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Published:
    """How many rates were new, corrected an earlier one of their day, or said nothing new."""

    new: int
    corrected: int
    unchanged: int


_NEWEST: Final = """
SELECT DISTINCT ON (rate.currency, rate.quote, rate.day)
    rate.currency, rate.quote, rate.day, rate.revision, rate.rate, rate.source
FROM unnest(%s::text[], %s::text[], %s::date[]) AS asked (currency, quote, day)
JOIN mappings_exchangerate rate USING (currency, quote, day)
ORDER BY rate.currency, rate.quote, rate.day, rate.revision DESC
"""
_RATES = sql.Columns(
    "mappings_exchangerate",
    currency="text",
    quote="text",
    day="date",
    revision="smallint",
    rate="numeric",
    source="text",
    published_by="text",
)


@transaction.atomic
def publish_rates(rates: Sequence[NewRate], *, by: str) -> Published:
    """
    Publish rates, all or none. One that differs from what its day has is a correction: a row with
    the next revision, which counts from now on. Entries that were made keep theirs.

    Raises RateRefused for a rate that is not positive, of one currency, of an unknown one, of more
    than 12 digits before or after the point, without source, or given twice.
    """
    for one in rates:
        _check(one)
    if len({(one.currency, one.quote, one.day) for one in rates}) < len(rates):
        raise RateRefused("A currency pair has two rates for one day in the same list.")
    if not rates:
        return Published(0, 0, 0)
    sql.run("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    asked = (
        [one.currency for one in rates],
        [one.quote for one in rates],
        [one.day for one in rates],
    )
    held = {(row.currency, row.quote, row.day): row for row in sql.rows(_NEWEST, asked)}
    values, corrected = [], 0
    for one in rates:
        before = held.get((one.currency, one.quote, one.day))
        if before is not None and before.rate == one.rate and before.source == one.source:
            continue
        corrected += before is not None
        revision = before.revision + 1 if before is not None else 1
        values.append((one.currency, one.quote, one.day, revision, one.rate, one.source, by))
    _RATES.insert(values)
    done = Published(len(values) - corrected, corrected, len(rates) - len(values))
    if values:
        first, last = min(one.day for one in rates), max(one.day for one in rates)
        record(
            "rates.publish", by=acting().actor or system(by), kind="rates",
            reference=f"{first} to {last}",
            after={"new": done.new, "corrected": done.corrected, "published_by": by},
        )  # fmt: skip
    return done


@transaction.atomic
def set_rate_policy(
    entity: LegalEntity,
    *,
    since: date,
    max_age_days: int = 7,
    inverse: bool = False,
    via: str = "",
    by: str,
) -> RatePolicy:
    """
    Which rates the entity's books accept from ``since`` on; a new version of the maps.

    Raises RateRefused for an unknown currency to go through, or when a policy is set for a day that
    a later one already covers.
    """
    if via:
        _currency(via)
    LegalEntity.objects.select_for_update().get(pk=entity.pk)
    standing = RatePolicy.objects.filter(legal_entity=entity, valid__contains=since).first()
    if RatePolicy.objects.filter(legal_entity=entity, valid__startswith__gte=since).exists():
        raise RateRefused(f"{entity} has a rate policy that begins on {since} or later.")
    if standing is not None:
        standing.valid = DateRange(standing.valid.lower, since)
        standing.save(update_fields=["valid"])
    version = MappingVersion.objects.create(
        note=f"Rates of {entity} since {since}: at most {max_age_days} days old", made_by=by
    )
    made = RatePolicy.objects.create(
        legal_entity=entity,
        valid=DateRange(since, None),
        version=version,
        max_age_days=max_age_days,
        inverse=inverse,
        via=via,
    )
    record(
        "rates.policy", by=acting().actor or system(by), kind="rate policy",
        reference=f"{entity.code} {since}", entity=entity.code,
        before=_policy(standing) if standing else None, after=_policy(made),
    )  # fmt: skip
    return made


def _policy(row: RatePolicy) -> dict[str, Any]:
    return {"max_age_days": row.max_age_days, "inverse": row.inverse, "via": row.via}


def _check(one: NewRate) -> None:
    name = f"{one.currency}/{one.quote} of {one.day}"
    _currency(one.currency)
    _currency(one.quote)
    if one.currency == one.quote:
        raise RateRefused(f"{name}: a rate is between two currencies.")
    if not one.rate.is_finite() or one.rate <= 0:
        raise RateRefused(f"{name}: {one.rate} is not a positive rate.")
    exponent = one.rate.normalize().as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    if one.rate.adjusted() >= _MOST_DIGITS or decimals > _MOST_DECIMALS:
        raise RateRefused(f"{name}: {one.rate} has more digits than a rate can have.")
    if not one.source.strip() or len(one.source) > 60:
        raise RateRefused(f"{name}: who says so? A source has 1 to 60 characters.")


def _currency(code: str) -> None:
    try:
        minor_digits(code)
    except AmountInvalid as error:
        raise RateRefused(str(error)) from error
