"""The pages on which a person decides whether two customers are one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from revops.canonical.models import Customer, Merge, MergeProposal, Party, ProposalState
from revops.pipeline import identity
from tests import factories
from tests.canonical.conftest import World, world
from tests.conftest import SignIn

__all__ = ["world"]

WHY = "The same company; checked with their accounts team."


def text_of(response: Any) -> str:
    """What a person reads; no-break spaces count as spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def party_of(source_id: str) -> Party:
    return Party.objects.get(customers__source_id=source_id)


@pytest.fixture
def proposal(world: World) -> MergeProposal:
    """Sales and billing know Halden; it owes 100.00 in euros on one side and 50.00 on the other."""
    world.customer(world.crm, "001", name="Halden Media GmbH", region="North")
    world.customer(world.billing, "cus_1", name="Halden Media Inc", domain="halden.example")
    for source_id, total in (("001", 10_000), ("cus_1", 5_000)):
        account = Customer.objects.get(source_id=source_id)
        factories.an_invoice(account.connection, customer=account, currency="EUR", net=total,
                             total=total)  # fmt: skip
    identity.look()
    return MergeProposal.objects.get()


@pytest.fixture
def browser(sign_in: SignIn, mona: User) -> Client:
    return sign_in(mona)


def decide(browser: Client, proposal: MergeProposal, **given: str) -> Any:
    said = {"choice": "left", "reason": WHY, "confirm": "yes"} | given
    return browser.post(f"/customers/duplicates/{proposal.pk}/decide", said)


class TestList:
    def test_shows_both_sides_with_evidence_and_money(
        self, browser: Client, proposal: MergeProposal
    ) -> None:
        page = text_of(browser.get("/customers/duplicates/"))
        for words in ("Halden Media GmbH", "Halden Media Inc", "62 %", "The names are the same",
                      "EUR 100.00", "EUR 50.00"):  # fmt: skip
            assert words in page

    def test_says_when_there_is_nothing(self, browser: Client) -> None:
        page = text_of(browser.get("/customers/duplicates/"))
        assert "No two customers look alike" in page
        assert "Nothing was merged yet" in page

    def test_filters_by_name_and_decision(self, browser: Client, proposal: MergeProposal) -> None:
        for query, there in (("q=halden", True), ("q=kestrel", False), ("state=merged", False)):
            page = browser.get(f"/customers/duplicates/?{query}").content.decode()
            assert (f'id="pair-{proposal.pk}"' in page) is there, query


