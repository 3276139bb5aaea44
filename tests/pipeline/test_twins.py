"""Two customers of the demo that sales has twice come by the line, and are found with reasons."""

from __future__ import annotations

import pytest
from django.conf import LazySettings

from connectors.systems.stripe.sandbox import scenarios
from revops.canonical.models import Customer, MergeProposal
from revops.contracts.examples import EXAMPLES
from revops.events.models import Channel
from revops.kernel import clock, correlation
from revops.ledger import books
from revops.pipeline import process, receive, sources
from revops.sandbox import company, twins


def told(slug: str, customer_id: str, **data: object) -> None:
    """A system tells of a customer as its connector does, and the line takes it."""
    values = {**EXAMPLES["customer.created/1"], "customer_id": customer_id, **data}
    values |= {"tax_id": "", "parent_id": "", "other_ids": [], "legal_entity": "US-INC"}
    receive.accept(
        connection_slug=slug,
        items=[
            receive.Offered(correlation.new_id(), "customer.created/1", clock.now(), values)
        ],
        channel=Channel.API,
        correlation_id=correlation.new_id(),
    )  # fmt: skip
    process.advance(sources.by_slug(slug).id, seconds=5, linger=0)


@pytest.fixture
def demo(db: None, settings: LazySettings) -> None:
    settings.REVOPS_DEMO = True
    books.forget()
    sources.forget()
    company.seed()
    for place, name in enumerate(scenarios._NAMES[:4]):
        domain = f"{name.split()[0].lower()}{place + 1}.example"
        told(company.STRIPE, f"cus_{place}", name=name, email=f"billing@{domain}", domain=domain)


def second(account: dict[str, str], number: int) -> None:
    domain = account["Website"].removeprefix("https://www.")
    told(
        company.SALESFORCE, f"001twin{number}", name=account["Name"],
        email=account["Billing_Email__c"], domain=domain,
    )  # fmt: skip


class TestTwins:
    def test_are_proposed_once_both_have_come(self, demo: None) -> None:
        one, other = twins.ACCOUNTS
        second(one, 1)
        assert not twins.propose()
        assert not MergeProposal.objects.exists()
        second(other, 2)

        assert twins.propose()
        assert not twins.propose()

        sure, alike = MergeProposal.objects.order_by("-score")
        assert (sure.left.name, sure.right.name) == ("Alder Analytics", "Alder Analytics, Inc.")
        assert (alike.left.name, alike.right.name) == ("Dogwood Foods", "Dogwood Food")
        assert sure.score > 0.85
        assert 0.6 <= alike.score < 0.8
        said = [reason["sentence"] for reason in alike.evidence]
        assert "The names are alike to 84 %." in said
        assert "The domains differ only in their ending." in said
        assert Customer.objects.filter(party__in=(sure.left, sure.right)).count() == 2
