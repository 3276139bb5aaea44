"""
Stories for a demo or a rehearsal, played by ``POST /_control/scenario/<name>`` with JSON.

Ids may be left out: the newest record for which the step makes sense is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from connectors.systems.salesforce.sandbox.business import Business, Items
from connectors.systems.salesforce.sandbox.world import Refused, Row

_NAMES: Final = (
    "Amber Freight", "Basalt Foods", "Cobalt Clinics", "Dune Energy", "Ember Media",
    "Flint Robotics", "Garnet Retail", "Harbor Travel",
)  # fmt: skip
_SOLD: Final[Items] = ({"sku": "price_team_yearly", "quantity": 10, "price": "1200"},)


def customers(business: Business, *, count: int = 1, at: float | None = None) -> Row:
    """``count`` accounts, each with an open opportunity over ten seats."""
    known = len(business.world.rows.get("Account", {}))
    made = []
    for place in range(known, known + min(int(count), 10_000)):
        name = _NAMES[place % len(_NAMES)]
        suffix = f" {place // len(_NAMES) + 1}" if place >= len(_NAMES) else ""
        found = business.account(
            Name=name + suffix, Website=f"https://www.{name.split()[0].lower()}{place + 1}.example",
            BillingCountry="United States", BillingCity="Springfield", at=at,
        )  # fmt: skip
        deal = business.deal(account=found["Id"], items=_SOLD, at=at)
        made.append({"account": found["Id"], "opportunity": deal["Id"]})
    return {"made": made}


def account(business: Business, *, at: float | None = None, **given: Any) -> Row:
    return {"account": business.account(at=at, **given)["Id"]}


def adopt(business: Business, *, customers: Sequence[Row], field: str) -> Row:
    """
    An account for each customer of a billing system, with its id there in ``field``; made once.
    Customers: ``id``, ``name``, ``email``, ``currency``, ``legal_entity``, and ``group`` for those
    that belong under one roof.
    """
    made: list[str] = []
    roofs: dict[str, str] = {}
    for one in customers:
        if business.world.by("Account", field, str(one["id"])):
            continue
        group = str(one.get("group") or "")
        if group and group not in roofs:
            known = business.world.by("Account", "Name", group)
            roofs[group] = (known[0] if known else business.account(Name=group))["Id"]
        email = str(one.get("email") or "")
        found = business.account(
            Name=one["name"], Billing_Email__c=email, ParentId=roofs.get(group),
            Website=f"https://www.{email.partition('@')[2]}" if "@" in email else None,
            CurrencyIsoCode=str(one.get("currency") or "usd").upper(),
            Legal_Entity__c=one.get("legal_entity"), **{field: one["id"]},
        )  # fmt: skip
        made.append(found["Id"])
    return {"made": made}


def deal(business: Business, *, account: str = "", items: Items = _SOLD, **given: Any) -> Row:
    which = account or _newest(business, "Account")
    return {"opportunity": business.deal(account=which, items=items, **given)["Id"]}


def win(business: Business, *, opportunity: str = "", at: float | None = None) -> Row:
    which = opportunity or _newest(business, "Opportunity", IsClosed=False)
    return {"opportunity": business.win(which, at=at)["Id"]}


def lose(business: Business, *, opportunity: str = "", reason: str = "Price") -> Row:
    which = opportunity or _newest(business, "Opportunity", IsClosed=False)
    return {"opportunity": business.lose(which, reason=reason)["Id"]}


def quote(
    business: Business, *, opportunity: str = "", accepted: bool = True, cpq: bool = False
) -> Row:
    which = opportunity or _newest(business, "Opportunity")
    make = business.cpq_quote if cpq else business.quote
    return {"quote": make(deal=which, accepted=accepted)["Id"]}


def sign(
    business: Business, *, opportunity: str = "", months: int = 12, at: float | None = None
) -> Row:
    which = opportunity or _newest(business, "Opportunity", IsWon=True)
    return {"contract": business.sign(deal=which, months=int(months), at=at)["Id"]}


def amend(
    business: Business, *, contract: str = "", items: Items = (), starts: str = "",
    words: str = "More seats",
) -> Row:  # fmt: skip
    which = contract or _newest(business, "Contract", Status="Activated")
    more = items or ({"sku": "price_team_yearly", "quantity": 5, "price": "1200"},)
    made = business.order(contract=which, items=more, kind="Amendment", starts=starts, words=words)
    return {"contract": which, "order": made["Id"]}


def renew(business: Business, *, contract: str = "", months: int = 12) -> Row:
    which = contract or _newest(business, "Contract", Status="Activated")
    return {"contract": which, "order": business.renew(which, months=int(months))["Id"]}


def cancel(business: Business, *, contract: str = "", on: str = "", reason: str = "") -> Row:
    which = contract or _newest(business, "Contract", Status="Activated")
    return {"contract": business.cancel(which, on=on, reason=reason or "Not needed")["Id"]}


def merge(business: Business, *, master: str, victim: str) -> Row:
    return {"account": business.merge(master=master, victim=victim)["Id"]}


def change(business: Business, *, object: str, id: str, at: float | None = None, **to: Any) -> Row:
    """Any fields of any record, as somebody types them in."""
    return {"id": business.world.update(object, id, to, at=at)["Id"]}


def _newest(business: Business, kind: str, **having: Any) -> str:
    for row in reversed(list(business.world.all(kind))):
        if all(row[name] == value for name, value in having.items()):
            return str(row["Id"])
    raise Refused("NOT_FOUND", f"There is no {kind} for that.")


SCENARIOS: Final[Mapping[str, Callable[..., Row]]] = {
    play.__name__: play
    for play in (
        customers, account, adopt, deal, win, lose, quote, sign, amend, renew, cancel, merge,
        change,
    )
}  # fmt: skip