class TestPair:
    def test_shows_the_effect_before_anything_happens(
        self, browser: Client, proposal: MergeProposal
    ) -> None:
        page = text_of(browser.get(f"/customers/duplicates/{proposal.pk}/"))
        assert "EUR 150.00" in page
        assert "nothing becomes halden.example" in page
        assert "nothing becomes North" in page
        assert not Merge.objects.exists()

    def test_is_merged_and_parted_again(self, browser: Client, proposal: MergeProposal) -> None:
        answer = decide(browser, proposal)
        made = Merge.objects.get()
        assert answer["Location"] == f"/customers/duplicates/merges/{made.pk}/"
        assert (made.survivor_id, made.reason) == (proposal.left_id, WHY)
        assert "cus_1" in text_of(browser.get(answer["Location"]))
        assert "Halden Media Inc into" in text_of(browser.get("/customers/duplicates/"))

        address = f"{answer['Location']}unmerge"
        assert browser.post(address, {"reason": WHY}).status_code == 422
        assert browser.post(address, {"reason": WHY, "confirm": "yes"}).status_code == 302
        assert party_of("cus_1").pk == proposal.right_id
        again = browser.post(address, {"reason": WHY, "confirm": "yes"})
        assert again.status_code == 422
        assert "Mona Patel has parted them already" in text_of(again)

    def test_may_keep_the_other_one(self, browser: Client, proposal: MergeProposal) -> None:
        decide(browser, proposal, choice="right")
        assert Merge.objects.get().survivor_id == proposal.right_id

    def test_is_kept_apart(self, browser: Client, proposal: MergeProposal) -> None:
        assert decide(browser, proposal, choice="apart").status_code == 302
        proposal.refresh_from_db()
        assert proposal.state == ProposalState.KEPT_APART
        page = text_of(browser.get(f"/customers/duplicates/{proposal.pk}/"))
        assert "Kept apart by Mona Patel" in page

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({"confirm": ""}, "Say that you have compared both"),
            ({"reason": "dup"}, "Say why"),
            ({"choice": "neither"}, "Choose what they are"),
        ],
    )
    def test_asks_again_and_keeps_what_was_written(
        self, browser: Client, proposal: MergeProposal, given: dict[str, str], says: str
    ) -> None:
        answer = decide(browser, proposal, **given)
        assert answer.status_code == 422
        assert says in text_of(answer)
        assert given.get("reason", WHY) in answer.content.decode()
        assert not Merge.objects.exists()

    def test_is_decided_once(
        self, browser: Client, proposal: MergeProposal, sign_in: SignIn, rob: User
    ) -> None:
        decide(browser, proposal)
        late = decide(sign_in(rob), proposal, choice="right")
        assert late.status_code == 422
        assert "decided already" in text_of(late)
        assert Merge.objects.count() == 1

    def test_is_read_by_those_who_may_not_decide(
        self, sign_in: SignIn, proposal: MergeProposal, ana: User, otis: User
    ) -> None:
        page = sign_in(ana).get(f"/customers/duplicates/{proposal.pk}/")
        assert "It is open to: Finance manager, RevOps engineer" in text_of(page)
        assert b'id="decide"' not in page.content
        assert decide(sign_in(ana), proposal).status_code == 403
        for path in ("", f"{proposal.pk}/"):
            assert sign_in(otis).get(f"/customers/duplicates/{path}").status_code == 403
        assert decide(sign_in(otis), proposal).status_code == 403
        assert not Merge.objects.exists()

    def test_that_does_not_exist_is_not_found(self, browser: Client) -> None:
        for path in ("9999/", "merges/9999/"):
            assert browser.get(f"/customers/duplicates/{path}").status_code == 404
        gone = browser.post("/customers/duplicates/merges/9999/unmerge",
                            {"reason": WHY, "confirm": "yes"})  # fmt: skip
        assert gone.status_code == 404


class TestMergePage:
    def test_says_which_accounts_came_later(
        self, browser: Client, world: World, proposal: MergeProposal
    ) -> None:
        decide(browser, proposal)
        world.customer(world.crm, "002", other_ids=[{"system": "stripe", "id": "cus_1"}])
        page = text_of(browser.get(f"/customers/duplicates/merges/{Merge.objects.get().pk}/"))
        assert "Accounts that came later" in page
        assert "Those that came later stay" in page


class TestGroup:
    def test_is_found_linked_and_taken_away(self, browser: Client, world: World) -> None:
        world.customer(world.crm, "001", name="Kestrel UK")
        world.customer(world.billing, "cus_1", name="Kestrel Group")
        low, high = party_of("001"), party_of("cus_1")
        address = f"/customers/{low.pk}/parent/"
        assert "Nobody: it stands alone" in text_of(browser.get(address))
        assert f'id="link-{high.pk}"' in browser.get(f"{address}?q=group").content.decode()
        assert browser.post(address, {"parent": high.pk}).status_code == 302
        assert "Kestrel Group" in text_of(browser.get(address))
        circle = browser.post(f"/customers/{high.pk}/parent/", {"parent": low.pk})
        assert circle.status_code == 422
        assert "is above Kestrel UK already" in text_of(circle)
        assert browser.post(address, {"parent": "none"}).status_code == 302
        low.refresh_from_db()
        assert low.parent_id is None

    def test_is_not_offered_where_a_system_decides(self, browser: Client, world: World) -> None:
        world.owns(world.crm, "customer", "parent")
        world.customer(world.crm, "001")
        page = browser.get(f"/customers/{party_of('001').pk}/parent/")
        assert "Salesforce decides" in text_of(page)
        assert b'id="search"' not in page.content
