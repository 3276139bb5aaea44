"""One event as the translators get it, and how a connection words what Stripe leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.caller import pairs
from connectors.systems.stripe import wire
from connectors.systems.stripe.wire import Json

# What the manifest says too; used where a connection says nothing.
DEFAULTS: Final[Mapping[str, str | bool]] = {
    "contract_keys": "contract_id, salesforce_contract_id",
    "customer_ids": "salesforce_account_id=salesforce, gainsight_company_id=gainsight",
    "customer_keys": "parent=parent_customer_id, domain=domain, region=region",
    "credit_types": "duplicate=billing_error, fraudulent=billing_error, "
    "order_change=billing_error, product_unsatisfactory=contract_concession",
    "write_off_cause": "credit_loss",
    "write_off_relief": "all",
    "dispute_ends_service": True,
}


@dataclass(frozen=True, slots=True)
class Heard:
    """
    ``previous`` are the ``previous_attributes`` of an update, ``created`` is the event's second,
    ``zone`` the legal entity's, ``parameters`` the connection's.
    """

    obj: Json
    previous: Json
    created: int
    zone: str
    parameters: Mapping[str, Any]

    def said(self, name: str) -> Any:
        """A parameter of the connection, or its default."""
        value = self.parameters.get(name)
        return DEFAULTS[name] if value is None or value == "" else value

    def pairs(self, name: str) -> dict[str, str]:
        """A parameter such as ``duplicate=billing_error, order_change=goodwill``."""
        return pairs(str(self.said(name)))

    def noted(self, names: str) -> str:
        """The first that the object's metadata holds of the keys in a parameter ``a, b``."""
        keys = (key.strip() for key in str(self.said(names)).split(","))
        return next((value for key in keys if (value := wire.noted(self.obj, key))), "")
