"""*Test connection*: address, credentials, calls left, objects and fields. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.contract import ProbeStep
from connectors.problem import Problem
from connectors.systems.salesforce import reading, wire
from connectors.systems.salesforce.session import Org
from connectors.systems.salesforce.wire import Json

_READ: Final = {
    reading.ACCOUNT: "account_fields",
    reading.OPPORTUNITY: "opportunity_fields",
    reading.CONTRACT: "contract_fields",
}
_WRITTEN: Final = (
    ("health_fields", "Account"),
    ("link_fields", "Account"),
    ("renewal_fields", "Account"),
    ("renewal_fields", "Opportunity"),
    ("subscription_fields", "Opportunity"),
    ("subscription_fields", "Contract"),
)


async def steps(org: Org) -> Sequence[ProbeStep]:
    """Stops at the first line that makes the following ones pointless. Raises nothing."""
    done: list[ProbeStep] = []
    label = "Salesforce accepts the sign-in"
    try:
        await org.token()
        done.append(ProbeStep(label, True))
        label = "API calls are left"
        done.append(_calls(await org.get(f"{org.data}/limits"), label))
        for kind in reading.objects(org.layout):
            label = f"{kind} can be read"
            done.append(_readable(org, kind, await _describe(org, kind), label))
        label = "Invoice states can be written"
        done.append(await _invoices(org, label))
        label = "Accounts, opportunities and contracts can be written"
        done.append(await _written(org, label))
    except Problem as problem:
        done.append(ProbeStep(label, False, problem.reason))
    return done


def _calls(limits: Any, label: str) -> ProbeStep:
    daily = wire.part(wire.part(limits).get("DailyApiRequests"))
    left, allowed = daily.get("Remaining"), daily.get("Max")
    if type(left) is not int or type(allowed) is not int:
        return ProbeStep(label, True, "Salesforce does not show this user how many.")
    return ProbeStep(label, left > 0, f"{left} of {allowed} in 24 hours")


def _readable(org: Org, kind: str, fields: Mapping[str, Json], label: str) -> ProbeStep:
    parameter = _READ.get(kind, "quote_fields" if kind == org.layout.quote_object else "")
    wanted = ["SystemModstamp", *(org.layout.used(parameter) if parameter else [])]
    if kind == reading.ACCOUNT:
        wanted += [field for _, field in org.layout.other_ids]
    if org.layout.multi_currency:
        wanted.append("CurrencyIsoCode")
    # Of a parent's field, such as Owner.Name, only reading tells whether it may be read.
    missing = [field for field in wanted if "." not in field and field not in fields]
    return ProbeStep(label, not missing, _missing(missing))


async def _invoices(org: Org, label: str) -> ProbeStep:
    layout = org.layout
    fields = await _describe(org, layout.invoice_object)
    missing = _unwritable(fields, layout.used("invoice_fields"))
    if missing:
        return ProbeStep(label, False, _missing(missing))
    name = layout.get("invoice_fields", "external_id")
    if fields[name].get("externalId") is not True or fields[name].get("unique") is not True:
        words = f"{name} has to be an external id that is unique"
        return ProbeStep(label, False, words)
    return ProbeStep(label, True, f"To {layout.invoice_object}")


async def _written(org: Org, label: str) -> ProbeStep:
    missing: list[str] = []
    known: dict[str, Mapping[str, Json]] = {}
    for parameter, target in _WRITTEN:
        if target == reading.CONTRACT and not org.layout.contracts:
            continue
        if target not in known:
            known[target] = await _describe(org, target)
        wanted = org.layout.used(parameter)
        if parameter == "link_fields":
            wanted = [*wanted, *(field for _, field in org.layout.other_ids)]
        missing += [f"{target}.{field}" for field in _unwritable(known[target], wanted)]
    return ProbeStep(label, not missing, _missing(missing))


async def _describe(org: Org, kind: str) -> Mapping[str, Json]:
    """Fields by name, as far as the console's user sees them. Raises Problem."""
    found = await org.get(f"{org.data}/sobjects/{kind}/describe")
    listed = wire.part(found).get("fields")
    fields = listed if isinstance(listed, list) else []
    return {wire.text(wire.part(field).get("name")): wire.part(field) for field in fields}


def _unwritable(fields: Mapping[str, Json], wanted: Sequence[str]) -> list[str]:
    return [
        field
        for field in wanted
        if field not in fields or fields[field].get("updateable") is not True
    ]


def _missing(names: Sequence[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(dict.fromkeys(names))
    return f"Missing, or not for the console's user: {shown}"
