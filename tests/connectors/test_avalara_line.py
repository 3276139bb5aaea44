"""AvaTax through the line: what it calculated stands beside the invoice, for a check to compare."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from connectors.http import Client
from connectors.operations import set_secret
from connectors.systems.avalara import sandbox
from revops.canonical.models import TaxDocument
from revops.events.models import SourceCursor
from revops.kernel import clock
from revops.pipeline import poll, process, sources, wake
from revops.reconciliation.checks import registry
from revops.store import sql
from tests import factories as make


@pytest.fixture
def ledger(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The transactions of a sandbox that a connection is polled from."""
    entity = make.a_legal_entity()
    companies = f"{entity.code}=DEFAULT"
    app = sandbox.build(sandbox.Config(companies=companies))
    monkeypatch.setattr(wake, "line", lambda connection_id: None)
    wire = httpx.ASGITransport(app=app)
    monkeypatch.setattr(
        sources,
        "client_of",
        lambda source: Client("http://127.0.0.1:9", hosts=(), allow_loopback=True, transport=wire),
    )
    parameters = {"account": sandbox.ACCOUNT, "companies": companies}
    connection = make.a_connection("tax", "avalara", parameters=parameters)
    set_secret(connection, "license_key", sandbox.LICENSE)
    SourceCursor.objects.create(connection=connection, next_at=clock.now())
    sources.forget()
    yield app.state.sandbox.ledger
    sources.forget()


def tell() -> None:
    cursor = SourceCursor.objects.get()
    SourceCursor.objects.update(next_at=clock.now())
    poll.poll(cursor.connection_id)
    process.advance(cursor.connection_id, seconds=5, linger=0)


def recorded(ledger: Any, reference: str) -> dict[str, Any]:
    """100.00 in Texas, for which billing charged 8.00."""
    row: dict[str, Any] = ledger.create({
        "code": "rc1-x", "type": "SalesInvoice", "date": "2025-03-01", "customerCode": "c",
        "currencyCode": "USD", "commit": True, "referenceCode": reference,
        "addresses": {"singleLocation": {"country": "US", "region": "TX"}},
        "lines": [{"amount": 100, "taxOverride": {"type": "TaxAmount", "taxAmount": 8}}],
    })  # fmt: skip
    return row


def test_a_rate_that_billing_has_wrong_is_a_difference(ledger: Any) -> None:
    day = date(2025, 3, 1)
    invoice = make.an_invoice(issued_on=day, tax=800, total=10_800)
    make.a_reference(invoice, invoice.source_id)
    recorded(ledger, invoice.source_id)
    tell()
    document = TaxDocument.objects.get()
    assert (document.total, document.committed) == (825, True)
    assert (document.invoice, document.legal_entity) == (invoice, invoice.legal_entity)
    check, entity = registry.get("tax_engine"), invoice.legal_entity.pk
    values = {"entity": entity, "starts": day, "ends": day, "connection": None, "other": None}
    sides = [sql.rows(side.query, values) for side in (check.left, check.right)]
    assert [[(row.key, row.amount) for row in rows] for rows in sides] == [
        [(invoice.source_id, 825)], [(invoice.source_id, 800)],
    ]  # fmt: skip


def test_a_document_of_an_invoice_that_is_not_known_is_kept_and_told_once(ledger: Any) -> None:
    recorded(ledger, "in_later")
    tell()
    tell()
    document = TaxDocument.objects.get()
    assert (document.invoice, document.invoice_ref) == (None, "in_later")
