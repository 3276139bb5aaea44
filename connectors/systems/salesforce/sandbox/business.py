"""
What people do in Salesforce: accounts, deals, quotes, contracts, and merging what was made twice.

``at`` is the moment in epoch seconds (None: now), so that a story can have a past.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from connectors.systems.salesforce.sandbox.world import Refused, Row, World, moment

_YEAR: Final = timedelta(days=365)
# People who sell write the day that it is where they are.
_ZONE: Final = ZoneInfo("America/New_York")
Items = Sequence[dict[str, Any]]


class Business:
    """Each operation changes the world; amounts are whole units as text or number."""

    def __init__(self, world: World) -> None:
        self.world = world

    def account(self, *, at: float | None = None, **given: Any) -> Row:
        """``parent`` by id, and any field of Account by its own name."""
        parent = given.pop("parent", None)
        return self.world.create(
            "Account", {"OwnerId": self._owner(at), "ParentId": parent, **given}, at=at
        )

    def deal(
        self, *, account: str, name: str = "", items: Items = (), currency: str = "",
        stage: str = "Prospecting", closes_in: int = 30, at: float | None = None, **given: Any,
    ) -> Row:  # fmt: skip
        """An open opportunity; ``items``: ``sku``, ``quantity``, ``price`` for one."""
        above = self.world.get("Account", account)
        code = currency or above["CurrencyIsoCode"]
        found = self.world.create(
            "Opportunity",
            {
                "AccountId": above["Id"], "Name": name or f"{above['Name']}: new business",
                "StageName": stage, "CloseDate": (_today(at) + timedelta(closes_in)).isoformat(),
                "Type": "New Business", "OwnerId": above["OwnerId"], "CurrencyIsoCode": code,
                **given,
            },
            at=at,
        )  # fmt: skip
        whole = self._lines("OpportunityLineItem", "OpportunityId", found, items, at)
        values: Row = {"IsClosed": False, "IsWon": False}
        if items:
            values["Amount"] = whole
        return self.world.force("Opportunity", found["Id"], values, at=at)

    def win(self, identity: str, *, at: float | None = None) -> Row:
        day = _today(at)
        return self._close(identity, "Closed Won", True, at, {
            "Start__c": day.isoformat(), "End__c": (day + _YEAR - timedelta(1)).isoformat(),
        })  # fmt: skip

    def lose(self, identity: str, *, reason: str = "Price", at: float | None = None) -> Row:
        return self._close(identity, "Closed Lost", False, at, {"Loss_Reason__c": reason})

    def quote(self, *, deal: str, accepted: bool = True, at: float | None = None) -> Row:
        """A quote with the opportunity's lines."""
        of = self.world.get("Opportunity", deal)
        count = len(self.world.rows.get("Quote", {})) + 1
        found = self.world.create(
            "Quote",
            {
                "OpportunityId": of["Id"], "Name": of["Name"], "QuoteNumber": f"Q-{count:05d}",
                "Status": "Accepted" if accepted else "Presented", "GrandTotal": of["Amount"],
                "CurrencyIsoCode": of["CurrencyIsoCode"],
            },
            at=at,
        )  # fmt: skip
        self._lines("QuoteLineItem", "QuoteId", found, self._items_of(of), at)
        return found

    def cpq_quote(
        self, *, deal: str, accepted: bool = True, optional: Items = (), at: float | None = None
    ) -> Row:
        """The same as Salesforce CPQ keeps it; ``optional`` lines are offered beside the rest."""
        of = self.world.get("Opportunity", deal)
        count = len(self.world.rows.get("SBQQ__Quote__c", {})) + 1
        code = {"CurrencyIsoCode": of["CurrencyIsoCode"]}
        found = self.world.create(
            "SBQQ__Quote__c",
            {
                "Name": f"Q-{count:05d}", "SBQQ__Opportunity2__c": of["Id"],
                "SBQQ__Account__c": of["AccountId"], "SBQQ__Primary__c": True,
                "SBQQ__Status__c": "Accepted" if accepted else "Presented",
                "SBQQ__NetAmount__c": of["Amount"], **code,
            },
            at=at,
        )  # fmt: skip
        for beside, items in ((False, self._items_of(of)), (True, optional)):
            for item in items:
                quantity, price = Decimal(str(item["quantity"])), Decimal(str(item["price"]))
                self.world.create(
                    "SBQQ__QuoteLine__c",
                    {
                        "SBQQ__Quote__c": found["Id"], "SBQQ__Optional__c": beside,
                        "SBQQ__Product__c": self._product(item["sku"], at)["Id"],
                        "SBQQ__ProductCode__c": item["sku"],
                        "SBQQ__Quantity__c": str(quantity), "SBQQ__NetPrice__c": str(price),
                        "SBQQ__NetTotal__c": str(quantity * price), **code,
                    },
                    at=at,
                )  # fmt: skip
        return found

    def sign(self, *, deal: str, months: int = 12, at: float | None = None) -> Row:
        """An activated contract of a won opportunity, and the order that says what was sold."""
        of = self.world.get("Opportunity", deal)
        day = _today(at)
        count = len(self.world.rows.get("Contract", {})) + 100
        found = self.world.create(
            "Contract",
            {
                "AccountId": of["AccountId"], "ContractNumber": f"{count:08d}",
                "Status": "Activated", "StartDate": day.isoformat(),
                "EndDate": _after(day, months).isoformat(), "CustomerSignedDate": day.isoformat(),
                "ActivatedDate": moment(at), "CurrencyIsoCode": of["CurrencyIsoCode"],
            },
            at=at,
        )  # fmt: skip
        self.order(contract=found["Id"], items=self._items_of(of), deal=of["Id"], at=at)
        return found

    def order(
        self, *, contract: str, items: Items, kind: str = "New", deal: str = "",
        starts: str = "", words: str = "", at: float | None = None,
    ) -> Row:  # fmt: skip
        """An activated order under a contract; a negative quantity takes away."""
        of = self.world.get("Contract", contract)
        count = len(self.world.rows.get("Order", {})) + 100
        found = self.world.create(
            "Order",
            {
                "AccountId": of["AccountId"], "ContractId": of["Id"], "OpportunityId": deal or None,
                "OrderNumber": f"{count:08d}", "Type": kind, "Status": "Activated",
                "StatusCode": "Activated", "EffectiveDate": starts or _today(at).isoformat(),
                "Description": words, "CurrencyIsoCode": of["CurrencyIsoCode"],
            },
            at=at,
        )  # fmt: skip
        self._lines("OrderItem", "OrderId", found, items, at)
        return found

    def renew(self, contract: str, *, months: int = 12, at: float | None = None) -> Row:
        """Another term of the same, from the day after the last one."""
        of = self.world.get("Contract", contract)
        starts = date.fromisoformat(of["EndDate"]) + timedelta(1)
        orders = [row for row in self.world.all("Order") if row["ContractId"] == of["Id"]]
        last = [index for index, row in enumerate(orders) if not index or row["Type"] == "Renewal"]
        items = [item for row in orders[last[-1] :] for item in self._items("OrderItem", row["Id"])]
        ends = _after(starts, months).isoformat()
        self.world.update("Contract", of["Id"], {"EndDate": ends}, at=at)
        return self.order(
            contract=of["Id"], items=items, kind="Renewal", starts=starts.isoformat(), at=at
        )

    def cancel(
        self, contract: str, *, on: str = "", reason: str = "Not needed", at: float | None = None
    ) -> Row:
        values = {
            "Status": "Cancelled", "Cancelled_On__c": on or _today(at).isoformat(),
            "Cancel_Reason__c": reason,
        }  # fmt: skip
        return self.world.update("Contract", contract, values, at=at)

    def merge(self, *, master: str, victim: str, at: float | None = None) -> Row:
        """``victim`` is deleted and points to ``master``, which gets everything under it."""
        kept, gone = self.world.get("Account", master), self.world.get("Account", victim)
        if kept["Id"] == gone["Id"]:
            raise Refused("INVALID_ID_FIELD", "An account cannot be merged with itself.")
        for kind, name in (("Opportunity", "AccountId"), ("Contract", "AccountId")):
            for row in list(self.world.all(kind)):
                if row[name] == gone["Id"]:
                    row[name] = kept["Id"]
        values = {"IsDeleted": True, "MasterRecordId": kept["Id"]}
        self.world.force("Account", gone["Id"], values, at=at)
        return self.world.force("Account", kept["Id"], {}, at=at)

    def _close(self, identity: str, stage: str, won: bool, at: float | None, more: Row) -> Row:
        values = {"StageName": stage, "CloseDate": _today(at).isoformat(), **more}
        row = self.world.update("Opportunity", identity, values, at=at)
        return self.world.force("Opportunity", row["Id"], {"IsClosed": True, "IsWon": won}, at=at)

    def _lines(self, kind: str, name: str, above: Row, items: Items, at: float | None) -> Decimal:
        whole = Decimal(0)
        for item in items:
            quantity = Decimal(str(item.get("quantity", 1)))
            price = Decimal(str(item["price"]))
            product = self._product(str(item["sku"]), at)
            values = {
                name: above["Id"], "Product2Id": product["Id"], "Quantity": quantity,
                "UnitPrice": price, "TotalPrice": quantity * price,
                "CurrencyIsoCode": above["CurrencyIsoCode"],
            }  # fmt: skip
            if kind == "OpportunityLineItem":
                values["ProductCode"] = product["ProductCode"]
            self.world.create(kind, values, at=at)
            whole += quantity * price
        return whole

    def _items(self, kind: str, above: str) -> Items:
        name = {"OpportunityLineItem": "OpportunityId", "OrderItem": "OrderId"}[kind]
        return [
            {
                "sku": self.world.rows["Product2"][row["Product2Id"]]["ProductCode"],
                "quantity": row["Quantity"],
                "price": row["UnitPrice"],
            }
            for row in self.world.all(kind)
            if row[name] == above
        ]

    def _items_of(self, deal: Row) -> Items:
        return self._items("OpportunityLineItem", deal["Id"])

    def _product(self, sku: str, at: float | None) -> Row:
        known = self.world.by("Product2", "ProductCode", sku)
        return known[0] if known else self.world.create(
            "Product2", {"Name": sku, "ProductCode": sku}, at=at
        )  # fmt: skip

    def _owner(self, at: float | None) -> str:
        known = next(self.world.all("User"), None)
        found = known or self.world.create("User", {"Name": "Rosa Winkler"}, at=at)
        return str(found["Id"])


def _today(at: float | None) -> date:
    return datetime.fromtimestamp(time.time() if at is None else at, tz=_ZONE).date()


def _after(day: date, months: int) -> date:
    """The last day of a term that starts on ``day``."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, 28)) - timedelta(1)
