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

pytestmark = pytest.mark.peers


class TestPostingToTryton(PostingBehaviour):
    """On a real Tryton; the same tests pass on the sandbox."""


class TestRefusalsOfTryton(RefusalBehaviour):
    """On a real Tryton; the same tests pass on the sandbox."""


class TestInvoicesOfTryton(InvoicingBehaviour):
    """On a real Tryton; the same tests pass on the sandbox."""


class TestRefusedInvoicesOfTryton(InvoiceRefusals):
    """On a real Tryton; the same tests pass on the sandbox."""


class TestSettlingInTryton(SettlingBehaviour):
    """On a real Tryton; the same tests pass on the sandbox."""


class TestCustomersOfTryton(Customers):
    """On a real Tryton; the same tests pass on the sandbox."""
