"""Accounts: customers, their hierarchy, and what became of merged ones."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from babel import Locale

from connectors.systems.salesforce import wire
from connectors.systems.salesforce.layout import Layout
from connectors.systems.salesforce.wire import Json
from revops.contracts import registry
from revops.contracts.base import EventData
from revops.kernel.clock import local_date

_HOST = re.compile(r"^(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?([^/:?#]+)", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\Z")
# What people write beside the names of Unicode CLDR.
_ALSO: Final = {
    "usa": "US",
    "u.s.a.": "US",
    "united states of america": "US",
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "holland": "NL",
    "the netherlands": "NL",
    "deutschland": "DE",
    "czech republic": "CZ",
    "korea, republic of": "KR",
}


def events(record: Json, layout: Layout, zone: str) -> Sequence[EventData]:
    """Raises PayloadUnreadable or ContractBroken."""
    if record.get("IsDeleted") is True:
        return [_merged(record, zone)] if record.get("MasterRecordId") else []
    created = wire.stamp(record.get("CreatedDate"), field="CreatedDate")
    changed = wire.stamp(record.get("SystemModstamp"), field="SystemModstamp")
    contract = "customer.updated/1" if changed > created else "customer.created/1"
    return [registry.read(contract, _customer(record, layout))]


def _customer(record: Json, layout: Layout) -> Mapping[str, Any]:
    def given(name: str) -> Any:
        """A text as it is; what is no text is left for the contract to refuse."""
        found = wire.at(record, layout.get("account_fields", name))
        return "" if found is None else found

    website = wire.text(given("website"))
    parent = given("parent")
    return {
        "customer_id": record.get("Id"),
        "name": given("name"),
        "email": given("email"),
        "currency": record.get("CurrencyIsoCode") or None if layout.multi_currency else None,
        "tax_id": given("tax_id"),
        "address": _address(given),
        "legal_entity": given("legal_entity"),
        # Salesforce keeps an account from being above itself; a broken import may not.
        "parent_id": "" if parent == record.get("Id") else parent,
        "domain": domain(wire.text(given("domain")) or website),
        "region": given("region"),
        "other_ids": [
            {"system": system, "id": value.strip()}
            for system, field in layout.other_ids
            if (value := wire.text(wire.at(record, field), 120)).strip()
        ],
    }


def _address(given: Any) -> Mapping[str, Any]:
    """A street may have several lines; what comes after the first is one line of ours."""
    lines = [line.strip() for line in wire.text(given("street")).splitlines() if line.strip()]
    return {
        "line1": lines[0] if lines else "",
        "line2": ", ".join(lines[1:]),
        "postal_code": given("postal_code"),
        "city": given("city"),
        "region": given("state"),
        "country": country(wire.text(given("country"))),
    }


def _merged(record: Json, zone: str) -> EventData:
    changed = wire.instant(record.get("SystemModstamp"), field="SystemModstamp")
    return registry.read(
        "customer.merged/1",
        {
            "customer_id": record.get("MasterRecordId"),
            "merged_id": record.get("Id"),
            "merged_on": local_date(changed, zone).isoformat(),
            "reason": "Merged in Salesforce.",
        },
    )


def domain(website: str) -> str:
    """``https://www.acme.com/de`` is ``acme.com``; empty for what is no address."""
    found = _HOST.match(website.strip())
    host = found[1].strip().rstrip(".").casefold().removeprefix("www.") if found else ""
    return host if "." in host and _NAME.match(host) else ""


def country(name: str) -> str | None:
    """An ISO 3166 code from a code or from a country's English name; None for anything else."""
    plain = name.strip()
    if len(plain) == 2 and plain.isascii() and plain.isalpha():
        return plain.upper()
    return _countries().get(plain.casefold())


@cache
def _countries() -> Mapping[str, str]:
    names = Locale("en").territories
    known = {
        str(name).casefold(): str(code)
        for code, name in names.items()
        if len(code) == 2 and code.isalpha()
    }
    return known | _ALSO
