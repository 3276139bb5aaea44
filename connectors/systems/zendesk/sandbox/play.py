"""What can be made to happen, by ``POST /_control/scenario/<name>``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from connectors.systems.zendesk.sandbox.world import Row
from revops.kernel import clock

if TYPE_CHECKING:
    from connectors.systems.zendesk.sandbox.app import Sandbox

_SUBJECTS: Final = (
    "API requests fail since this morning",
    "Nobody can sign in",
    "Exports are empty",
    "Reports show yesterday",
)


def customers(sandbox: Sandbox, count: int = 1) -> dict[str, Any]:
    """Organizations, each with an urgent ticket that is a few minutes old."""
    made = []
    for place in range(count):
        number = sandbox.world.number()
        made.append(ticket(
            sandbox, customer_ref=f"cust-{number}", subject=_SUBJECTS[place % len(_SUBJECTS)],
            minutes_ago=5,
        ))  # fmt: skip
    return {"made": made}


def ticket(
    sandbox: Sandbox,
    *,
    number: int | None = None,
    subject: str = "",
    priority: str = "urgent",
    customer_ref: str = "",
    customer: str = "",
    invoice_ref: str = "",
    promise: str = "",
    promise_day: str = "",
    opened_at: str = "",
    minutes_ago: float = 0,
) -> dict[str, Any]:
    """
    A customer opens a ticket. ``customer_ref`` is any system's id of them, ``promise`` with
    ``promise_day`` what an agent or a monitor says was broken. Doing it again does nothing.
    """
    world, names = sandbox.world, sandbox.names
    if number is not None and number in world.tickets:
        return {"ticket": number, "new": False}
    at = clock.now() - timedelta(minutes=minutes_ago)
    at = datetime.fromisoformat(opened_at) if opened_at else at
    organization = world.organization(customer_ref, customer) if customer_ref else None
    fields = [
        {"id": field, "value": value}
        for field, value in (
            (names.invoice, invoice_ref), (names.promise, promise),
            (names.promise_day, promise_day),
        )
        if field is not None and value
    ]  # fmt: skip
    row = world.open(
        number=number, at=at, subject=subject or _SUBJECTS[0], priority=priority, status="open",
        organization_id=organization, custom_fields=fields,
    )  # fmt: skip
    sandbox.hooks.call("created", row)
    return {"ticket": row["id"], "new": True}


def breach(
    sandbox: Sandbox, *, number: int | None = None, metric: str = "reply_time"
) -> dict[str, Any]:
    """A ticket, the newest open one unless it is named, misses its SLA."""
    row = sandbox.world.tickets[number] if number else _newest(sandbox)
    event = sandbox.world.breach(row["id"], metric=metric, at=clock.now())
    return {"ticket": row["id"], "breach": event["id"]}


def solve(sandbox: Sandbox, *, number: int | None = None) -> dict[str, Any]:
    """A ticket, the newest open one unless it is named, is solved."""
    row = sandbox.world.tickets[number] if number else _newest(sandbox)
    sandbox.world.change(row["id"], {"status": "solved"})
    sandbox.hooks.call("status_changed", row)
    return {"ticket": row["id"]}


def reopen(sandbox: Sandbox, *, number: int) -> dict[str, Any]:
    """The customer answers a ticket that was solved: it is open again."""
    sandbox.world.change(number, {"status": "open"})
    sandbox.hooks.call("status_changed", sandbox.world.tickets[number])
    return {"ticket": number}


def escalate(sandbox: Sandbox, *, number: int | None = None, back: bool = False) -> dict[str, Any]:
    """Somebody marks a ticket, the newest open one unless it is named, as escalated, or not."""
    row = sandbox.world.tickets[number] if number else _newest(sandbox)
    tag = sorted(sandbox.names.escalation_tags)[0]
    tags = [one for one in row["tags"] if one != tag] + ([] if back else [tag])
    sandbox.world.change(row["id"], {"tags": tags})
    sandbox.hooks.call("tags_changed", row)
    return {"ticket": row["id"]}


def prioritize(sandbox: Sandbox, *, number: int, priority: str) -> dict[str, Any]:
    """Somebody changes how urgent a ticket is."""
    sandbox.world.change(number, {"priority": priority})
    sandbox.hooks.call("priority_changed", sandbox.world.tickets[number])
    return {"ticket": number}


def cases(sandbox: Sandbox, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """
    The buttons of a demo: ``open`` a case of the customer whose ticket is the newest, or solve it;
    let the newest case miss its SLA (``breach``) or ``escalate`` it, or take that back.
    """
    world = sandbox.world
    if wanted.get("open") is True:
        like = _newest(sandbox, any_state=True)
        organization = world.organizations.get(like["organization_id"] or 0, {})
        invoice = next(
            (row["value"] for row in like["custom_fields"] if row["id"] == sandbox.names.invoice),
            "",
        )
        return ticket(
            sandbox, subject=_SUBJECTS[len(world.tickets) % len(_SUBJECTS)],
            customer_ref=str(organization.get("external_id") or ""), invoice_ref=invoice,
        )  # fmt: skip
    if wanted.get("open") is False:
        return solve(sandbox)
    if wanted.get("breach") is True:
        return breach(sandbox)
    if wanted.get("breach") is False:
        for event in world.metrics[-1:]:
            event["deleted"] = True
        return {"taken_back": len(world.metrics[-1:])}
    if "escalate" in wanted:
        return escalate(sandbox, back=not wanted["escalate"])
    raise ValueError("Say open, breach or escalate.")


def _newest(sandbox: Sandbox, *, any_state: bool = False) -> Row:
    """Raises LookupError when there is none."""
    found = [
        row
        for row in sandbox.world.tickets.values()
        if any_state or row["status"] not in ("solved", "closed")
    ]
    if not found:
        raise LookupError("There is no ticket yet.")
    return max(found, key=lambda row: (row["created_at"], row["id"]))


SCENARIOS: Final[Mapping[str, Callable[..., dict[str, Any]]]] = {
    "customers": customers,
    "ticket": ticket,
    "breach": breach,
    "solve": solve,
    "reopen": reopen,
    "escalate": escalate,
    "prioritize": prioritize,
}
