"""What the sandbox issued: one row a document, for whoever counts without asking the console."""

from __future__ import annotations

from typing import Any

from connectors.systems.stripe.sandbox.world import Obj, World


def documents(world: World) -> list[dict[str, Any]]:
    """
    Final invoices, credit notes, payments and refunds, whatever became of them since. Amounts are
    minor units with their sign as billing shows it, ``at`` is epoch seconds. What is over nothing
    is left out.
    """
    found = [
        *(_row("invoice", one, one["number"], one["total"])
          for one in world.all("invoice") if one["status"] != "draft"),
        *(_row("credit_note", one, one["number"], one["total"])
          for one in world.all("credit_note")),
        *(_row("payment", one, one["id"], one["amount_received"])
          for one in world.all("payment_intent")),
        *(_row("refund", one, one["id"], one["amount"]) for one in world.all("refund")),
    ]  # fmt: skip
    return [row for row in found if row["amount"]]


def _row(kind: str, obj: Obj, number: str, amount: int) -> dict[str, Any]:
    return {
        "kind": kind, "id": obj["id"], "number": number, "amount": amount,
        "currency": obj["currency"].upper(), "at": obj["created"],
    }  # fmt: skip
