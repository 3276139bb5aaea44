"""
An entity's books as the posting rules see them: maps as of a date, at one mapping version.

Everything is loaded once for a version and kept in memory, because the line asks for every line of
every document; a new version, or a change of a period, is noticed at the next batch.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from revops.kernel.periods import Span
from revops.ledger.rates import DEFAULT, Policy, Published, Quotes, Rate
from revops.ledger.rules.base import MappingMissing, SkuTreatment
from revops.ledger.schedules import Period, PeriodMissing
from revops.ledger.tags import Tags, read_tags
from revops.store import sql

_FOREVER = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class EntityBooks:
    """One legal entity at one mapping version, for all dates."""

    id: int
    legal_entity: str
    functional_currency: str
    zone: str
    mapping_version: int
    accounts: dict[str, list[tuple[date, date, str]]]
    skus: dict[str, list[tuple[date, date, SkuTreatment]]]
    taxes: dict[str, list[tuple[date, date, str]]]
    routes: list[tuple[date, date, str, int, bool]]
    calendar: list[tuple[int, Period]]
    periods: list[Period]
    starts: list[date]
    quotes: Quotes
    policies: list[tuple[date, date, Policy]]
    monetary: frozenset[str]
    late_documents: str = "case"
    tags: Tags = Tags()

    def on(self, day: date) -> DatedBooks:
        """The books with the maps that are valid on a day."""
        return DatedBooks(self, day)

    def period_of(self, day: date) -> tuple[int, Period]:
        """(id, period) that holds the day. Raises PeriodMissing."""
        index = bisect_right(self.starts, day) - 1
        if index < 0 or day not in self.calendar[index][1].span:
            raise PeriodMissing(day, self.legal_entity)
        return self.calendar[index]

    def routes_on(self, day: date) -> list[tuple[str, int]]:
        """(lane, connection id) of every ERP that keeps these books on a day."""
        return [(lane, target) for lane, target, _ in self.postings_on(day)]

    def postings_on(self, day: date) -> list[tuple[str, int, bool]]:
        """The same, and whether invoices, credit notes and payments go as the ERP's documents."""
        return [
            (lane, target, documents)
            for since, until, lane, target, documents in self.routes
            if since <= day < until
        ]


@dataclass(frozen=True, slots=True)
class DatedBooks:
    """What the rules' ``Books`` protocol asks for; lookups raise MappingMissing."""

    entity: EntityBooks
    day: date

    @property
    def legal_entity(self) -> str:
        return self.entity.legal_entity

    @property
    def functional_currency(self) -> str:
        return self.entity.functional_currency

    @property
    def zone(self) -> str:
        return self.entity.zone

    @property
    def mapping_version(self) -> int:
        return self.entity.mapping_version

    def account(self, role: str) -> str:
        return str(self._find(self.entity.accounts, "account", role))

    def sku(self, sku: str) -> SkuTreatment:
        treatment: SkuTreatment = self._find(self.entity.skus, "sku", sku)
        return treatment

    def tax_account(self, code: str) -> str:
        """The code's own account, or the entity's for all codes (``*``) where it has one."""
        known = code if code in self.entity.taxes or "*" not in self.entity.taxes else "*"
        return str(self._find(self.entity.taxes, "tax", known))

    def rate(self, currency: str) -> Rate:
        """The rate of the day by the entity's policy (``rates.Policy``)."""
        own, policy = self.functional_currency, DEFAULT
        for since, until, stated in self.entity.policies:
            if since <= self.day < until:
                policy = stated
        found = self.entity.quotes.find(currency, own, self.day, policy)
        if found is None:
            raise MappingMissing("rate", f"{currency}→{own}", self.legal_entity)
        return found

    def periods(self, span: Span) -> Sequence[Period]:
        """The whole calendar, in order: the rules take from it what the span touches."""
        self.entity.period_of(span.start)
        self.entity.period_of(span.end)
        return self.entity.periods

    def _find(self, table: dict[str, list[tuple[date, date, Any]]], kind: str, key: str) -> Any:
        for since, until, value in table.get(key, ()):
            if since <= self.day < until:
                return value
        raise MappingMissing(kind, key, self.legal_entity)


