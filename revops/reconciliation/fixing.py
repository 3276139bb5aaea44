"""Beside breaks of taxes: the line of the map that decided the account, ready to be corrected."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse

from exceptions import fixes
from exceptions.models import Case
from revops.pipeline.fixing.places import Place
from revops.reconciliation.models import Break, Holding
from revops.reconciliation.operations.mending import break_of
from revops.store import sql

KIND: Final = "break_tax"

# The tax lines of the entries that a case is about, the largest first, with the map's row that
# gave the account: that of the code, or that of every other code.
_MAPPED: Final = """
SELECT line.tax_code AS code, line.account, line.functional, entry.accounting_date AS day,
    entry.functional_currency AS currency, entity.code AS entity, map.id AS row, map.code AS named
FROM ledger_journalentry entry
JOIN ledger_journalline line ON line.entry_id = entry.id AND line.tax_code <> ''
JOIN mappings_legalentity entity ON entity.id = entry.legal_entity_id
LEFT JOIN LATERAL (
    SELECT tax.id, tax.code FROM mappings_taxmap tax
    JOIN mappings_ledgeraccount account ON account.id = tax.account_id
    WHERE tax.legal_entity_id = entry.legal_entity_id AND tax.code IN (line.tax_code, '*')
        AND tax.valid @> entry.accounting_date AND account.code = line.account
    ORDER BY tax.code = '*' LIMIT 1) map ON true
WHERE (%(kind)s = 'journal' AND entry.id = %(id)s)
    OR (entry.record_kind = %(kind)s AND entry.record_id = %(id)s)
ORDER BY map.id IS NULL, abs(line.functional) DESC, line.id LIMIT 20
"""


def declare() -> None:
    """Called once when the app is ready."""
    fixes.declare(KIND, TaxMapBehind(KIND))


class TaxMapBehind(Place):
    """
    Leads to the code's line of the map on the document's day; where the ERP has the same tax on
    another account, with that account filled in. Somebody else agrees to it there.
    """

    def _where(self, case: Case) -> tuple[str, str] | None:
        lines = (
            sql.rows(_MAPPED, {"kind": case.record_kind, "id": case.record_id})
            if case.record_id is not None
            else []
        )
        # Without a line in the map the code stands on an account that nobody mapped it to.
        if not lines:
            return None
        first = next((one for one in lines if one.row), lines[0])
        theirs = _theirs(break_of(case), lines, first)
        asked = {"edit": "new", "key": first.code, "of": first.entity}
        if first.row and first.named == first.code:
            asked = {"edit": str(first.row), "q": first.code, "on": first.day.isoformat()}
        asked["from"] = first.day.isoformat()
        if theirs:
            asked["account"] = theirs
        words = f"Correct the map of tax code {first.code}" + (
            f", which the ERP has on {theirs}" if theirs else f", now on {first.account}"
        )
        path = reverse("mappings:grid", args=["tax-codes"])
        return words, f"{path}?{urlencode(asked)}#editor"


def _theirs(found: Break | None, lines: list[Any], tax: Any) -> str:
    """The one account that the ERP has this tax on, where it is another than ours."""
    right = found.pair.right if found is not None else None
    if found is None or right is None:
        return ""
    ids = [str(row["id"]) for row in found.right if row.get("id")]
    ours = {one.account for one in lines}
    named: set[str] = set()
    for held in Holding.objects.filter(connection=right, kind="journal", external_id__in=ids):
        booked = (held.accounts or {}).get(tax.currency, {})
        named |= {code for code, amount in booked.items() if amount == tax.functional} - ours
    return named.pop() if len(named) == 1 else ""
