"""The simulated company's books in the console, and its events through the line."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange

from connectors.models import Connection, Environment
from exceptions.models import Case
from revops.events.models import Channel, InboundEvent, InboxState
from revops.kernel.strict_json import dumps, loads
from revops.ledger.queries.rollforward import Step, deferred_rollforward
from revops.mappings.models import (
    AccountingPeriod,
    AccountMap,
    EntityMap,
    LedgerAccount,
    LegalEntity,
    MappingVersion,
    SkuMap,
    TaxMap,
)
from revops.pipeline import process, receive, sources
from revops.pipeline.recognize import recognize
from revops.reconciliation.models import Break, Pair
from revops.reconciliation.operations import runs
from revops.sandbox.chart import ACCOUNTS, ROLES
from tests.company.facts import COMPANY, FIRST, LAST, Told

SOURCE = "billing"
_ALWAYS = DateRange(FIRST, None)
_BALANCES = """
SELECT line.account, sum(line.functional)::bigint
FROM ledger_journalline line JOIN ledger_journalentry entry ON entry.id = line.entry_id
JOIN mappings_legalentity entity ON entity.id = entry.legal_entity_id
WHERE entity.code = %s AND entry.accounting_date <= %s GROUP BY line.account
HAVING sum(line.functional) <> 0
"""


def open_books(name: str = "SIM") -> dict[str, LegalEntity]:
    """
    Entities by code, calendars, chart and maps; no ERP, so that entries stay in our own books.
    Companies of other names can live beside it.
    """
    source = Connection.objects.create(
        slug=f"{SOURCE}-{name.lower()}", connector="stripe", label="Billing",
        environment=Environment.SANDBOX, base_url="http://127.0.0.1:9",
    )  # fmt: skip
    version = MappingVersion.objects.create(note="Opening maps", made_by="test")
    accounts = {
        code: LedgerAccount.objects.get_or_create(
            code=code, defaults={"name": label, "monetary": monetary}
        )[0]
        for code, label, monetary in ACCOUNTS
    }
    entities = {}
    for country, currency, tax, _, _ in COMPANY:
        code = f"{name}-{country}"
        entity = LegalEntity.objects.create(
            code=code, name=code, zone="UTC", functional_currency=currency
        )
        entities[code] = entity
        EntityMap.objects.create(connection=source, hint=code, legal_entity=entity)
        common = {"legal_entity": entity, "valid": _ALWAYS, "version": version}
        AccountMap.objects.bulk_create(
            AccountMap(role=role, account=accounts[account], **common) for role, account in ROLES
        )
        TaxMap.objects.create(code=tax, account=accounts["2100"], **common)
        for sku, convention in (("sim_daily", "daily"), ("sim_even", "month_even")):
            SkuMap.objects.create(
                sku=sku, convention=convention, revenue_account=accounts["4000"],
                deferral_account=accounts["2300"], **common,
            )  # fmt: skip
        AccountingPeriod.objects.bulk_create(
            AccountingPeriod(
                legal_entity=entity, code=f"{year}-{month:02}", starts=date(year, month, 1),
                ends=date(year, month, calendar.monthrange(year, month)[1]),
            )
            for year in range(FIRST.year, LAST.year + 3)
            for month in range(1, 13)
        )  # fmt: skip
    return entities


def by_month(told: Sequence[Told]) -> dict[date, list[Told]]:
    """Events by the last day of their month, in order."""
    found: dict[date, list[Told]] = defaultdict(list)
    for one in told:
        last = calendar.monthrange(one.day.year, one.day.month)[1]
        found[one.day.replace(day=last)].append(one)
    return dict(sorted(found.items()))


def send(events: Sequence[Told], name: str = "SIM") -> None:
    """Through the API's door and the line."""
    seconds: dict[date, int] = defaultdict(int)
    items = []
    for one in events:
        seconds[one.day] += 1
        at = datetime(one.day.year, one.day.month, one.day.day, 6, tzinfo=UTC)
        items.append(
            receive.Offered(
                id=f"ev_{name}_{one.order}",
                contract=one.contract,
                occurred_at=at + timedelta(seconds=seconds[one.day]),
                data=loads(dumps(_plain(one.data))),
            )
        )
    receive.accept(
        connection_slug=f"{SOURCE}-{name.lower()}",
        items=items,
        channel=Channel.API,
        correlation_id="company",
    )
    source = sources.by_slug(f"{SOURCE}-{name.lower()}")
    while process.advance_once(source):
        pass


def close(entities: dict[str, LegalEntity], month: date) -> None:
    for entity in entities.values():
        recognize(entity_id=entity.pk, period_code=f"{month:%Y-%m}")


def balances(entity: str, upto: date) -> dict[str, int]:
    """Account → functional balance of everything dated up to a day, as the ledger has it."""
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES, [entity, upto])
        return dict(cursor.fetchall())


def rolled(entity: LegalEntity, month: date) -> list[Step]:
    """The console's own roll-forward of deferred revenue over the month."""
    code = f"{month:%Y-%m}"
    return deferred_rollforward(entity_id=entity.pk, first=code, latest=code)


def troubles() -> list[str]:
    """What stands in the way, in words: open cases, and events that did not go through."""
    cases = [f"{case.kind}: {case.what_happened}" for case in Case.objects.all()[:10]]
    stuck = InboundEvent.objects.exclude(state__in=(InboxState.PROCESSED, InboxState.IGNORED))
    return cases + [f"{one.schema_version}: {one.state} {one.reason}" for one in stuck[:10]]


def differences(entity: LegalEntity, period: str) -> list[tuple[str, str, int]]:
    """What the console's own comparisons of its records with its books find in a period."""
    for check in ("invoices", "credits", "payments", "refunds"):
        pair = Pair.objects.get_or_create(check_slug=f"books_{check}", left=None, right=None)[0]
        done = runs.run(
            pair_id=pair.pk, entity_id=entity.pk, period_code=period, full=True, by="test"
        )
        assert done.figures, (check, period)
    standing = Break.objects.filter(legal_entity=entity).exclude(state="settled")
    return list(standing.values_list("pair__check_slug", "type", "difference"))


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
