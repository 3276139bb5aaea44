"""One event as the translators get it, and how a connection words what Chargebee leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from connectors.caller import pairs
from connectors.systems.chargebee import wire
from connectors.systems.chargebee.wire import Json

# What the manifest says too; used where a connection says nothing.
DEFAULTS: Final[Mapping[str, str]] = {
    "business_entities": "",
    "provisions": "",
    "contract_keys": "contract_id, salesforce_contract_id",
    "customer_ids": "salesforce_account_id=salesforce, gainsight_company_id=gainsight",
    "credit_types": "product_unsatisfactory=contract_concession, service_unsatisfactory=sla_period,"
    " order_change=billing_error, order_cancellation=cancellation,"
    " subscription_change=cancellation, subscription_cancellation=cancellation, waiver=goodwill,"
    " other=goodwill, billing_error=billing_error, future_price_cut=future_price_cut",
    "write_off_cause": "credit_loss",
    "write_off_relief": "all",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """
    ``content`` are the resources of the event by name, ``occurred`` its second, ``zone`` the legal
    entity's, ``parameters`` the connection's.
    """

    kind: str
    content: Json
    occurred: int
    zone: str
    parameters: Mapping[str, Any]

    def of(self, name: str) -> Json:
        """The resource of that name; empty when the event has none."""
        return wire.part(self.content.get(name))

    def day(self, value: Any, *, field: str) -> date:
        return wire.day(value, self.zone, field=field)

    def said(self, name: str) -> str:
        """A parameter of the connection, or its default."""
        value = self.parameters.get(name)
        return DEFAULTS[name] if value is None or value == "" else str(value)

    def pairs(self, name: str) -> dict[str, str]:
        """A parameter such as ``waiver=goodwill, order_change=billing_error``."""
        return pairs(self.said(name))

    def noted(self, holder: Json, names: str) -> str:
        """The first that the resource holds of the keys in a parameter ``a, b``."""
        keys = (key.strip() for key in self.said(names).split(","))
        return next((value for key in keys if (value := wire.noted(holder, key))), "")

    def entity(self, *holders: Json) -> str:
        """Whose books: noted as ``legal_entity``, else what the business entity is."""
        for holder in holders:
            found = wire.noted(holder, "legal_entity")
            if found:
                return found
        known = self.pairs("business_entities")
        ids = (wire.text(holder.get("business_entity_id"), 120) for holder in holders)
        return next((known.get(one, one) for one in ids if one), "")
