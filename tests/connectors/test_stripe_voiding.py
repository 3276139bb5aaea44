"""Voiding a credit note: once, however often asked, and only while its invoice is open."""

from __future__ import annotations

from typing import Any

import pytest

from connectors import billing
from connectors.contract import Outcome
from tests.connectors.test_stripe_sink import Desk, command


def a_note(desk: Desk, *, pays: bool) -> dict[str, Any]:
    who = desk.business.create_customer(name="A")["id"]
    made = desk.business.subscribe(customer=who, items=[("price_x", 1)], pays=pays)
    return desk.business.credit(made["latest_invoice"])


class TestVoiding:
    def test_is_done_once_however_often_it_is_asked_for(self) -> None:
        desk = Desk()
        note = desk.business.credit(self._open(desk), lines=self._part(desk))
        asked = command(billing.CREDIT_NOTE_VOID, {"credit_note_id": note["id"]})

        first = desk.send(asked)
        desk.forget()
        second = desk.send(asked)

        assert (first.outcome, first.external_id) == (Outcome.OK, note["id"])
        assert (second.outcome, second.external_id) == (Outcome.ALREADY_DONE, note["id"])
        told = [one["type"] for one in desk.all("event")]
        assert told.count("credit_note.voided") == 1

    def test_of_what_was_paid_is_refused_in_words(self) -> None:
        desk = Desk()
        note = a_note(desk, pays=True)
        receipt = desk.send(command(billing.CREDIT_NOTE_VOID, {"credit_note_id": note["id"]}))
        assert receipt.outcome is Outcome.REFUSED
        assert "only void a credit note of an open invoice" in receipt.reason

    @pytest.mark.parametrize(
        ("payload", "words"),
        [({"credit_note_id": "cn_none"}, "knows no credit note"), ({}, "cannot be read")],
    )
    def test_of_nothing_is_refused_in_words(self, payload: dict[str, str], words: str) -> None:
        receipt = Desk().send(command(billing.CREDIT_NOTE_VOID, payload))
        assert receipt.outcome is Outcome.REFUSED
        assert words in receipt.reason

    def _open(self, desk: Desk) -> str:
        who = desk.business.create_customer(name="A")["id"]
        made = desk.business.subscribe(customer=who, items=[("price_x", 1)], pays=None)
        return str(made["latest_invoice"])

    def _part(self, desk: Desk) -> list[tuple[str, int]]:
        (invoice,) = desk.all("invoice")
        return [(invoice["lines"]["data"][0]["id"], 100)]
