"""
Our journals, and what the ERP holds: the sum, the tax and the day of each.

Ours are those that the ERP has been asked for, by their latest posting. Theirs are all with a key
of ours, and whatever somebody entered by hand on accounts that only the line posts to. A document
that we had reversed there, and its reversal, come to nothing and are left out.
"""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.books import KEPT, PARTY, TAX, UNDONE, journals, on
from revops.reconciliation.checks.sides import listed

_OURS: Final = """
FROM delivery_outboundcommand command
JOIN ledger_journalentry entry ON entry.id = command.subject_id
JOIN mappings_accountingperiod period ON period.id = entry.period_id
WHERE command.subject_kind = 'journal' AND command.connection_id = %(other)s
    AND command.legal_entity_id = %(entity)s AND command.state <> 'cancelled'
    AND entry.accounting_date BETWEEN %(starts)s AND %(ends)s
    AND NOT EXISTS (SELECT 1 FROM delivery_outboundcommand later
        WHERE later.subject_kind = 'journal' AND later.subject_id = command.subject_id
            AND later.connection_id = command.connection_id AND later.id > command.id
            AND later.state <> 'cancelled')
"""
_TAX: Final = f"""(SELECT coalesce(-sum(line.functional), 0)::bigint
    FROM ledger_journalline line
    WHERE line.entry_id = entry.id AND line.account IN {TAX})"""  # noqa: S608  our own literals
# What somebody booked there by hand in our place has no key of ours: it is known by its id.
_KEY: Final = """coalesce(nullif(held.key, ''), (
    SELECT jsonb_object_agg(taken.external_id, taken.key) FROM delivery_outboundcommand taken
    WHERE taken.connection_id = %(connection)s AND taken.code = 'by_hand'
        AND taken.state = 'posted') ->> held.external_id, '')"""
_BY_HAND: Final = f"""(held.key <> '' OR EXISTS (
    SELECT 1 FROM jsonb_object_keys(held.accounts -> held.currency) code WHERE code IN {KEPT}))"""  # noqa: S608  our own literals

CHECK: Final = Check(
    slug="erp_journals",
    label="Journals: our books and the ERP",
    left=journals(
        _OURS,
        key="command.key",
        group_key="entry.document_type",
        party=PARTY,
        currency="command.currency",
        amount="command.amount",
        tax=_TAX,
        dated="entry.accounting_date",
        period_code="period.code",
        state="'posted'",
        touched_at="greatest(entry.recorded_at, command.created_at, command.finished_at)",
    ),
    right=listed(
        "{system}",
        "journal",
        "erp",
        key=_KEY,
        where=f"{_BY_HAND} AND {UNDONE}",
        tax="CASE WHEN held.accounts IS NULL THEN NULL ELSE -"
        + on(TAX, currency="held.currency")
        + " END",
    ),
    area="erp_posting",
    noun="journals",
    compares=frozenset({"amount", "tax", "currency", "dated", "state"}),
    states={"posted": frozenset({"posted"})},
    wait_days=1,
)
