"""
Customers as one, and as an ERP has them: those that the ERP was told of by ``customer.upsert``, or
that a posting in it made: not every posting of every ERP carries its customer there, so the kinds
that do stand in its manifest. Whom the ERP keeps besides, suppliers say, is no difference.

An ERP knows a customer under whatever id it was told first: of the console, or of one of the
systems. Several of its rows for one customer are no difference either; the one that we were
answered with is compared.
"""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check, Side
from revops.reconciliation.checks.sides import select

_TOLD: Final = """
SELECT asked.party_id, bool_or(asked.upserted) AS upserted, min(asked.day) AS since,
    max(asked.at) AS told_at, bool_or(asked.certain) AS certain
FROM (
    SELECT customer.party_id, true AS upserted, command.finished_at AS at, true AS certain,
        (coalesce(command.finished_at, command.created_at) AT TIME ZONE books.zone)::date AS day
    FROM canonical_customer customer
    JOIN delivery_outboundcommand command ON command.subject_kind = 'customer'
        AND command.subject_id = customer.id AND command.connection_id = {erp}
    JOIN mappings_legalentity books ON books.id = command.legal_entity_id
    WHERE command.legal_entity_id = %(entity)s AND command.kind = 'customer.upsert'
        AND command.state = 'posted'
    UNION ALL
    -- ERPs keep other ids than these as a digest, by which nobody is found again.
    SELECT customer.party_id, false, posting.finished_at,
        customer.source_id ~ '^[A-Za-z0-9_-]{{1,20}}$', posting.accounting_date
    FROM canonical_customer customer
    CROSS JOIN LATERAL (
        SELECT command.finished_at, entry.accounting_date
        FROM canonical_invoice invoice
        JOIN ledger_journalentry entry ON entry.record_kind = 'invoice'
            AND entry.record_id = invoice.id AND entry.legal_entity_id = %(entity)s
        JOIN delivery_outboundcommand command ON command.subject_kind = 'journal'
            AND command.subject_id = entry.id AND command.connection_id = {erp}
            AND command.state = 'posted' AND command.kind = ANY(%(naming)s)
        WHERE invoice.customer_id = customer.id AND EXISTS (
            SELECT 1 FROM ledger_journalline line
            WHERE line.entry_id = entry.id AND line.customer_ref = customer.source_id)
        ORDER BY entry.accounting_date, entry.id LIMIT 1
    ) posting
    WHERE customer.legal_entity_id = %(entity)s
) asked
GROUP BY asked.party_id HAVING min(asked.day) <= %(ends)s
"""
_LISTED: Final = """
SELECT held.external_id, held.number, held.party, held.reference, held.touched_at
FROM (
    SELECT found.* FROM (
        SELECT 'PTY-' || asked.party_id AS key
        UNION SELECT account.source_id FROM canonical_customer account
        WHERE account.party_id = asked.party_id
        UNION SELECT upper(account.source_id) FROM canonical_customer account
        WHERE account.party_id = asked.party_id
    ) known
    JOIN reconciliation_holding found ON found.connection_id = {erp} AND found.kind = 'customer'
        AND found.key = known.key
    UNION ALL
    SELECT found.* FROM canonical_customer account
    JOIN delivery_outboundcommand command ON command.subject_kind = 'customer'
        AND command.subject_id = account.id AND command.kind = 'customer.upsert'
        AND command.connection_id = {erp}
    JOIN reconciliation_holding found ON found.connection_id = {erp} AND found.kind = 'customer'
        AND found.external_id = command.external_id
    WHERE account.party_id = asked.party_id
) held
WHERE held.gone_in_id IS NULL
ORDER BY held.key = 'PTY-' || asked.party_id DESC, held.external_id LIMIT 1
"""
_FROM: Final = """
FROM ({told}) asked
JOIN canonical_party party ON party.id = asked.party_id
{join} JOIN LATERAL ({listed}) theirs ON true
"""
_BOOKS: Final = "(SELECT functional_currency FROM mappings_legalentity WHERE id = %(entity)s)"
_SAID: Final = "concat_ws(' · ', {name}, nullif({tax_id}, ''))"
# The ERP's own words count as ours where they are what it was told: a name that it cut; by a
# posting that of any account; while a newer one is on its way, the one before. It writes a tax id
# its own way, and one that it leaves empty is no difference: a posting tells none.
_OUR_NAME: Final = """CASE WHEN theirs.party = party.name
    OR length(theirs.party) >= 35 AND starts_with(party.name, theirs.party)
    OR NOT asked.upserted AND EXISTS (SELECT 1 FROM canonical_customer account
        WHERE account.party_id = party.id AND theirs.party IN (account.name, account.source_id))
    OR EXISTS (SELECT 1 FROM delivery_outboundcommand command
        JOIN canonical_customer told ON told.id = command.subject_id
        WHERE command.subject_kind = 'customer' AND command.kind = 'customer.upsert'
            AND command.connection_id = %(other)s AND told.party_id = party.id
            AND command.state NOT IN ('posted', 'cancelled'))
    THEN theirs.party ELSE party.name END"""
_BARE: Final = "regexp_replace(upper({of}), '[^A-Z0-9]', '', 'g')"
_OUR_TAX_ID: Final = f"""CASE WHEN coalesce(theirs.reference, '') = '' THEN ''
    WHEN NOT asked.upserted THEN theirs.reference
    WHEN {_BARE.format(of="theirs.reference")} = {_BARE.format(of="party.tax_id")}
        OR EXISTS (SELECT 1 FROM canonical_customer account WHERE account.party_id = party.id
            AND {_BARE.format(of="account.tax_id")} = {_BARE.format(of="theirs.reference")})
    THEN theirs.reference ELSE party.tax_id END"""  # noqa: S608  our own literals

_COMMON: Final = {
    "key": "'PTY-' || party.id",
    "currency": _BOOKS,
    "amount": "0::bigint",
    "dated": "%(starts)s::date",
}


def _side(label: str, erp: str, join: str, where: str, kind: str = "", **columns: str) -> Side:
    rest = _FROM.format(told=_TOLD.format(erp=erp), listed=_LISTED.format(erp=erp), join=join)
    query = select({**_COMMON, **columns}) + rest + where
    return Side(label=label, query=query, kind=kind, role="erp" if kind else "")


CHECK: Final = Check(
    slug="customers_erp",
    label="Customers: our records and the ERP",
    left=_side(
        "Our records",
        "%(other)s",
        "LEFT",
        "WHERE asked.certain OR theirs.external_id IS NOT NULL",
        item_key="'customer:' || party.id",
        number="'PTY-' || party.id",
        party="party.name",
        state=_SAID.format(name=_OUR_NAME, tax_id=_OUR_TAX_ID),
        record_kind="'customer'",
        record_id="(SELECT min(account.id) FROM canonical_customer account"
        " WHERE account.party_id = party.id)",
        touched_at="greatest(party.updated_at, asked.told_at)",
    ),
    right=_side(
        "{system}",
        "%(connection)s",
        "",
        "",
        kind="customer",
        item_key="theirs.external_id",
        number="coalesce(nullif(theirs.number, ''), theirs.external_id)",
        party="theirs.party",
        state=_SAID.format(name="theirs.party", tax_id="theirs.reference"),
        touched_at="theirs.touched_at",
    ),
    area="billing_sync",
    noun="customers",
    compares=frozenset({"state"}),
    wait_days=1,
)