_ENTITIES = """
SELECT entity.id, entity.code, entity.functional_currency, entity.zone, entity.late_documents,
    (SELECT coalesce(max(id), 0) FROM mappings_mappingversion) AS version
FROM mappings_legalentity entity
"""
_ACCOUNTS = """
SELECT map.legal_entity_id, map.role AS key, lower(map.valid) AS since, upper(map.valid) AS until,
    account.code FROM mappings_accountmap map JOIN mappings_ledgeraccount account
    ON account.id = map.account_id
"""
_SKUS = """
SELECT map.legal_entity_id, map.sku AS key, lower(map.valid) AS since, upper(map.valid) AS until,
    revenue.code AS revenue, deferral.code AS deferral, map.convention
FROM mappings_skumap map
JOIN mappings_ledgeraccount revenue ON revenue.id = map.revenue_account_id
JOIN mappings_ledgeraccount deferral ON deferral.id = map.deferral_account_id
"""
_TAXES = """
SELECT map.legal_entity_id, map.code AS key, lower(map.valid) AS since, upper(map.valid) AS until,
    account.code FROM mappings_taxmap map JOIN mappings_ledgeraccount account
    ON account.id = map.account_id
"""
_ROUTES = """
SELECT legal_entity_id, lane, connection_id, lower(valid) AS since, upper(valid) AS until,
    posts_as = 'documents' AS documents
FROM mappings_erproute ORDER BY lane
"""
_PERIODS = """
SELECT id, legal_entity_id, code, starts, ends, state = 'open' AS open
FROM mappings_accountingperiod ORDER BY legal_entity_id, starts
"""
_RATES = """
SELECT DISTINCT ON (currency, quote, day) currency, quote, day, rate, source
FROM mappings_exchangerate ORDER BY currency, quote, day, revision DESC
"""
_POLICIES = """
SELECT legal_entity_id, lower(valid) AS since, upper(valid) AS until, max_age_days, inverse, via
FROM mappings_ratepolicy
"""
_MONETARY = "SELECT code FROM mappings_ledgeraccount WHERE monetary"
# Changes whenever any of the tables above does: versions grow, rates are only added, and periods
# carry their states.
_STAMP = """
SELECT (SELECT coalesce(max(id), 0) FROM mappings_mappingversion) AS version,
    (SELECT string_agg(code || late_documents, ',' ORDER BY id) FROM mappings_legalentity)
        AS entities,
    (SELECT coalesce(max(id), 0) FROM mappings_exchangerate) AS rates,
    (SELECT hashtextextended(string_agg(id::text || state, ',' ORDER BY id), 1)
     FROM mappings_accountingperiod) AS periods
"""

_cached: tuple[Any, dict[int, EntityBooks]] | None = None


def all_books() -> dict[int, EntityBooks]:
    """Every entity's books by entity id, as they are now."""
    global _cached
    row = sql.one(_STAMP)
    assert row is not None
    stamp = tuple(row)
    if _cached is None or _cached[0] != stamp:
        _cached = (stamp, _load())
    return _cached[1]


def read_books() -> dict[int, EntityBooks]:
    """Every entity's books as this transaction sees them, past what is kept in memory."""
    return _load()


def forget() -> None:
    """Drop what is cached; for tests, whose databases start again."""
    global _cached
    _cached = None


def _load() -> dict[int, EntityBooks]:
    accounts: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    skus: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    taxes: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for table, statement in ((accounts, _ACCOUNTS), (taxes, _TAXES)):
        for row in sql.rows(statement):
            table[row.legal_entity_id][row.key].append((*_span(row), row.code))
    for row in sql.rows(_SKUS):
        treatment = SkuTreatment(row.revenue, row.deferral, row.convention)
        skus[row.legal_entity_id][row.key].append((*_span(row), treatment))
    tags = read_tags()
    routes: dict[int, list[Any]] = defaultdict(list)
    for row in sql.rows(_ROUTES):
        routes[row.legal_entity_id].append(
            (*_span(row), row.lane, row.connection_id, row.documents)
        )
    calendar: dict[int, list[Any]] = defaultdict(list)
    for row in sql.rows(_PERIODS):
        calendar[row.legal_entity_id].append(
            (row.id, Period(row.code, Span(row.starts, row.ends), row.open))
        )
    quotes = Quotes.of(
        Published(row.currency, row.quote, row.day, row.rate, row.source)
        for row in sql.rows(_RATES)
    )
    policies: dict[int, list[Any]] = defaultdict(list)
    for row in sql.rows(_POLICIES):
        stated = Policy(row.max_age_days, row.inverse, row.via)
        policies[row.legal_entity_id].append((*_span(row), stated))
    monetary = frozenset(row.code for row in sql.rows(_MONETARY))
    return {
        row.id: EntityBooks(
            row.id, row.code, row.functional_currency, row.zone, row.version,
            dict(accounts[row.id]), dict(skus[row.id]), dict(taxes[row.id]), routes[row.id],
            calendar[row.id], [period for _, period in calendar[row.id]],
            [period.span.start for _, period in calendar[row.id]],
            quotes, policies[row.id], monetary, row.late_documents,
            tags.get(row.id, Tags()),
        )
        for row in sql.rows(_ENTITIES)
    }  # fmt: skip


def _span(row: Any) -> tuple[date, date]:
    return row.since or date.min, row.until or _FOREVER
