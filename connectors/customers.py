"""Customers as ERPs are told of them by ``customer.upsert``, read once for all connectors. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.commands import Unfit
from connectors.contract import Found, Outcome, Receipt
from connectors.postings import hashed

_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)
_REGION: Final = re.compile(r"[A-Z0-9]{1,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Customer:
    """
    What a ``customer.upsert`` asks for. ``id`` is the one that journals name, ``others`` are those
    under which journals of other sources may name the same customer. ``further`` are asked for only
    where it is not there under any of these: they are no part of what is asked. ``country`` has two
    letters (ISO 3166), ``region`` is as the source spells it; either may be unknown.
    """

    id: str
    name: str
    tax_id: str
    others: tuple[str, ...]
    line1: str
    line2: str
    postal_code: str
    city: str
    region: str = ""
    country: str = ""
    further: tuple[str, ...] = ()

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Customer:
        """Raises Unfit."""
        address = payload.get("address") or {}
        others, further = (payload.get(name) or () for name in ("other_ids", "further_ids"))
        lists = isinstance(others, list | tuple) and isinstance(further, list | tuple)
        if not isinstance(address, Mapping) or not lists:
            raise Unfit("refused", "The customer cannot be read.")
        identity = str(payload.get("customer_id") or "").strip()
        name = " ".join(str(payload.get("name") or "").split())
        if not identity or not name:
            raise Unfit("refused", "The customer has no id or no name.")
        country = str(address.get("country") or "").strip().upper()
        line1, line2, postal_code, city = (
            str(address.get(part) or "") for part in ("line1", "line2", "postal_code", "city")
        )
        return cls(
            identity,
            name,
            "".join(str(payload.get("tax_id") or "").split()).upper(),
            tuple(sorted({str(one) for one in others if one} - {identity})),
            line1,
            line2,
            postal_code,
            city,
            str(address.get("region") or "").strip(),
            country if _COUNTRY.fullmatch(country) else "",
            tuple(dict.fromkeys(str(one) for one in further if one)),
        )

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.id, *self.others)

    @property
    def region_code(self) -> str:
        """The region where it may be a code (``NY``, ``09``): some systems take no other words."""
        return self.region if _REGION.fullmatch(self.region) else ""

    @property
    def content(self) -> str:
        place = [self.line1, self.line2, self.postal_code, self.city]
        if self.region or self.country:
            # Without them it is what it was before they were asked for.
            place += [self.region, self.country]
        return hashed([*self.ids, self.name, self.tax_id, *place])


def fits(payload: Mapping[str, Any]) -> bool:
    """Whether this is the payload of a customer, not of a posting."""
    return "customer_id" in payload and "lines" not in payload


def known(system: str, held: Sequence[Found], content: str) -> Receipt:
    """What is told of a customer that the system holds under our key; ``held`` is not empty."""
    if len(held) > 1:
        names = ", ".join(one.external_number or one.external_id for one in held)
        reason = f"{system} holds it twice: {names}."
        return Receipt(Outcome.REFUSED, code="duplicate", reason=reason)
    (one,) = held
    if one.content_sha256 != content:
        name = one.external_number or "this customer"
        reason = f"{system} holds {name} under this key with other content."
        return Receipt(Outcome.REFUSED, code="conflict", reason=reason, external_id=one.external_id)
    return Receipt(
        Outcome.ALREADY_DONE, external_id=one.external_id, external_number=one.external_number
    )


def several(system: str, called: str, names: Sequence[str]) -> Unfit:
    """Several of the system's are one of ours: which one it is, a person decides."""
    told = ", ".join(sorted(names))
    return Unfit("party_ambiguous", f"{system} has several {called} for this one: {told}.")
