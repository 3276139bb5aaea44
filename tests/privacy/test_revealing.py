"""What is masked on customers, tickets and people is shown for a minute to who says why."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import time_machine

from accounts.models import User
from revops.audit.models import Event
from revops.kernel import clock
from tests import factories as make
from tests.conftest import SignIn

EMAIL, WHY = "pat@alder.example", "They asked us what we hold"
pytestmark = pytest.mark.django_db


@pytest.fixture
def pages() -> tuple[str, str]:
    customer = make.a_customer(name="Alder", email=EMAIL)
    return f"/customers/{customer.party_id}/", f"/records/customer/{customer.pk}/"


class TestRevealing:
    @pytest.mark.parametrize("which", [0, 1])
    def test_shows_it_for_a_minute_on_that_page_alone(
        self, sign_in: SignIn, ana: User, pages: tuple[str, str], which: int
    ) -> None:
        client, page, other = sign_in(ana), pages[which], pages[1 - which]
        assert EMAIL not in client.get(page).content.decode()
        assert client.post(f"{page}reveal", {"reason": WHY}).status_code == 302
        assert EMAIL in client.get(page).content.decode()
        assert EMAIL not in client.get(other).content.decode()
        assert EMAIL not in sign_in(ana).get(page).content.decode()
        with time_machine.travel(clock.now() + timedelta(seconds=61)):
            assert EMAIL not in client.get(page).content.decode()

    def test_is_an_act_with_the_reason_and_how_many_there_were(
        self, sign_in: SignIn, ana: User, pages: tuple[str, str]
    ) -> None:
        client = sign_in(ana)
        for page in pages:
            client.post(f"{page}reveal", {"reason": WHY})
        told = [json.loads(one.detail or "") for one in Event.objects.order_by("seq")]
        assert [one["after"]["this_hour"] for one in told] == [1, 2]
        assert {one["reason"] for one in told} == {WHY}
        assert EMAIL not in json.dumps(told)

    def test_asks_why(self, sign_in: SignIn, ana: User, pages: tuple[str, str]) -> None:
        client = sign_in(ana)
        assert client.post(f"{pages[0]}reveal", {"reason": "because"}).status_code == 422
        assert EMAIL not in client.get(pages[0]).content.decode()

    @pytest.mark.parametrize("who", ["rob", "sue", "rae", "adam"])
    def test_is_for_finance(
        self, sign_in: SignIn, who: str, pages: tuple[str, str], request: pytest.FixtureRequest
    ) -> None:
        client = sign_in(request.getfixturevalue(who))
        for page in pages:
            assert client.post(f"{page}reveal", {"reason": WHY}).status_code == 403
            assert b'id="reveal"' not in client.get(page).content

    def test_of_a_colleague_is_for_the_auditor_administrators_see_it(
        self, sign_in: SignIn, rae: User, adam: User, ana: User
    ) -> None:
        page, auditor = f"/users/{ana.pk}/", sign_in(rae)
        assert ana.email in sign_in(adam).get(page).content.decode()
        assert ana.email in sign_in(adam).get("/users/").content.decode()
        for path in (page, "/users/"):
            assert ana.email not in auditor.get(path).content.decode()
        assert auditor.post(f"{page}reveal", {"reason": WHY}).status_code == 302
        assert ana.email in auditor.get(page).content.decode()
        assert sign_in(adam).post(f"{page}reveal", {"reason": WHY}).status_code == 403

    def test_the_access_review_masks_addresses_like_the_page(
        self, sign_in: SignIn, rae: User, adam: User, ana: User
    ) -> None:
        def file(who: User) -> str:
            answer = sign_in(who).post("/users/access-review.csv")
            return answer.getvalue().decode()

        assert ana.email in file(adam)
        assert ana.email not in file(rae)
        assert ana.name in file(rae)
