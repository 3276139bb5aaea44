"""What SQL of several checks needs to know of an entity's books."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Side
from revops.reconciliation.checks.sides import ours

# The accounts that roles ever had in the entity's books: a map may have changed meanwhile.
_ROLE: Final = """(
    SELECT account.code FROM mappings_accountmap map
    JOIN mappings_ledgeraccount account ON account.id = map.account_id
    WHERE map.legal_entity_id = %(entity)s AND map.role IN ({roles}))"""
TAX: Final = """(
    SELECT account.code FROM mappings_taxmap map
    JOIN mappings_ledgeraccount account ON account.id = map.account_id
    WHERE map.legal_entity_id = %(entity)s)"""

# Accounts that nobody but the line posts to. The bank account is not among them: payroll moves it.
KEPT: Final = """(
    SELECT account.code FROM mappings_accountmap map
    JOIN mappings_ledgeraccount account ON account.id = map.account_id
    WHERE map.legal_entity_id = %(entity)s AND map.role IN ('receivable', 'processor_clearing',
        'customer_credit', 'refunds_payable', 'unbilled', 'accrued_credits')
    UNION SELECT account.code FROM mappings_taxmap map
    JOIN mappings_ledgeraccount account ON account.id = map.account_id
    WHERE map.legal_entity_id = %(entity)s
    UNION SELECT account.code FROM mappings_skumap map
    JOIN mappings_ledgeraccount account
        ON account.id IN (map.revenue_account_id, map.deferral_account_id)
    WHERE map.legal_entity_id = %(entity)s)"""

# The customer of an entry, by the first of its lines that names one.
PARTY: Final = """coalesce((SELECT customer.name FROM ledger_journalline line
    JOIN canonical_customer customer ON customer.source_id = line.customer_ref
        AND customer.connection_id = (SELECT source.id FROM connectors_connection source
            WHERE source.slug = split_part(entry.business_key, ':', 1))
    WHERE line.entry_id = entry.id AND line.customer_ref <> ''
    ORDER BY line.position LIMIT 1), '')"""


# Not one that we had reversed in the ERP (``operations/mending.py``), nor such a reversal.
UNDONE: Final = """NOT EXISTS (SELECT 1 FROM delivery_outboundcommand reversal
    WHERE reversal.document_type = 'erp_reversal' AND reversal.state = 'posted'
        AND reversal.lane = 'primary' AND reversal.legal_entity_id = held.legal_entity_id
        AND (reversal.business_key = (SELECT source.slug FROM connectors_connection source
                WHERE source.id = held.connection_id) || ':' || held.external_id
            OR reversal.key = held.key))"""

_ENTRY: Final = {
    "item_key": "'journal:' || entry.id",
    "number": "'JE-' || entry.id",
    "reference": "entry.description",
    "currency": "entry.currency",
    "record_kind": "'journal'",
    "record_id": "entry.id",
    "touched_at": "entry.recorded_at",
}


def journals(rest: str, **columns: str) -> Side:
    """Journal entries of ours: ``entry`` in ``rest``, which is as ``sides.ours`` takes it."""
    return ours("Our books", rest, **{**_ENTRY, **columns})


def role(*names: str) -> str:
    return _ROLE.format(roles=", ".join(f"'{name}'" for name in names))


def on(accounts: str, *, currency: str, amounts: str = "held.accounts") -> str:
    """Debits less credits of a listed posting on ``accounts`` in a currency; NULL: not listed."""
    return f"""(SELECT coalesce(sum(booked.value::bigint), 0)::bigint
        FROM jsonb_each_text({amounts} -> {currency}) booked
        WHERE booked.key IN {accounts})"""  # noqa: S608  our own literals
