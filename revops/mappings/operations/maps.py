"""Changing what an entity's documents are booked to; every change is a new version of the maps."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from revops.audit.operations import record
from revops.kernel.actor import acting, system
from revops.mappings.models import LedgerAccount, LegalEntity, MappingVersion, TaxMap


class MapRefused(ValueError):
    """Nothing was changed; the message says why."""


@transaction.atomic
def map_tax(
    entity: LegalEntity, code: str, *, account: str, since: date, by: str
) -> MappingVersion:
    """
    Taxes of ``code`` on documents dated ``since`` or later go to ``account`` (its code). What stood
    before ends on the day before; a row that begins on that very day is corrected. What is in the
    books stays as it is: the new version's number is frozen into what is booked from now on.

    Raises MapRefused for an account that the chart does not have, when the map says so already, and
    for a day that a later row begins after.
    """
    LegalEntity.objects.select_for_update().get(pk=entity.pk)
    chosen = LedgerAccount.objects.filter(code=account).first()
    if chosen is None:
        raise MapRefused(f"The chart of accounts has no {account}.")
    rows = TaxMap.objects.filter(legal_entity=entity, code=code)
    if rows.filter(valid__startswith__gt=since).exists():
        raise MapRefused(f"Tax {code} of {entity} has a map that begins after {since}.")
    standing = rows.filter(valid__contains=since).select_related("account").first()
    if standing is not None and standing.account_id == chosen.pk:
        raise MapRefused(f"Tax {code} of {entity} is mapped to {account} already.")
    before = standing.account.code if standing else "nothing"
    version = MappingVersion.objects.create(
        note=f"Tax {code} of {entity}: {before} → {account} since {since}"[:300], made_by=by
    )
    if standing is not None and standing.valid.lower == since:
        standing.account, standing.version = chosen, version
        standing.save(update_fields=["account", "version"])
    else:
        if standing is not None:
            standing.valid = DateRange(standing.valid.lower, since)
            standing.save(update_fields=["valid"])
        TaxMap.objects.create(
            legal_entity=entity, code=code, account=chosen, valid=DateRange(since, None),
            version=version,
        )  # fmt: skip
    record(
        "maps.tax", by=acting().actor or system(by), kind="tax map",
        reference=f"{entity.code} {code} {since}", entity=entity.code,
        before={"account": before}, after={"account": account, "version": version.pk},
    )  # fmt: skip
    return version
