"""
The records that a thread is made of, and what each comes from.

A thread follows a record up to everything that it came from and down to everything that came from
it. One line here adds a kind to the reach of a thread, to its rows, and to its words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """
    ``table`` holds the record; the other texts are SQL on its row, which is called ``record``.
    ``parents`` are (kind, column) of what it came from, the nearest first.
    """

    name: str
    label: str
    table: str
    shown: str = "record.source_id"
    currency: str = "record.currency"
    amount: str = "NULL::bigint"
    state: str = "''"
    note: str = "''"
    dated: str = "NULL::date"
    due_on: str = "NULL::date"
    due_word: str = "Due"
    parents: tuple[tuple[str, str], ...] = ()


KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind("customer", "Customer", "canonical_customer", shown="record.name",
             parents=(("customer", "parent_id"),)),
        Kind("opportunity", "Opportunity", "canonical_opportunity", shown="record.name",
             amount="record.amount", state="record.state", note="record.reason",
             dated="record.decided_on",
             due_on="record.closes_on", due_word="Expected to close",
             parents=(("customer", "customer_id"),)),
        Kind("quote", "Quote", "canonical_quote",
             shown="coalesce(nullif(record.number, ''), record.source_id)",
             amount="record.amount", dated="record.accepted_on",
             parents=(("opportunity", "opportunity_id"),)),
        Kind("contract", "Contract", "canonical_contract",
             shown="coalesce(nullif(record.number, ''), record.source_id)",
             amount="record.total", state="record.state", note="record.reason",
             dated="record.starts_on",
             due_on="record.ends_on", due_word="Ends",
             parents=(("opportunity", "opportunity_id"), ("customer", "customer_id"))),
        Kind("subscription", "Subscription", "canonical_subscription", state="record.state",
             dated="record.started_on", due_on="record.renews_on", due_word="Renews",
             parents=(("contract", "contract_id"), ("customer", "customer_id"))),
        Kind("entitlement", "Entitlement", "canonical_entitlement", shown="record.feature",
             currency="''", state="record.state", dated="record.effective_on",
             due_on="record.ends_on", due_word="Ends",
             parents=(("subscription", "subscription_id"), ("customer", "customer_id"))),
        Kind("invoice", "Invoice", "canonical_invoice",
             shown="coalesce(nullif(record.number, ''), record.source_id)",
             amount="record.total", state="record.state", dated="record.issued_on",
             due_on="record.due_on",
             parents=(("subscription", "subscription_id"), ("customer", "customer_id"))),
        Kind("tax", "Tax", "canonical_taxdocument", amount="record.total",
             dated="record.calculated_on", parents=(("invoice", "invoice_id"),)),
        Kind("payment", "Payment", "canonical_payment", amount="record.amount",
             state="record.state", note="record.reason", dated="record.dated",
             parents=(("invoice", "invoice_id"), ("customer", "customer_id"))),
        Kind("dispute", "Dispute", "canonical_dispute", amount="record.amount",
             state="record.state", note="record.reason", dated="record.opened_on",
             parents=(("payment", "payment_id"),)),
        Kind("refund", "Refund", "canonical_refund", amount="record.amount",
             note="record.reason", dated="record.dated", parents=(("payment", "payment_id"),)),
        Kind("support_case", "Support case", "canonical_supportcase", shown="record.title",
             currency="''", state="record.state", dated="record.opened_on",
             parents=(("invoice", "invoice_id"), ("customer", "customer_id"))),
        Kind("credit", "Credit", "canonical_credit",
             shown="coalesce(nullif(record.number, ''), record.source_id)",
             amount="record.total", state="record.state", note="record.reason",
             dated="coalesce(record.issued_on, record.entitled_on)",
             parents=(("credit", "request_id"), ("invoice", "invoice_id"),
                      ("support_case", "support_case_id"), ("customer", "customer_id"))),
        Kind("payout", "Payout", "canonical_payout", amount="record.amount",
             state="record.state", note="record.reason", dated="record.dated"),
    )
}  # fmt: skip
RECORDS: Final = tuple(KINDS)


def downwards() -> str:
    """SQL: every (kind, id) that came from the row ``down``."""
    return "\nUNION ALL ".join(
        f"SELECT '{kind.name}'::text AS kind, id FROM {kind.table} "  # noqa: S608  own literals
        f"WHERE down.kind = '{parent}' AND {column} = down.id"
        for kind in KINDS.values()
        for parent, column in kind.parents
    )


def upwards() -> str:
    """SQL: every (kind, id) that the row ``up`` came from."""
    return "\nUNION ALL ".join(
        f"SELECT '{parent}'::text AS kind, {column} AS id FROM {kind.table} "  # noqa: S608  own
        f"WHERE up.kind = '{kind.name}' AND {kind.table}.id = up.id AND {column} IS NOT NULL"
        for kind in KINDS.values()
        for parent, column in kind.parents
    )


def rows() -> str:
    """SQL: the record of every ``node``, all kinds in one shape; parents as ``kind:id``."""
    return "\nUNION ALL\n".join(_row(kind) for kind in KINDS.values())


def _row(kind: Kind) -> str:
    parents = ", ".join(f"'{parent}:' || record.{column}" for parent, column in kind.parents)
    found = f"array_remove(ARRAY[{parents}], NULL)" if parents else "ARRAY[]::text[]"
    return (
        f"SELECT '{kind.name}' AS kind, record.id, {kind.shown} AS name, "  # noqa: S608  own
        f"{kind.currency} AS currency, {kind.amount} AS amount, {kind.state} AS state, "
        f"{kind.note} AS note, {kind.dated} AS dated, {kind.due_on} AS due_on, "
        f"{found} AS parents, connection_id, source_id, legal_entity_id, correlation_id, "
        "created_at\n"
        f"FROM {kind.table} record JOIN node ON node.kind = '{kind.name}' AND node.id = record.id"
    )
