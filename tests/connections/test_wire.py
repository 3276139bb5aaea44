"""What was said in a call: with its attempt, for those who read payloads, masked for everybody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.models import User
from tests.conftest import SignIn
from tests.connections.kit import a_call, an_erp, text_of, waiting

pytestmark = pytest.mark.django_db

SAID = {
    "method": "POST", "path": "/journalEntries", "status": 201, "took_ms": 240,
    "sent": '{"total": 1200}', "said": '{"id": "<b>77</b>"}',
}  # fmt: skip


def wire(count: int = 1, *calls: dict[str, Any]) -> str:
    return json.dumps({"for": count, "calls": list(calls) or [SAID]})


class TestTheDisclosure:
    def test_shows_requests_and_answers(self, sign_in: SignIn, rob: User) -> None:
        call = a_call(waiting(an_erp()), wire=wire())
        page = sign_in(rob).get("/connections/erp/")
        words = text_of(page)
        assert "1 request of attempt 1" in words
        assert "POST /journalEntries answered 201 after 240 ms" in words
        assert '{"total": 1200}' in words
        assert f'id="wire-{call.pk}" hx-preserve' in page.content.decode()
        assert "<b>77" not in page.content.decode()

    def test_says_for_how_many_it_was(self, sign_in: SignIn, rob: User) -> None:
        a_call(waiting(an_erp()), wire=wire(100, SAID, SAID | {"status": None}))
        words = text_of(sign_in(rob).get("/connections/erp/"))
        assert "2 requests of attempt 1, with 99 other postings" in words
        assert "not answered after" in words

    def test_is_not_there_where_nothing_was_kept(self, sign_in: SignIn, rob: User) -> None:
        a_call(waiting(an_erp()))
        assert "wire-" not in sign_in(rob).get("/connections/erp/").content.decode()

    def test_is_for_those_who_read_payloads(self, sign_in: SignIn, adam: User) -> None:
        a_call(waiting(an_erp()), wire=wire())
        page = sign_in(adam).get("/connections/erp/").content.decode()
        assert "Recent calls" in page
        assert "wire-" not in page


class TestWhatACallIsAbout:
    def test_leads_to_its_thread_where_there_is_one(self, sign_in: SignIn, rob: User) -> None:
        call = a_call(waiting(an_erp()))
        mail = a_call(waiting(an_erp("mail"), subject_kind="notice", subject_id=1))
        rob_in = sign_in(rob)
        assert f'id="call-{call.pk}"' in rob_in.get("/connections/erp/").content.decode()
        page = rob_in.get("/connections/mail/").content.decode()
        assert f"CMD-{mail.command_id}" in page
        assert f'id="call-{mail.pk}"' not in page, "there is no thread of a notice"
