from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    "connectors.systems.tryton.behaviour",
    "connectors.systems.tryton.invoicing",
    "connectors.systems.tryton.knowing",
    "connectors.systems.tryton.refusing",
    "connectors.systems.tryton.refusing_invoices",
    "connectors.systems.tryton.settled",
)

from connectors.systems.tryton.behaviour import PostingBehaviour  # noqa: E402  after pytest was told to rewrite its asserts
from connectors.systems.tryton.invoicing import InvoicingBehaviour  # noqa: E402  after pytest was told to rewrite its asserts
from connectors.systems.tryton.knowing import Customers  # noqa: E402  after pytest was told to rewrite its asserts
from connectors.systems.tryton.refusing import RefusalBehaviour  # noqa: E402  after pytest was told to rewrite its asserts
from connectors.systems.tryton.refusing_invoices import InvoiceRefusals  # noqa: E402  after pytest was told to rewrite its asserts
from connectors.systems.tryton.settled import SettlingBehaviour  # noqa: E402  after pytest was told to rewrite its asserts
from connectors.systems.tryton.standin import StandIn  # noqa: E402  after pytest was told to rewrite its asserts


@pytest.fixture
def erp() -> StandIn:
    return StandIn()


class TestPostingToTheSandbox(PostingBehaviour):
    """The same tests pass on a real Tryton, see tests/peers/tryton."""


class TestRefusalsOfTheSandbox(RefusalBehaviour):
    """The same tests pass on a real Tryton, see tests/peers/tryton."""


class TestInvoicesOfTheSandbox(InvoicingBehaviour):
    """The same tests pass on a real Tryton, see tests/peers/tryton."""


class TestRefusedInvoicesOfTheSandbox(InvoiceRefusals):
    """The same tests pass on a real Tryton, see tests/peers/tryton."""


class TestSettlingInTheSandbox(SettlingBehaviour):
    """The same tests pass on a real Tryton, see tests/peers/tryton."""


class TestCustomersOfTheSandbox(Customers):
    """The same tests pass on a real Tryton, see tests/peers/tryton."""
