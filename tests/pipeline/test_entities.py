"""Whose books an event belongs to, when it does not say: those of what it hangs on."""

from __future__ import annotations

import pytest

from revops.contracts import registry
from revops.contracts.base import EventData
from revops.contracts.examples import EXAMPLES
from revops.ledger.books import all_books, forget
from revops.mappings.models import EntityMap
from revops.pipeline.entities import Entities
from tests.factories import a_connection, a_legal_entity, an_invoice

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Entities:
    """Billing of two companies: what names none is the American one's."""
    forget()
    billing = a_connection()
    for code, zone, hint in (("us", "America/New_York", ""), ("de", "Europe/Berlin", "DE")):
        entity = a_legal_entity(code, zone=zone)
        EntityMap.objects.create(connection=billing, hint=hint, legal_entity=entity)
    return Entities(billing.pk, all_books())


def a_payment_of(invoice: str) -> EventData:
    data = EXAMPLES["payment.applied/1"] | {"invoice_id": invoice}
    return registry.read("payment.applied/1", data)


def an_issue(invoice: str, entity: str) -> EventData:
    data = EXAMPLES["invoice.issued/1"] | {"invoice_id": invoice, "legal_entity": entity}
    return registry.read("invoice.issued/1", data)


class TestZones:
    def test_a_payments_day_is_one_of_its_invoices_books(self, shop: Entities) -> None:
        """After midnight in Berlin it is still the day before in New York."""
        an_invoice(source_id="in_de", legal_entity=a_legal_entity("de"))
        assert shop.zone_of(a_payment_of("in_de")) == "Europe/Berlin"

    def test_an_invoice_of_the_same_batch_counts_as_well(self, shop: Entities) -> None:
        shop.learn(an_issue("in_new", "DE"))
        assert shop.zone_of(a_payment_of("in_new")) == "Europe/Berlin"
        assert shop.zone_of(an_issue("in_new", "DE")) == "Europe/Berlin"

    def test_one_that_is_told_after_it_is_noticed(self, shop: Entities) -> None:
        """The payment stands before its invoice in the batch: it has to be read once more."""
        payment = a_payment_of("in_new")
        assert shop.zone_of(payment) == "America/New_York"
        assert not shop.found_since()
        shop.learn(an_issue("in_new", "DE"))
        assert shop.found_since()
        assert shop.zone_of(payment) == "Europe/Berlin"

    def test_what_hangs_on_nothing_known_is_the_default_ones(self, shop: Entities) -> None:
        assert shop.zone_of(a_payment_of("in_nobody_knows")) == "America/New_York"
        assert shop.zone_of(a_payment_of("")) == "America/New_York"

    def test_what_hangs_on_what_hangs_on_it_follows(self, shop: Entities) -> None:
        """A payment that bounced in the batch in which it was told, before its invoice was."""
        payment = a_payment_of("in_new")
        bounced = EXAMPLES["payment.returned/1"] | {"payment_id": payment.subject_id}
        returned = registry.read("payment.returned/1", bounced)
        for data in (payment, returned):
            assert shop.zone_of(data) == "America/New_York"
            shop.learn(data)
        shop.learn(an_issue("in_new", "DE"))
        assert shop.zone_of(returned) == "Europe/Berlin"

    def test_one_that_another_worker_told_meanwhile_is_noticed(self, shop: Entities) -> None:
        payment = a_payment_of("in_elsewhere")
        shop.zone_of(payment)
        assert shop.missed == {("invoice", "in_elsewhere")}
        shop.hold("invoice", "in_elsewhere", a_legal_entity("de").pk)
        assert shop.found_since()
        assert not shop.missed
        assert shop.zone_of(payment) == "Europe/Berlin"
