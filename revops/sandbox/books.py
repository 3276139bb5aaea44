"""What the books of the demo's companies begin with: calendars, the chart of accounts, maps."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from django.db.backends.postgresql.psycopg_any import DateRange

from revops.kernel import clock
from revops.mappings.models import (
    AccountingPeriod,
    AccountMap,
    LedgerAccount,
    LegalEntity,
    MappingVersion,
    PeriodState,
    SkuMap,
)
from revops.mappings.queries import today
from revops.sandbox import rates
from revops.sandbox.chart import ACCOUNTS, ROLES

FIRST_YEAR: Final = 2025
ALWAYS: Final = DateRange(date(FIRST_YEAR, 1, 1), None)

# (sku, label, revenue account, convention)
SKUS: Final = (
    ("price_team_yearly", "Team plan, yearly", "4000", "daily"),
    ("price_team_monthly", "Team plan, monthly", "4000", "daily"),
    ("price_scale_yearly", "Scale plan, yearly", "4000", "daily"),
    ("price_seat_monthly", "Extra seats, monthly", "4000", "month_even"),
    ("price_seat_team", "Team seats, yearly", "4000", "daily"),
    ("price_seat_scale", "Scale seats, yearly", "4000", "daily"),
    ("price_seat_scale_gbp", "Scale seats, yearly", "4000", "daily"),
    ("price_onboarding", "Onboarding package", "4000", "point_in_time"),
    ("price_calls_usd", "API calls", "4100", "point_in_time"),
    ("price_calls_gbp", "API calls", "4100", "point_in_time"),
    ("price_calls_eur", "API calls", "4100", "point_in_time"),
    ("price_api_team", "API calls, Team", "4100", "point_in_time"),
    ("price_api_scale", "API calls, Scale", "4100", "point_in_time"),
)


def accounts() -> dict[str, LedgerAccount]:
    known = {
        one.code: one
        for one in LedgerAccount.objects.filter(code__in=[code for code, _, _ in ACCOUNTS])
    }
    missing = [
        LedgerAccount(code=code, name=name, monetary=monetary)
        for code, name, monetary in ACCOUNTS
        if code not in known
    ]
    return known | {one.code: one for one in LedgerAccount.objects.bulk_create(missing)}


def periods(entities: Mapping[str, LegalEntity]) -> None:
    """What is missing of each one's calendar, as it is on the day of the books farthest west."""
    day = today(clock.now()).first
    held = AccountingPeriod.objects.filter(legal_entity__in=list(entities.values()))
    known = set(held.values_list("legal_entity_id", "code"))
    AccountingPeriod.objects.bulk_create(
        one
        for entity in entities.values()
        for one in _calendar(entity, day)
        if (entity.pk, one.code) not in known
    )


def _calendar(entity: LegalEntity, day: date) -> Iterator[AccountingPeriod]:
    # Half a year back a tour still changes a contract in the books of the first two.
    kept = 31 if entity.code == "DE-GMBH" else 160
    first = (day - timedelta(days=kept)).replace(day=1)
    for year in range(FIRST_YEAR, day.year + 3):
        for month in range(1, 13):
            starts = date(year, month, 1)
            ends = date(year, month, calendar.monthrange(year, month)[1])
            state = PeriodState.CLOSED if ends < first else PeriodState.OPEN
            yield AccountingPeriod(
                legal_entity=entity,
                code=f"{year}-{month:02}",
                starts=starts,
                ends=ends,
                state=state,
            )


def maps(
    entities: Mapping[str, LegalEntity],
    chart: Mapping[str, LedgerAccount],
    *,
    skus: Iterable[tuple[str, str, str, str]] = SKUS,
    note: str = "Opening maps",
) -> MappingVersion:
    """Accounts and SKUs of legal entities that have none yet, in a version of their own."""
    version = MappingVersion.objects.create(note=note, made_by="Ada Lindqvist")
    common = {"valid": ALWAYS, "version": version}
    sold = tuple(skus)
    for entity in entities.values():
        rates.accept(entity, ALWAYS, version)
        AccountMap.objects.bulk_create(
            AccountMap(legal_entity=entity, role=role, account=chart[code], **common)
            for role, code in ROLES
        )
        SkuMap.objects.bulk_create(
            SkuMap(
                legal_entity=entity,
                sku=sku,
                label=label,
                revenue_account=chart[revenue],
                deferral_account=chart["2300"],
                convention=convention,
                **common,
            )
            for sku, label, revenue, convention in sold
        )
    return version
