from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from exceptions.drawings import Window, settle_window
from exceptions.payloads import fields, readable
from revops.delivery.models import OutboundCommand
from revops.lineage.queries.entries import lines
from tests.console.company import build


@pytest.mark.django_db
class TestFields:
    def test_are_the_same_when_what_was_sent_is_what_our_books_say(self) -> None:
        told = build().stories["refused"]
        found = fields(told.command, told.entry, lines(told.entry))
        assert [field.label for field in found if not field.same] == []
        assert {field.label for field in found} >= {"Total", "Period", "Line 1", "Line 2"}

    def test_put_what_differs_first(self) -> None:
        told = build().stories["refused"]
        sent = json.loads(told.command.payload)
        sent["period"] = "2020-01"
        sent["lines"][0]["debit"] = 1
        sent["lines"].append({"account": "9999", "debit": 0, "credit": 5})
        command = OutboundCommand(payload=json.dumps(sent), key="rc1-x")
        found = fields(command, told.entry, lines(told.entry))
        assert [field.label for field in found if not field.same] == [
            "Period",
            "Total",
            "Line 1",
            "Line 3",
        ]
        assert found[3].ours == "no line"

    @pytest.mark.parametrize("payload", ["", "not json", "[1]", "null"])
    def test_are_none_of_a_payload_that_is_no_posting(self, payload: str) -> None:
        told = build().stories["refused"]
        assert fields(OutboundCommand(payload=payload), told.entry, []) == []

    def test_survive_a_payload_of_the_wrong_shape(self) -> None:
        told = build().stories["refused"]
        odd = json.dumps({"currency": "nope", "lines": [7, {"debit": "1.5"}, {"debit": True}]})
        assert fields(OutboundCommand(payload=odd, key="x"), told.entry, lines(told.entry))


class TestReadable:
    def test_masks_addresses_and_indents_json(self) -> None:
        assert readable('{"to": "pat@contoso.example"}') == '{\n  "to": "••••@••"\n}'

    def test_hides_where_people_live_and_how_to_reach_them(self) -> None:
        text = json.dumps({"data": [{"phone": "555", "name": "Contoso", "address": {"city": "X"}}]})
        shown = readable(text)
        assert "555" not in shown
        assert "city" not in shown
        assert "Contoso" in shown

    def test_stops_at_some_length_and_says_so(self) -> None:
        assert readable("x" * 21_000).endswith("… 1,000 more characters")

    def test_leaves_other_texts_as_they_are(self) -> None:
        assert readable("<html>502") == "<html>502"


class TestSettleWindow:
    SENT = datetime(2026, 10, 31, 14, 15, tzinfo=UTC)

    def window(self, minutes: int) -> Window:
        return Window(
            sent=self.SENT,
            final=self.SENT + timedelta(minutes=20),
            now=self.SENT + timedelta(minutes=minutes),
            asked=(self.SENT + timedelta(minutes=5),),
        )

    @pytest.mark.parametrize(("minutes", "place"), [(0, 1), (10, 184), (20, 367), (99, 367)])
    def test_puts_now_on_its_place(self, minutes: int, place: int) -> None:
        window = self.window(minutes)
        assert window.place(window.now) == place
        assert f'd="M{place} 19v26"' in settle_window(window)

    def test_says_the_same_in_words(self) -> None:
        drawn = settle_window(self.window(10))
        assert "Sent 14:15, asked 1 times, now 14:25, the answer is final at 14:35" in drawn

    def test_is_over_when_the_answer_is_final(self) -> None:
        assert not self.window(19).over
        assert self.window(20).over
