"""Who may call what, how often, and what every refusal looks like."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.operations import revoke_token
from accounts.tokens import SCOPES
from revops.api import queries
from revops.kernel import clock
from tests.api.calls import PROBLEM, Caller

NEEDS = {
    "/api/v1/cases/": "read:cases",
    "/api/v1/cases/EXC-1/": "read:cases",
    "/api/v1/journals/": "read:journals",
    "/api/v1/journals/JE-1/": "read:journals",
    "/api/v1/lineage/invoice/1/": "read:lineage",
    "/api/v1/lineage/INV-1/": "read:lineage",
    "/api/v1/lookups/account/?id=x": "read:lookups",
    "/api/v1/lookups/price/?price=x&currency=USD": "read:lookups",
    "/api/v1/lookups/entitlement/?customer=x&feature=seats": "read:lookups",
    "/api/v1/lookups/credit/?customer=x": "read:lookups",
    "/api/v1/lookups/invoice/?id=x": "read:lookups",
    "/api/v1/find?q=INV-1": "read:lineage",
    "/api/v1/find/?q=INV-1": "read:lineage",
}


@pytest.mark.django_db
class TestTokens:
    @pytest.mark.parametrize("path", [*NEEDS, "/api/v1/events/"])
    def test_are_asked_for_at_every_address(self, path: str) -> None:
        answer = Client().get(path)
        assert (answer.status_code, answer["Content-Type"]) == (401, PROBLEM)
        assert answer["WWW-Authenticate"] == 'Bearer realm="revops"'

    @pytest.mark.parametrize("path", NEEDS)
    def test_open_what_their_scope_names(self, path: str) -> None:
        assert Caller(NEEDS[path]).get(path).status_code in (200, 404)

    @pytest.mark.parametrize("path", NEEDS)
    def test_open_nothing_else(self, path: str) -> None:
        others = [scope for scope in SCOPES if scope != NEEDS[path]]
        answer = Caller(*others).get(path)
        assert (answer.status_code, answer["Content-Type"]) == (403, PROBLEM)
        assert NEEDS[path] in answer.json()["detail"]

    def test_that_only_read_cannot_send(self) -> None:
        readers = [scope for scope in SCOPES if scope.startswith("read:")]
        assert Caller(*readers).post("/api/v1/events/", {}).status_code == 403

    @pytest.mark.parametrize(
        "header",
        ["Bearer nonsense", "Bearer ", "Bearer rct_0123456789_" + "A" * 43, "Bearer é", "bearer x"],
    )
    def test_that_we_do_not_know_are_not_valid(self, header: str) -> None:
        answer = Client().get("/api/v1/cases/", headers={"Authorization": header})
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer["WWW-Authenticate"]

    def test_stop_at_once_when_revoked(self) -> None:
        caller = Caller()
        assert caller.get("/api/v1/cases/").status_code == 200
        revoke_token(caller.token.prefix)
        assert caller.get("/api/v1/cases/").status_code == 401

    def test_are_the_only_credential(self, ana: Any, sign_in: Any) -> None:
        assert sign_in(ana).get("/api/v1/cases/").status_code == 401

    def test_are_not_read_from_the_address(self) -> None:
        text = Caller().text
        assert Client().get("/api/v1/cases/", {"token": text}).status_code == 401

    def test_need_no_form_token(self) -> None:
        caller = Caller()
        caller.client = Client(enforce_csrf_checks=True)
        assert caller.post("/api/v1/events/", {}).status_code == 400


@pytest.mark.django_db
class TestRates:
    def test_are_told_in_every_answer(self) -> None:
        caller = Caller()
        with time_machine.travel(clock.now().replace(second=15), tick=False):
            left = [int(caller.get("/api/v1/cases/")["RateLimit-Remaining"]) for _ in range(3)]
            answer = caller.get("/api/v1/cases/")
        assert left == [5999, 5998, 5997]
        assert (answer["RateLimit-Limit"], answer["RateLimit-Reset"]) == ("6000", "45")

    def test_are_kept_for_each_token_and_start_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("revops.api.throttles._limit", lambda: 2)
        caller, other = Caller(), Caller()
        with time_machine.travel(clock.now().replace(second=0), tick=False) as moment:
            found = [caller.get("/api/v1/cases/") for _ in range(3)]
            assert [answer.status_code for answer in found] == [200, 200, 429]
            assert found[-1]["Content-Type"] == PROBLEM
            assert found[-1]["Retry-After"] == "60"
            assert found[-1]["RateLimit-Remaining"] == "0"
            assert other.get("/api/v1/cases/").status_code == 200
            moment.shift(60)
            assert caller.get("/api/v1/cases/").status_code == 200


@pytest.mark.django_db
class TestProblems:
    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    @pytest.mark.parametrize("path", [*NEEDS, "/api/v1/events/"])
    def test_say_which_methods_there_are(self, path: str, method: str) -> None:
        caller = Caller()
        answer = getattr(caller.client, method)(path, headers=caller.headers)
        assert (answer.status_code, answer["Content-Type"]) == (405, PROBLEM)
        expected = "POST" if path == "/api/v1/events/" else "GET"
        assert expected in answer["Allow"]

    def test_carry_the_correlation_id_in_and_out(self) -> None:
        answer = Client().get("/api/v1/cases/", headers={"X-Correlation-Id": "story-12345678"})
        assert answer["X-Correlation-Id"] == "story-12345678"
        assert answer.json()["correlation_id"] == "story-12345678"

    def test_do_not_trust_a_correlation_id_of_another_form(self) -> None:
        answer = Client().get("/api/v1/cases/", headers={"X-Correlation-Id": "<script>alert(1)"})
        assert answer["X-Correlation-Id"].startswith("co-")

    def test_come_from_addresses_that_do_not_exist(self) -> None:
        answer = Caller().get("/api/v1/nothing/")
        assert (answer.status_code, answer["Content-Type"]) == (404, PROBLEM)

    def test_come_when_something_breaks_and_tell_nothing_of_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def breaks(**_: object) -> None:
            raise RuntimeError("canary-3f9")

        monkeypatch.setattr(queries, "cases", breaks)
        caller = Caller()
        caller.client.raise_request_exception = False
        answer = caller.get("/api/v1/cases/")
        assert (answer.status_code, answer["Content-Type"]) == (500, PROBLEM)
        assert "canary-3f9" not in answer.content.decode()
        assert answer.json()["correlation_id"] == answer["X-Correlation-Id"]

    def test_come_for_a_form_that_we_do_not_speak(self) -> None:
        caller = Caller()
        answer = caller.client.get(
            "/api/v1/cases/", headers=caller.headers | {"Accept": "text/csv"}
        )
        assert (answer.status_code, answer["Content-Type"]) == (406, PROBLEM)

    def test_are_never_kept_by_anybody(self) -> None:
        for answer in (Client().get("/api/v1/cases/"), Caller().get("/api/v1/cases/")):
            assert answer["Cache-Control"] == "no-store"
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert "Set-Cookie" not in answer
