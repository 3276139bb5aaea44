"""
What Chargebee holds under our keys. A subscription has our key as its id; charges, the invoice
lines that they become, and credit notes are listed and known by their marks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from connectors import billing
from connectors.billing import CONTENT, InvoiceItemCreate, SubscriptionCreate, Wanted
from connectors.contract import Found
from connectors.systems.chargebee import lines, listing, payloads, wire
from connectors.systems.chargebee.answers import Chargebee, Form
from connectors.systems.chargebee.wire import Json
from revops.kernel.clock import now

# Nothing that is older can be asked for again.
LISTED_S: Final = 45 * 86400
_PAGES: Final = 50


async def under(site: Chargebee, keys: Sequence[str]) -> Mapping[str, Sequence[Found]]:
    """Raises Problem, also when there is too much to look through."""
    if not keys:
        return {}
    found: dict[str, list[Found]] = defaultdict(list)
    for key in keys:
        told = await site.maybe(f"/subscriptions/{key}")
        if told is not None:
            found[key].append(_subscription(wire.part(told.get("subscription"))))
    since = [("updated_at[after]", int(now().timestamp()) - LISTED_S)]
    by_mark = {payloads.short(key): key for key in keys}
    held = [*await _charges(site, (), since), *await _notes(site, since)]
    for mark, one in held:
        if mark in by_mark:
            found[by_mark[mark]].append(one)
    return dict(found)


async def of(site: Chargebee, asked: Wanted, key: str) -> Sequence[Found]:
    """What the subscription or invoice that a command names holds under its key."""
    if isinstance(asked, SubscriptionCreate):
        told = await site.maybe(f"/subscriptions/{key}")
        return [] if told is None else [_subscription(wire.part(told.get("subscription")))]
    if isinstance(asked, InvoiceItemCreate):
        narrow = [("subscription_id[is]", asked.subscription_id)]
        held = await _charges(site, narrow, narrow)
    else:
        held = await _notes(site, [("reference_invoice_id[is]", asked.invoice_id)])
    return [one for mark, one in held if mark == payloads.short(key)]


def _subscription(row: Json) -> Found:
    return Found(
        external_id=wire.text(row.get("id")),
        external_number="",
        posted=True,
        content_sha256=wire.noted(row, CONTENT),
    )


async def _charges(site: Chargebee, waiting: Form, billed: Form) -> list[tuple[str, Found]]:
    """Charges that wait for an invoice, and lines of invoices that they became."""
    rows = await listing.everything(
        site, "/unbilled_charges", "unbilled_charge", waiting, pages=_PAGES
    )
    held = [_charge(row, row) for row in rows if row.get("is_voided") is not True]
    invoices = await listing.everything(site, "/invoices", "invoice", billed, pages=_PAGES)
    held += [
        _charge(line, invoice)
        for invoice in invoices
        if invoice.get("status") != "voided"
        for line in wire.items(invoice.get("line_items"))
    ]
    return [one for one in held if one is not None]


def _charge(line: Json, holder: Json) -> tuple[str, Found] | None:
    ours = lines.mark(line.get("description"))
    if not ours.key:
        return None
    content = payloads.charged(
        wire.text(line.get("subscription_id")) or wire.text(holder.get("subscription_id")),
        wire.currency(holder.get("currency_code")),
        wire.minor(line.get("amount"), field="amount"),
        ours.ref,
    )
    return ours.key, Found(
        external_id=wire.text(line.get("id")),
        external_number="",
        posted=True,
        content_sha256=billing.digest_of(content),
        excerpt=wire.text(line.get("description"), 200),
    )


async def _notes(site: Chargebee, query: Form) -> list[tuple[str, Found]]:
    rows = await listing.everything(site, "/credit_notes", "credit_note", query, pages=_PAGES)
    return list(_ours(rows))


def _ours(rows: Sequence[Json]) -> Iterator[tuple[str, Found]]:
    for row in rows:
        members = list(wire.items(row.get("line_items")))
        marks = {lines.mark(line.get("description")).key for line in members} - {""}
        if len(marks) != 1:
            continue
        yield marks.pop(), note(row)


def note(row: Json) -> Found:
    """A credit note with what its lines give, net."""
    held = [
        [line["invoice_line_id"], line["amount"]] for line in lines.credited(row) if line["amount"]
    ]
    invoice = wire.text(row.get("reference_invoice_id"))
    content = payloads.credited(invoice, wire.currency(row.get("currency_code")), held)
    return Found(
        external_id=wire.text(row.get("id")),
        external_number=wire.text(row.get("id")),
        posted=True,
        content_sha256=billing.digest_of(content),
        excerpt=f"Credit note of {invoice}"[:200],
    )
