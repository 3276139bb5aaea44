"""The records that the sandbox begins with."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from typing import Any, Final

from connectors.systems.tryton.sandbox import chart
from connectors.systems.tryton.sandbox.records import Record

COMPANIES: Final = range(1, len(chart.COMPANIES) + 1)
_COUNTRIES: Final = ("AU", "BR", "CA", "DE", "ES", "FR", "GB", "IE", "JP", "NL", "SE", "SG", "US")
_EMPTY: Final = (
    "account.invoice",
    "account.invoice.line",
    "account.invoice.tax",
    "account.journal.period",
    "account.move",
    "account.move.line",
    "account.move.reconciliation",
    "party.address",
    "party.identifier",
    "party.party",
)


def first(years: Iterable[int]) -> dict[str, dict[int, Record]]:
    """By model and id."""
    tables: dict[str, dict[int, Record]] = {
        "currency.currency": table(
            code=[currency for _, _, currency, _ in chart.COMPANIES],
            digits=[chart.DIGITS for _ in chart.COMPANIES],
        ),
        "company.company": table(
            rec_name=[name for _, name, _, _ in chart.COMPANIES],
            currency=list(COMPANIES),
            party=list(COMPANIES),
        ),
        # Whoever runs Tryton imports them; this one has not got them all.
        "country.country": table(code=list(_COUNTRIES)),
        "account.account": accounts(),
        "account.account.type": table(
            receivable=[kind == "receivable" for kind in chart.KINDS],
            revenue=[kind == "revenue" for kind in chart.KINDS],
            deposit=[kind in chart.DEPOSITS for kind in chart.KINDS],
        ),
        "account.period": periods(years),
        "account.journal": table(
            code=[code for code, _, _ in chart.JOURNALS],
            name=[name for _, name, _ in chart.JOURNALS],
            type=[kind for _, _, kind in chart.JOURNALS],
        ),
        "ir.model.field": table(model=["account.account.type"], name=["deposit"]),
        **{model: {} for model in _EMPTY},
    }
    tables["ir.model"] = table(name=[*tables, "ir.model"])
    return tables


def table(**columns: Sequence[Any]) -> dict[int, Record]:
    rows = zip(*columns.values(), strict=True)
    return {
        number: {"id": number, **dict(zip(columns, row, strict=True))}
        for number, row in enumerate(rows, start=1)
    }


def accounts() -> dict[int, Record]:
    places = [(company, *account) for company in COMPANIES for account in chart.ACCOUNTS]
    return table(
        code=[code for _, code, _, _ in places],
        name=[name for _, _, name, _ in places],
        type=[chart.KINDS.index(kind) + 1 for _, _, _, kind in places],
        party_required=[code in chart.PARTY_REQUIRED for _, code, _, _ in places],
        closed=[False] * len(places),
        company=[company for company, _, _, _ in places],
    )


def periods(years: Iterable[int]) -> dict[int, Record]:
    months = [(c, year, month) for year in years for month in range(1, 13) for c in COMPANIES]
    return table(
        name=[f"{year:04d}-{month:02d}" for _, year, month in months],
        start_date=[_date(year, month, 1) for _, year, month in months],
        end_date=[_date(y, m, calendar.monthrange(y, m)[1]) for _, y, m in months],
        state=["open"] * len(months),
        type=["standard"] * len(months),
        company=[company for company, _, _ in months],
    )


def _date(year: int, month: int, day: int) -> dict[str, Any]:
    return {"__class__": "date", "year": year, "month": month, "day": day}
