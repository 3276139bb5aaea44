"""Invoices, credit notes and payments as an ERP's own documents, where the route says so."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from connectors.contract import SnapshotRow
from revops.delivery.models import OutboundCommand
from revops.kernel import clock, strict_json
from revops.ledger import books
from revops.mappings.models import ErpRoute, MappingVersion, PostsAs
from revops.pipeline import sources
from tests.pipeline.rehearsal import Rehearsal


@pytest.fixture
def line(line: Rehearsal) -> Rehearsal:
    """With a route that wants documents."""
    version = MappingVersion.objects.create(note="Documents", made_by="test")
    ErpRoute.objects.filter(connection=line.erp).update(posts_as=PostsAs.DOCUMENTS, version=version)
    books.forget()
    return line


def listed(line: Rehearsal, kind: str) -> list[SnapshotRow]:
    """What the ERP holds of today, by its own list."""
    source, today = sources.by_id(line.erp.pk), clock.now().date().isoformat()

    async def ask() -> Any:
        async with sources.client_of(source) as client:
            return await source.connector.snapshot(
                client, source.settings, kind=kind, start="2020-01-01", end=today, cursor=""
            )

    rows, _ = asyncio.run(ask())
    return list(rows)


def told(document_type: str) -> tuple[str, dict[str, Any]]:
    """The kind of the one command of a type, and its payload."""
    command = OutboundCommand.objects.get(document_type=document_type)
    return command.kind, strict_json.loads(command.payload)


class TestDocuments:
    def test_an_invoice_and_its_payment_are_the_erps_own_and_it_is_paid(
        self, line: Rehearsal
    ) -> None:
        invoice = line.subscribe(pays=True)
        line.deliver()
        line.settle()

        kind, payload = told("invoice")
        assert kind == "invoice.post"
        assert payload["document"]["total"] == 1_299_000
        assert payload["document"]["customer"]["name"] == "Alder Analytics"
        assert payload["document"]["settles"] == []
        key = OutboundCommand.objects.get(document_type="invoice").key
        kind, payload = told("payment")
        assert kind == "payment.post"
        (settled,) = payload["document"]["settles"]
        assert (settled["key"], settled["amount"]) == (key, 1_299_000)
        assert settled["number"] == line.stripe.world.get("invoice", invoice)["number"]
        # What moves no customer's account is a journal whatever the route says.
        rest = OutboundCommand.objects.filter(connection=line.erp)
        rest = rest.exclude(document_type__in=["invoice", "payment"])
        assert set(rest.values_list("kind", flat=True)) <= {"journal.post"}
        (row,) = listed(line, "invoice")
        assert (row.key, row.state, row.amount, row.due) == (key, "paid", 1_299_000, 0)
        line.assert_books_agree()

    def test_a_void_settles_the_invoice_that_it_undoes(self, line: Rehearsal) -> None:
        invoice = line.subscribe()
        line.stripe.void(invoice)
        line.deliver()
        line.settle()
        kind, payload = told("void")
        assert kind == "journal.post"
        assert [one["amount"] for one in payload["settles"]] == [1_299_000]
        (row,) = listed(line, "invoice")
        assert (row.state, row.due) == ("paid", 0)
        line.assert_books_agree()

    def test_what_was_posted_as_a_journal_stays_one(self, line: Rehearsal) -> None:
        """The route changed after the invoice: it has been posted, and its payment comes."""
        ErpRoute.objects.update(posts_as=PostsAs.JOURNALS)
        MappingVersion.objects.create(note="Journals", made_by="test")
        books.forget()
        line.subscribe(pays=True)
        first, *later = line.events()
        events = [first, *later]
        paid = [one for one in events if one["type"].startswith(("charge", "payment", "invoice.p"))]
        line.deliver([one for one in events if one not in paid])
        line.settle()
        assert told("invoice")[0] == "journal.post"
        ErpRoute.objects.update(posts_as=PostsAs.DOCUMENTS)
        MappingVersion.objects.create(note="Documents", made_by="test")
        books.forget()
        line.deliver(paid)
        line.settle()
        assert told("payment")[0] == "payment.post"
        assert OutboundCommand.objects.filter(document_type="invoice").count() == 1
        assert listed(line, "invoice") == []
        (row,) = listed(line, "payment")
        assert (row.state, row.amount) == ("open", 1_299_000)
        line.assert_books_agree()
