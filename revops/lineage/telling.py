"""
What a system was told, in words, by the payload that was sent. Pure.

Whoever makes commands declares what they are called (``pipeline/flows/capabilities``); what they
carry has its words here. A kind without words is shown by its title alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from revops.kernel import strict_json
from revops.kernel.money import Money
from revops.web.formats import money_text

Payload = Mapping[str, Any]

_titles: dict[str, str] = {}


def declare(titles: Mapping[str, str]) -> None:
    """What commands are called, by their kind; short enough for a box of a drawing."""
    _titles.update(titles)


def title(kind: str) -> str:
    return _titles.get(kind) or kind.replace(".", " ").replace("_", " ").capitalize()


def said(kind: str, payload: str) -> str:
    """
    The statement itself: “paid, nothing open”; “” where the title says all of it. A payload that
    is no object, or has other fields, is told by its title too.
    """
    words = _WORDS.get(kind)
    found: Any = strict_json.loads(payload) if words is not None else None
    return words(found) if words is not None and isinstance(found, dict) else ""


def _invoice_state(told: Payload) -> str:
    left = _money(told.get("open"), told)
    stands = _plain(told.get("state"))
    payment = told.get("payment_state")
    failed = f", payment {payment}" if payment in ("failed", "disputed") else ""
    return f"{stands}{failed}, {left} open" if told.get("open") else f"{stands}{failed}"


def _renewal(told: Payload) -> str:
    parts = [_money(told.get("value"), told), _on("renews", told.get("renews_on"))]
    risk = told.get("risk")
    return _joined(*parts, f"risk {_plain(risk)}" if risk else "")


def _customer_link(told: Payload) -> str:
    ids = told.get("ids")
    return f"its ids in {', '.join(ids)}" if isinstance(ids, dict) and ids else ""


def _subscription_link(told: Payload) -> str:
    return _joined(_plain(told.get("status")), _on("renews", told.get("renews_on")))


def _health(told: Payload) -> str:
    score = told.get("score")
    return _joined(f"{score} of 100" if score is not None else "", _plain(told.get("band")))


def _company(told: Payload) -> str:
    yearly = _money(told.get("arr"), told)
    return _joined(str(told.get("name") or ""), f"{yearly} a year" if yearly else "")


def _entitlement(told: Payload) -> str:
    one = str(told.get("quantity")) == "1"
    unit = str(told.get("unit") or "")
    unit = unit.removesuffix("s") if one else unit
    parts = (str(told.get("quantity") or ""), unit, str(told.get("feature") or ""))
    granted = " ".join(part for part in parts if part)
    used = told.get("used")
    return _joined(granted, f"{used} used" if used else "", _plain(told.get("state")))


def _signal(told: Payload) -> str:
    return _joined(_plain(told.get("kind")), _money(told.get("amount"), told))


def _upsert(told: Payload) -> str:
    return str(told.get("name") or "")


def _subscription(told: Payload) -> str:
    items = told.get("items")
    if not isinstance(items, list):
        return ""
    return ", ".join(f"{one.get('quantity')} × {one.get('price')}" for one in items)


def _line(told: Payload) -> str:
    return _joined(_money(told.get("amount"), told), str(told.get("description") or ""))


def _credit_note(told: Payload) -> str:
    lines = told.get("lines")
    amounts = [one.get("amount") for one in lines] if isinstance(lines, list) else []
    total = sum(amount for amount in amounts if isinstance(amount, int))
    return _joined(_money(total, told) if amounts else "", str(told.get("memo") or ""))


def _void_note(told: Payload) -> str:
    return f"note {told.get('credit_note_id')}"


def _tax(told: Payload) -> str:
    lines = told.get("lines")
    taxes = [one.get("tax") for one in lines] if isinstance(lines, list) else []
    total = sum(tax for tax in taxes if isinstance(tax, int))
    charged = _money(total, told) if taxes else ""
    return _joined(f"{charged} of tax" if charged else "", str(told.get("number") or ""))


def _void_tax(told: Payload) -> str:
    return f"document {told.get('code')}"


def _credit_state(told: Payload) -> str:
    return _joined(_plain(told.get("state")), _money(told.get("amount"), told))


def _billing_context(told: Payload) -> str:
    owed = told.get("invoices")
    count = len(owed) if isinstance(owed, list) else 0
    return _joined(
        f"collection {_plain(told.get('collection'))}",
        f"{count} open invoice{'' if count == 1 else 's'}",
    )


def _event(told: Payload) -> str:
    return _plain(told.get("type")).replace(".", " ")


def _why(told: Payload) -> str:
    return str(told.get("reason") or "").rstrip(".")


_WORDS: Final[Mapping[str, Callable[[Payload], str]]] = {
    "crm.customer_link": _customer_link,
    "crm.subscription_link": _subscription_link,
    "crm.invoice_state": _invoice_state,
    "crm.renewal_value": _renewal,
    "crm.health": _health,
    "success.customer": _company,
    "success.entitlements": _entitlement,
    "success.payment_signal": _signal,
    "customer.upsert": _upsert,
    "billing.subscription.create": _subscription,
    "billing.subscription.cancel": _why,
    "billing.invoice_item.create": _line,
    "billing.invoice_item.delete": _why,
    "billing.credit_note.create": _credit_note,
    "billing.credit_note.void": _void_note,
    "portal.event": _event,
    "tax.commit": _tax,
    "tax.void": _void_tax,
    "support.credit_state": _credit_state,
    "support.billing_context": _billing_context,
}


def _money(minor: object, told: Payload) -> str:
    currency = told.get("currency")
    if not isinstance(minor, int) or not isinstance(currency, str) or len(currency) != 3:
        return ""
    return money_text(Money(minor, currency))


def _plain(word: object) -> str:
    return str(word or "").replace("_", " ")


def _on(what: str, day: object) -> str:
    return f"{what} {day}" if day else ""


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
