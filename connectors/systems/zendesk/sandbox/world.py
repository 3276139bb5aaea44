"""What the sandbox holds: organizations, tickets with their audits, and events of SLA metrics."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from connectors.sandboxes import keeping
from revops.kernel import clock

Row = dict[str, Any]
AGENT: Final = 900
FIRST: Final = 101
_PRIORITIES: Final = (None, "low", "normal", "high", "urgent")
_STATES: Final = ("new", "open", "pending", "hold", "solved", "closed")


class Invalid(Exception):
    """A change that Zendesk refuses: (field, what it says)."""

    def __init__(self, field: str, said: str) -> None:
        super().__init__(said)
        self.field = field
        self.said = said


class Stale(Exception):
    """Somebody saved the ticket since it was read."""


class World:
    """Kept in ``path`` between starts when there is one."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.tickets: dict[int, Row] = {}
        self.organizations: dict[int, Row] = {}
        self.audits: dict[int, list[Row]] = {}
        self.metrics: list[Row] = []
        self.reopens: dict[int, int] = {}
        self._next: int = FIRST
        if path is not None and path.exists():
            held = json.loads(path.read_text(encoding="utf-8"))
            self.tickets |= {int(key): row for key, row in held["tickets"].items()}
            self.organizations |= {int(key): row for key, row in held["organizations"].items()}
            self.audits |= {int(key): rows for key, rows in held["audits"].items()}
            self.metrics += held["metrics"]
            self.reopens |= {int(key): count for key, count in held.get("reopens", {}).items()}
            self._next = int(held["next"])

    def reset(self) -> None:
        """Nothing is there any more. Numbers go on: whoever polls stands behind the last one."""
        for held in (self.tickets, self.organizations, self.audits, self.metrics, self.reopens):
            held.clear()
        self.save()

    def save(self) -> None:
        if self._path is None:
            return
        held = {
            "tickets": self.tickets, "organizations": self.organizations, "audits": self.audits,
            "metrics": self.metrics, "reopens": self.reopens, "next": self._next,
        }  # fmt: skip
        keeping.write(self._path, json.dumps(held))

    def number(self) -> int:
        self._next += 1
        return self._next

    def organization(self, external_id: str, name: str) -> int:
        """The one with that id of ours, made when it is not there."""
        for number, row in self.organizations.items():
            if row["external_id"] == external_id:
                return number
        number = self.number()
        self.organizations[number] = {
            "id": number, "name": name or external_id, "external_id": external_id or None,
            "created_at": stamp(clock.now()),
        }  # fmt: skip
        return number

    def open(self, *, number: int | None, at: datetime, **given: Any) -> Row:
        """A new ticket; given back as it is when the number is taken."""
        number = number or self.number()
        if number in self.tickets:
            return self.tickets[number]
        ticket: Row = {
            "url": f"https://sandbox.zendesk.com/api/v2/tickets/{number}.json", "id": number,
            "external_id": None, "type": "problem", "subject": "No subject",
            "description": "", "priority": None, "status": "new", "organization_id": None,
            "requester_id": AGENT + 1, "submitter_id": AGENT + 1, "assignee_id": None, "tags": [],
            "custom_fields": [], "created_at": stamp(at), "updated_at": stamp(at),
        }  # fmt: skip
        self.tickets[number] = ticket
        self.audits[number] = []
        self.change(number, given, at=at)
        return ticket

    def change(self, number: int, given: Mapping[str, Any], *, at: datetime | None = None) -> Row:
        """The audit of a change, all or nothing. Raises Invalid or Stale."""
        ticket = self.tickets[number]
        if given.get("safe_update") and given.get("updated_stamp") != ticket["updated_at"]:
            raise Stale
        if ticket["status"] == "closed":
            raise Invalid("status", "Status: closed prevents ticket update")
        comment = given.get("comment")
        if comment is not None and not str(comment.get("body") or "").strip():
            raise Invalid("comment", "Comment: cannot be blank")
        if given.get("status", "new") not in _STATES:
            raise Invalid("status", "Status: is not included in the list")
        if given.get("priority") not in _PRIORITIES:
            raise Invalid("priority", "Priority: is not included in the list")
        at = at or clock.now()
        events: list[Row] = []
        for name in ("subject", "description", "priority", "status", "organization_id", "tags"):
            if name in given and given[name] != ticket[name]:
                if name == "status" and ticket[name] == "solved" and given[name] != "closed":
                    self.reopens[number] = self.reopens.get(number, 0) + 1
                events.append(self._event("Change", field_name=name, value=given[name],
                                          previous_value=ticket[name]))  # fmt: skip
                ticket[name] = given[name]
        values = {row["id"]: row["value"] for row in ticket["custom_fields"]}
        values |= {int(row["id"]): row["value"] for row in given.get("custom_fields") or ()}
        ticket["custom_fields"] = [{"id": key, "value": text} for key, text in values.items()]
        if comment is not None:
            events.append(self._event(
                "Comment", body=comment["body"], public=bool(comment.get("public", True)),
                author_id=AGENT,
            ))  # fmt: skip
        ticket["updated_at"] = max(ticket["updated_at"], stamp(at))
        audit = {
            "id": self.number(), "ticket_id": number, "created_at": stamp(at), "author_id": AGENT,
            "events": events,
            "metadata": {"system": {}, "custom": dict(given.get("metadata") or {})},
        }  # fmt: skip
        self.audits[number].append(audit)
        return audit

    def metric_sets(self, tickets: Iterable[Row]) -> list[Row]:
        """What is counted of tickets, as it is loaded beside them."""
        return [
            {"ticket_id": row["id"], "reopens": self.reopens.get(row["id"], 0)} for row in tickets
        ]

    def breach(self, number: int, *, metric: str, at: datetime) -> Row:
        """The SLA of a ticket is missed. No ticket changes by that."""
        event = {
            "id": self.number(), "ticket_id": number, "metric": metric, "instance_id": 1,
            "type": "breach", "time": stamp(at), "deleted": False,
        }  # fmt: skip
        self.metrics.append(event)
        return event

    def _event(self, kind: str, **given: Any) -> Row:
        return {"id": self.number(), "type": kind, **given}


def stamp(at: datetime) -> str:
    """Whole seconds, as Zendesk writes them."""
    return f"{at.replace(microsecond=0):%Y-%m-%dT%H:%M:%SZ}"
