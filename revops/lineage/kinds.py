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
class Between:
    """
    ``parent`` is the kind; the ids are SQL over ``upwards``, which begins at the child, and over
    ``downwards``, which begins at the parent: an index serves each way.
    """

    parent: str
    upwards: str
    downwards: str
    parent_id: str
    child_id: str


# An invoice line names the rated line that it bills: its key, and the revision behind the dash.
_BILLS: Final = Between(
    "rated_line",
    "canonical_invoiceline item JOIN usage_ratedline rated "
    "ON item.usage_ref <> '' AND rated.key = regexp_replace(item.usage_ref, '-[0-9]+$', '') "
    "AND rated.revision = substring(item.usage_ref FROM '-([0-9]{1,4})$')::int",
    "usage_ratedline rated JOIN canonical_invoiceline item "
    "ON item.usage_ref <> '' AND item.usage_ref = rated.key || '-' || rated.revision",
    "rated.id",
    "item.invoice_id",
)


@dataclass(frozen=True, slots=True)
class Kind:
    """
    ``table`` holds the record; the other texts are SQL on its row, which is called ``record``.
    ``parents`` are (kind, column) of what it came from, the nearest first; ``links`` are those that
    stand in tables between.
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
    links: tuple[Between, ...] = ()
    connection: str = "record.connection_id"
    source: str = "record.source_id"
    created: str = "record.created_at"
    # What several records are one and the same of; “” for what is only itself.
    one: str = "''"


KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind("customer", "Customer", "canonical_customer", shown="record.name",
             one="'party:' || record.party_id", parents=(("customer", "parent_id"),)),
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
        Kind("rated_line", "Usage rated", "usage_ratedline", shown="record.meter",
             amount="record.amount", state="record.state", note="record.reason",
             dated="record.period_start", due_on="record.period_end", due_word="Until",
             parents=(("subscription", "subscription_id"),),
             connection="(SELECT of.connection_id FROM canonical_subscription of "
                        "WHERE of.id = record.subscription_id)",
             source="record.key || '-' || record.revision", created="record.rated_at"),
        Kind("invoice", "Invoice", "canonical_invoice",
             shown="coalesce(nullif(record.number, ''), record.source_id)",
             amount="record.total", state="record.state", dated="record.issued_on",
             due_on="record.due_on", links=(_BILLS,),
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
        Kind("support_case", "Support case", "canonical_supportcase",
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
    found = [
        f"SELECT '{kind.name}'::text AS kind, id FROM {kind.table} "  # noqa: S608  of KINDS alone
        f"WHERE down.kind = '{parent}' AND {column} = down.id"
        for kind in KINDS.values()
        for parent, column in kind.parents
    ]
    found += [
        f"SELECT '{kind.name}', {link.child_id} FROM {link.downwards} "  # noqa: S608  of KINDS alone
        f"WHERE down.kind = '{link.parent}' AND {link.parent_id} = down.id"
        for kind in KINDS.values()
        for link in kind.links
    ]
    return "\nUNION ALL ".join(found)


def upwards() -> str:
    """SQL: every (kind, id) that the row ``up`` came from."""
    found = [
        f"SELECT '{parent}'::text AS kind, {column} AS id FROM {kind.table} "  # noqa: S608  of KINDS alone
        f"WHERE up.kind = '{kind.name}' AND {kind.table}.id = up.id AND {column} IS NOT NULL"
        for kind in KINDS.values()
        for parent, column in kind.parents
    ]
    found += [
        f"SELECT '{link.parent}', {link.parent_id} FROM {link.upwards} "  # noqa: S608  of KINDS alone
        f"WHERE up.kind = '{kind.name}' AND {link.child_id} = up.id"
        for kind in KINDS.values()
        for link in kind.links
    ]
    return "\nUNION ALL ".join(found)


def rows() -> str:
    """SQL: the record of every ``node``, all kinds in one shape; parents as ``kind:id``."""
    return "\nUNION ALL\n".join(_row(kind) for kind in KINDS.values())


def _row(kind: Kind) -> str:
    parents = ", ".join(f"'{parent}:' || record.{column}" for parent, column in kind.parents)
    found = f"array_remove(ARRAY[{parents}], NULL)" if parents else "ARRAY[]::text[]"
    for link in kind.links:
        found = (
            f"ARRAY(SELECT DISTINCT '{link.parent}:' || {link.parent_id} "  # noqa: S608  of KINDS alone
            f"FROM {link.upwards} WHERE {link.child_id} = record.id) || {found}"
        )
    return (
        f"SELECT '{kind.name}' AS kind, record.id, {kind.shown} AS name, "  # noqa: S608  of KINDS alone
        f"{kind.currency} AS currency, {kind.amount} AS amount, {kind.state} AS state, "
        f"{kind.note} AS note, {kind.dated} AS dated, {kind.due_on} AS due_on, "
        f"{found} AS parents, {kind.connection} AS connection_id, {kind.source} AS source_id, "
        f"record.legal_entity_id, record.correlation_id, {kind.created} AS created_at, "
        f"{kind.one} AS one\n"
        f"FROM {kind.table} record JOIN node ON node.kind = '{kind.name}' AND node.id = record.id"
    )
