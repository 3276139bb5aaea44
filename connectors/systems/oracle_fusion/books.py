"""What this connection needs to know of Fusion's ledgers: currencies, periods, accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.contract import Outcome
from connectors.problem import Problem
from connectors.shelf import Shelf
from connectors.systems.oracle_fusion import wire
from connectors.systems.oracle_fusion.wire import Fusion, Row, Unit

# Of the general ledger, as Fusion numbers its applications.
GENERAL_LEDGER: Final = "101"
_OPEN: Final = frozenset(("O", "OPEN"))


@dataclass(frozen=True, slots=True)
class Period:
    """ISO days, both inclusive."""

    name: str
    starts: str
    ends: str
    open: bool


@dataclass(frozen=True, slots=True)
class Ledger:
    legal_entity: str
    unit: Unit
    currency: str
    periods: Sequence[Period]

    def period_of(self, day: str) -> Period | None:
        return next((one for one in self.periods if one.starts <= day <= one.ends), None)


@dataclass(frozen=True, slots=True)
class Library:
    """``ledgers`` by legal entity; ``accounts`` by code, whether each is enabled."""

    ledgers: Mapping[str, Ledger]
    accounts: Mapping[str, bool]


def shelf() -> Shelf[Fusion, Library]:
    return Shelf(read, _place)


def _place(fusion: Fusion) -> tuple[str, ...]:
    told = fusion.settings.slug, fusion.base_url, fusion.value_set
    return *told, *map(str, fusion.units.items())


async def read(fusion: Fusion) -> Library:
    """One call for ledgers, one for accounts, one for each ledger's periods. Raises Problem."""
    wanted = " or ".join(f"LedgerId={unit.ledger}" for unit in fusion.units.values())
    currencies = {
        wire.text(row, "LedgerId"): wire.text(row, "CurrencyCode")
        for row in await fusion.rows("ledgersLOV", q=wanted)
    }
    ledgers = {}
    for code, unit in fusion.units.items():
        if unit.ledger in currencies:
            periods = await _periods(fusion, unit)
            ledgers[code] = Ledger(code, unit, currencies[unit.ledger], periods)
    if not ledgers:
        reason = "The user sees none of the ledgers that the connection names."
        raise Problem(Outcome.AUTH, "company_missing", reason)
    values = await fusion.rows(f"valueSets/{fusion.value_set}/child/values", order="Value")
    accounts = {wire.text(row, "Value"): row.get("EnabledFlag") in ("Y", True) for row in values}
    return Library(ledgers, accounts)


async def _periods(fusion: Fusion, unit: Unit) -> list[Period]:
    q = f"ApplicationId={GENERAL_LEDGER} and LedgerId={unit.ledger}"
    rows = await fusion.rows("accountingPeriodStatusLOV", q=q, order="StartDate")
    return [_period(row) for row in rows if row.get("AdjustmentPeriodFlag") not in ("Y", True)]


def _period(row: Row) -> Period:
    return Period(
        wire.text(row, "PeriodNameId"),
        wire.text(row, "StartDate")[:10],
        wire.text(row, "EndDate")[:10],
        open=wire.text(row, "ClosingStatus").upper() in _OPEN,
    )
