"""
Customer master: name, tax id and currency of a customer as one, beside a system's own list.

They are compared as one text, so that a customer who differs is one break, of status. Nobody's
money is compared: each row is nothing in the books' own currency.
"""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check, Side
from revops.reconciliation.checks.sides import listed, select

_BOOKS: Final = "(SELECT functional_currency FROM mappings_legalentity WHERE id = %(entity)s)"
_SAID: Final = "concat_ws(' · ', {name}, nullif({tax_id}, ''), nullif({currency}, ''))"
_TOLD: Final = """coalesce((SELECT {column} FROM reconciliation_holding told
    WHERE told.connection_id = %(other)s AND told.kind = '{kind}' AND told.gone_in_id IS NULL
        AND told.key = customer.source_id LIMIT 1), '')"""
# Since when the system has it, by its own list; what it does not list, since it was told of it.
_SINCE: Final = """coalesce((SELECT min(told.dated) FROM reconciliation_holding told
    WHERE told.connection_id = %(other)s AND told.kind = '{kind}' AND told.gone_in_id IS NULL
        AND told.key = customer.source_id), (customer.created_at AT TIME ZONE books.zone)::date)"""
# A system that is asked for news tells of a customer later than it lists them: whom it listed since
# the last asking is not missing here yet.
_TOLD_BY_NOW: Final = """(EXISTS (SELECT 1 FROM canonical_customer known
        WHERE known.connection_id = held.connection_id AND known.source_id = held.key)
    OR NOT EXISTS (SELECT 1 FROM events_sourcecursor asked
        JOIN reconciliation_load first ON first.id = held.first_in_id
        WHERE asked.connection_id = held.connection_id
            AND (asked.polled_at IS NULL OR asked.polled_at <= first.ended_at)))"""


def check(*, slug: str, label: str, kind: str, role: str) -> Check:
    """
    What a system leaves empty is no difference: nobody asked it. Customers are compared in every
    period that ends after they came: a later one is no news for figures that were signed.
    """
    tells = {
        column: _TOLD.format(column=f"told.{column}", kind=kind)
        for column in ("reference", "currency")
    }
    ours = {
        "item_key": "'customer:' || customer.id",
        "key": "customer.source_id",
        "number": "customer.source_id",
        "party": "party.name",
        "currency": _BOOKS,
        "amount": "0::bigint",
        "dated": "%(starts)s::date",
        "state": _SAID.format(
            name="party.name",
            tax_id=f"CASE WHEN {tells['reference']} = '' THEN '' ELSE party.tax_id END",
            currency=f"CASE WHEN {tells['currency']} = '' THEN '' ELSE party.currency END",
        ),
        "record_kind": "'customer'",
        "record_id": "customer.id",
        "touched_at": "greatest(customer.updated_at, party.updated_at)",
    }
    rest = f"""
FROM canonical_customer customer
JOIN canonical_party party ON party.id = customer.party_id
JOIN mappings_legalentity books ON books.id = customer.legal_entity_id
WHERE customer.connection_id = %(other)s AND customer.legal_entity_id = %(entity)s
    AND customer.merged_into_id IS NULL AND {_SINCE.format(kind=kind)} <= %(ends)s
"""
    theirs = _SAID.format(name="held.party", tax_id="held.reference", currency="held.currency")
    return Check(
        slug=slug,
        label=label,
        left=Side(label="Our records", query=select(ours) + rest),
        right=listed(
            "{system}",
            kind,
            role,
            standing=True,
            where=_TOLD_BY_NOW,
            state=theirs,
            currency=_BOOKS,
            amount="0::bigint",
            dated="%(starts)s::date",
        ),
        area="billing_sync",
        noun="customers",
        compares=frozenset({"state"}),
        wait_days=1,
    )
