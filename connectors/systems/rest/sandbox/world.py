"""What the made-up systems hold, in their own forms, and what happens there."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from revops.kernel import clock

Row = dict[str, Any]
RESOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "desk": ("companies", "tickets", "grants"),
    "plans": ("accounts", "subscriptions", "grants", "bills", "receipts", "limits"),
}
# No small number: references are looked for in other systems, too.
_FIRST_COMPANY: Final = 310_000
_NAMES: Final = ("Ash", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Hazel")
_SUBJECTS: Final = ("Exports are empty", "Invoices late by a day", "No sign-in since this morning")


class World:
    """``told`` is called with (resource, row) for whatever changed."""

    def __init__(self, dialect: str, told: Callable[[str, Row], None]) -> None:
        self.dialect = dialect
        self._told = told
        self._numbers = itertools.count(1)
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in RESOURCES[dialect]}

    def number(self) -> int:
        return next(self._numbers)

    def keep(self, resource: str, row: Row, *, quiet: bool = False) -> Row:
        """A row that is new or changed; it gets the time of that."""
        now = clock.now()
        if self.dialect == "desk":
            row["updated_at"] = _iso(now)
        else:
            row["modified"] = int(now.timestamp())
            row["revision"] = int(row.get("revision", 0)) + 1
        self.rows[resource].pop(str(row["id"]), None)
        self.rows[resource][str(row["id"])] = row
        if not quiet:
            self._told(resource, row)
        return row

    def newest(self, resource: str, **wanted: Any) -> Row:
        """Raises LookupError."""
        for row in reversed(self.rows[resource].values()):
            if all(row.get(name) == value for name, value in wanted.items()):
                return row
        raise LookupError(f"There are no {resource} of that kind.")

    def reset(self) -> None:
        for rows in self.rows.values():
            rows.clear()


def customers(world: World, *, count: int = 1) -> Row:
    """Somebody new; at the desk with a ticket, in the app with a subscription and a bill."""
    for _ in range(count):
        number = world.number()
        name = f"{_NAMES[number % len(_NAMES)]} {number} Ltd"
        if world.dialect == "desk":
            company = {
                "id": number,
                "name": name,
                "email": f"{number}@ash.example",
                "country": "de",
            }
            world.keep("companies", company)
            ticket(world, company=number)
            continue
        account = {"id": f"acc_{number}", "title": name, "mail": f"{number}@ash.example"}
        world.keep("accounts", account)
        subscribe(world, account=account["id"])
        bill(world, account=account["id"])
    return {"count": count}


def ticket(
    world: World, *, company: int = 0, goodwill: str = "", currency: str = "USD", reason: str = ""
) -> Row:
    """A ticket; with ``goodwill`` an agent asks for a credit of so much, in major units."""
    number, now = world.number(), clock.now()
    row: Row = {
        "id": number,
        "number": f"T-{1000 + number}",
        "subject": _SUBJECTS[number % len(_SUBJECTS)],
        "state": "open",
        "priority": "p2",
        "created_at": _iso(now),
        "company": {"id": company or world.newest("companies")["id"]},
        "late": None,
        "goodwill": None,
    }
    if goodwill:
        row["goodwill"] = {
            "amount": goodwill, "currency": currency, "asked_at": _iso(now),
            "reason": reason or "A day without service",
        }  # fmt: skip
    return world.keep("tickets", row)


def solve(world: World) -> Row:
    return world.keep("tickets", {**world.newest("tickets", state="open"), "state": "solved"})


def breach(world: World) -> Row:
    late = {"promise": "first_response", "since": _iso(clock.now())}
    return world.keep("tickets", {**world.newest("tickets", state="open"), "late": late})


def subscribe(world: World, *, account: str = "") -> Row:
    now = _seconds(clock.now())
    row: Row = {
        "id": f"sub_{world.number()}",
        "account": {"id": account or world.newest("accounts")["id"]},
        "change": "started",
        "currency": "usd",
        "plans": [{"code": "growth", "seats": 5}],
        "started": now,
        "changed": now,
    }
    return world.keep("subscriptions", row)


def seats(world: World, *, seats: int = 8) -> Row:
    plans = [{"code": "growth", "seats": seats}]
    row = {**world.newest("subscriptions"), "change": "seats", "plans": plans}
    return world.keep("subscriptions", {**row, "changed": _seconds(clock.now())})


def cancel(world: World) -> Row:
    row = {**world.newest("subscriptions"), "change": "ended"}
    return world.keep("subscriptions", {**row, "changed": _seconds(clock.now())})


def bill(world: World, *, account: str = "", net: int = 120_000, tax: int = 24_000) -> Row:
    number, now = world.number(), clock.now()
    line = {
        "id": f"row_{number}",
        "code": "growth",
        "text": "Growth, a year",
        "qty": 5,
        "net": net,
        "taxes": [{"code": "VAT", "amount": tax}] if tax else [],
        "from": _seconds(now),
        "until": _seconds(now + timedelta(days=365)),
    }
    row: Row = {
        "id": f"bill_{number}",
        "no": f"B-{number:05}",
        "account": account or world.newest("accounts")["id"],
        "state": "open",
        "currency": "usd",
        "rows": [line],
        "gross": net + tax,
        "issued": _seconds(now),
        "due": _seconds(now + timedelta(days=30)),
        "settled": None,
    }
    return world.keep("bills", row)


def pay(world: World) -> Row:
    """Money comes for the newest bill that is open."""
    row, now = world.newest("bills", state="open"), _seconds(clock.now())
    _receipt(world, "captured", _major(row["gross"]), bill=row["id"])
    return world.keep("bills", {**row, "state": "paid", "settled": now})


def decline(world: World) -> Row:
    row = world.newest("bills", state="open")
    return _receipt(world, "declined", _major(row["gross"]), bill=row["id"])


def refund(world: World) -> Row:
    row = world.newest("receipts", outcome="captured")
    value = f"-{row['money']['value']}"
    return _receipt(world, "given_back", value, bill=row["bill"], of=row["id"])


def void(world: World) -> Row:
    row, now = world.newest("bills", state="open"), _seconds(clock.now())
    return world.keep("bills", {**row, "state": "void", "settled": now})


def health(world: World, *, points: float = 62.5, light: str = "Y") -> Row:
    score = {"points": points, "light": light, "at": _seconds(clock.now())}
    return world.keep("accounts", {**world.newest("accounts"), "score": score})


def _receipt(world: World, outcome: str, value: str, **more: Any) -> Row:
    money = {"value": value, "code": "usd"}
    row = {"id": f"rec_{world.number()}", "outcome": outcome, "money": money, "of": None}
    return world.keep("receipts", {**row, "at": _seconds(clock.now()), **more})


def _major(minor: int) -> str:
    return format(Decimal(minor).scaleb(-2), "f")


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


PLAYS: Final[Mapping[str, Callable[..., Any]]] = {
    "customers": customers,
    "ticket": ticket,
    "solve": solve,
    "breach": breach,
    "subscribe": subscribe,
    "seats": seats,
    "cancel": cancel,
    "bill": bill,
    "pay": pay,
    "decline": decline,
    "refund": refund,
    "void": void,
    "health": health,
}
