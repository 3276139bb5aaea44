"""What Tryton holds, in the plain form that tests compare."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

FIELDS = [
    "description", "number", "state", "date", "period.name", "company.currency.code",
    "company.party.code",
    "lines.account.code", "lines.debit", "lines.credit", "lines.party.code",
    "lines.second_currency.code", "lines.amount_second_currency",
]  # fmt: skip


def move(row: Mapping[str, Any], invoice: Mapping[str, Any] | None) -> dict[str, Any]:
    day = row["date"]
    lead = invoice["reference"] if invoice else row["description"]
    return {
        "id": row["id"],
        "key": (lead or "").partition(" ")[0],
        "invoice": invoice["number"] if invoice else "",
        "number": row["number"] or "",
        "state": row["state"],
        "date": f"{day['year']:04d}-{day['month']:02d}-{day['day']:02d}",
        "period": row["period."]["name"],
        "company": row["company."]["party."]["code"],
        "currency": row["company."]["currency."]["code"],
        "lines": [
            {
                "account": line["account."]["code"],
                "debit": _shown(line["debit"]),
                "credit": _shown(line["credit"]),
                "party": line["party."]["code"] if line["party."] else "",
                **_second(line),
            }
            for line in sorted(row["lines."], key=lambda line: int(line["id"]))
        ],
    }


def _second(line: Mapping[str, Any]) -> dict[str, str]:
    """``EUR 12.00`` for a line with a second currency."""
    currency = line["second_currency."]
    if not currency:
        return {}
    return {"second": f"{currency['code']} {_shown(line['amount_second_currency'])}"}


def _shown(amount: Mapping[str, str]) -> str:
    """With two digits: the zeros of an invoice's move have none."""
    return f"{Decimal(amount['decimal']):.2f}"
