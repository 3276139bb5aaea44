"""
SAP's business partners for our customers. A partner's number is SAP's; ours is its id in an
external system (``BusinessPartnerIDByExtSystem``), by which it is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors import whom
from connectors.caller import any_of, lots, quoted
from connectors.commands import Unfit
from connectors.contract import Command, Outcome, Receipt
from connectors.customers import Customer, several
from connectors.problem import Problem
from connectors.systems.sap import names, wire
from connectors.systems.sap.books import Library
from connectors.systems.sap.wire import SYSTEM, Row, Sap
from connectors.whom import Named

PARTNERS: Final = "API_BUSINESS_PARTNER/A_BusinessPartner"
_NAME: Final = 40


async def debtors(
    sap: Sap, library: Library, wanted: Mapping[str, Named]
) -> tuple[dict[str, str], Mapping[str, Unfit]]:
    """
    SAP's customers by our ids, those that are not there made; and why some cannot be told. Raises
    Problem.
    """

    async def look(ids: Sequence[str]) -> dict[str, str]:
        partners = {one: names.partner(one) for one in ids}
        held = await by_ids(sap, list(dict.fromkeys(partners.values())))
        return {one: _debtor(held[name]) for one, name in partners.items() if name in held}

    found = await whom.known(SYSTEM, "business partners", wanted, look)
    made: dict[str, str] = {}
    for one in found.to_make:
        named = wanted[one]
        bare = Customer(one, named.name or one, "", (), "", "", "", "", country=named.country)
        made[one] = _debtor(await _create(sap, library, bare))
    return found.with_made(made), found.doubtful


def _debtor(row: Row) -> str:
    return str(row.get("Customer") or wire.text(row, "BusinessPartner"))


async def by_ids(sap: Sap, ids: Sequence[str]) -> dict[str, Row]:
    """Raises Problem."""
    found: dict[str, Row] = {}
    for lot in lots(ids, wire.AT_ONCE):
        for row in await sap.rows(PARTNERS, filter=any_of("BusinessPartnerIDByExtSystem", lot)):
            identity = wire.text(row, "BusinessPartnerIDByExtSystem")
            if identity in found:
                reason = f"SAP has several business partners with the external number {identity}."
                raise Problem(Outcome.REFUSED, "party_ambiguous", reason)
            found[identity] = row
    return found


async def upsert(sap: Sap, library: Library, command: Command) -> Receipt:
    """
    Raises Problem or Unfit. Repeating it is harmless: a partner is looked for by its id. It is done
    when it is as asked, whoever made it so: no key could tell.
    """
    customer = Customer.of(command.payload)
    held: dict[str, Row] = {}
    for ids in (customer.ids, customer.further):
        partners = list(dict.fromkeys(names.partner(one) for one in ids))
        rows = {} if held else await by_ids(sap, partners)
        held |= {wire.text(row, "BusinessPartner"): row for row in rows.values()}
    if len(held) > 1:
        raise several(SYSTEM, "business partners", list(held))
    if not held:
        return _receipt(await _create(sap, library, customer))
    (row,) = held.values()
    wanted = customer.name[:_NAME]
    if row.get("OrganizationBPName1") != wanted:
        number = wire.text(row, "BusinessPartner")
        meta = row.get("__metadata")
        etag = str(meta.get("etag") or "*") if isinstance(meta, Mapping) else "*"
        path = f"{PARTNERS}({quoted(number)})"
        await sap.change("PATCH", path, {"OrganizationBPName1": wanted}, match=etag)
    return _receipt(row)


def _receipt(row: Row) -> Receipt:
    number = wire.text(row, "BusinessPartner")
    return Receipt(Outcome.OK, external_id=f"partner:{number}", external_number=number)


async def _create(sap: Sap, library: Library, customer: Customer) -> Row:
    """A customer of every company code, in one request. Raises Problem."""
    address: dict[str, Any] = {
        "StreetName": customer.line1[:60],
        "PostalCode": customer.postal_code[:10],
        "CityName": customer.city[:40],
        # SAP wants a country in every address; a region is one of its own codes of that country.
        "Country": customer.country or sap.said("country") or "US",
        "Region": customer.region_code,
        "Language": "EN",
    }
    roles = [{"BusinessPartnerRole": role} for role in ("FLCU00", "FLCU01")]
    companies = [
        {"CompanyCode": books.company, "ReconciliationAccount": books.receivable}
        for books in library.books.values()
    ]
    made = await sap.change(
        "POST",
        PARTNERS,
        {
            "BusinessPartnerCategory": "2",
            "BusinessPartnerGrouping": sap.said("partner_grouping") or "BP02",
            "OrganizationBPName1": customer.name[:_NAME],
            "SearchTerm1": names.partner(customer.id),
            "BusinessPartnerIDByExtSystem": names.partner(customer.id),
            "to_BusinessPartnerAddress": {
                "results": [{name: value for name, value in address.items() if value}]
            },
            "to_BusinessPartnerRole": {"results": roles},
            "to_Customer": {"to_CustomerCompany": {"results": companies}},
        },
        match="",
    )
    if not isinstance(made, dict) or not isinstance(made.get("BusinessPartner"), str):
        raise Problem(Outcome.IN_DOUBT, "garbled", "SAP did not name its new business partner.")
    return made
