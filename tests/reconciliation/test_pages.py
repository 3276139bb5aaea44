"""The list of runs, a run, the workbench and the rules, as people of different roles meet them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from exceptions.models import Case
from revops.reconciliation.models import Break, Draft, Match, Run, SignOff
from revops.reconciliation.operations import drafts, rules
from revops.reconciliation.queries import figures
from tests.conftest import SignIn
from tests.factories import a_case
from tests.reconciliation.world import PAYOUTS, Payouts, another_session, limits, payouts, tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank(db: None) -> Iterator[tuple[Payouts, Run]]:
    with payouts() as made:
        yield made


@pytest.fixture
def run(bank: tuple[Payouts, Run]) -> Run:
    return bank[1]


def text(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return main(answer)


def main(answer: HttpResponse) -> str:
    """What the page itself shows."""
    return answer.content.decode().split("<main")[1].split("</main>")[0]


class TestTheList:
    def test_shows_the_newest_run_with_what_agrees_and_what_does_not(
        self, bank: tuple[Payouts, Run], ana: User, sign_in: SignIn
    ) -> None:
        lists, first = bank
        newest = lists.run()
        page = text(sign_in(ana), "/reconciliation/")
        assert f"run-{newest.number}" in page
        assert f'run-{first.number}"' not in page
        assert "Of 5 payouts: 1 equal, 4 missing." in page
        assert "To decide" in page

    def test_is_narrowed_by_its_address(self, run: Run, ana: User, sign_in: SignIn) -> None:
        browser = sign_in(ana)
        assert "No reconciliation matches" in text(browser, "/reconciliation/?status=signed")
        assert f"REC-{run.number}" in text(browser, "/reconciliation/?status=breaks&period=2026-10")
        assert "Nothing was reconciled yet" in text(browser, "/reconciliation/?period=2026-11")

    def test_is_a_file_too(self, run: Run, ana: User, sign_in: SignIn) -> None:
        answer = sign_in(ana).post("/reconciliation/runs.csv")
        told = b"".join(answer.streaming_content).decode()
        row = '"Payouts here · Billing ↔ ERP","NW-US","2026-10","To decide","5","1","USD","4312.50"'
        assert row in told

    def test_asks_for_a_run(
        self, bank: tuple[Payouts, Run], ana: User, rae: User, sign_in: SignIn
    ) -> None:
        lists, _ = bank
        asked = {"pair": lists.pair.pk, "entity": lists.entity.code, "period": "2026-10"}
        assert sign_in(rae).post("/reconciliation/run", asked).status_code == 403
        sign_in(ana).post("/reconciliation/run", asked)
        assert Run.objects.filter(state="asked").count() == 1
        assert "runs again now" in text(sign_in(ana), "/reconciliation/")

    def test_of_a_period_that_is_none_is_not_there(
        self, bank: tuple[Payouts, Run], ana: User, sign_in: SignIn
    ) -> None:
        asked = {"pair": bank[0].pair.pk, "entity": bank[0].entity.code, "period": "1999-01"}
        assert sign_in(ana).post("/reconciliation/run", asked).status_code == 404


class TestARun:
    def test_proves_that_the_difference_is_the_sum_of_the_breaks(
        self, run: Run, ana: User, sign_in: SignIn
    ) -> None:
        page = text(sign_in(ana), f"/reconciliation/runs/REC-{run.number}/")
        assert "A − B ties to the breaks" in page
        assert "Not in ERP" in page
        assert "breaks need a decision" in page
        assert page.count("disabled") >= 1

    def test_that_was_replaced_shows_what_it_found_then_and_leads_to_the_newest(
        self, bank: tuple[Payouts, Run], ana: User, sign_in: SignIn
    ) -> None:
        lists, old = bank
        lists.post("BNK-9", 77_700)
        newest = lists.run()
        browser, address = sign_in(ana), f"/reconciliation/runs/REC-{old.number}/"
        page = text(browser, address)
        assert f"REC-{newest.number} replaced this run." in page
        assert f'href="/reconciliation/runs/REC-{newest.number}/"' in page
        assert "Not in ERP" in page
        for nothing_of_today in (
            "A − B ties",
            "Sign-off",
            "BNK-9",
            "5,077.00",
            "is not yet the sum",
        ):
            assert nothing_of_today not in page
        assert browser.post(f"{address}breaks.csv").status_code == 404
        assert "4,300.00" in page
        assert "5,077.00" in text(browser, f"/reconciliation/runs/REC-{newest.number}/")

    def test_names_what_a_row_may_be_where_the_workbench_suggests_it(
        self, run: Run, ana: User, sign_in: SignIn
    ) -> None:
        browser, address = sign_in(ana), f"/reconciliation/runs/REC-{run.number}/"
        assert "3 of 3 may have a counterpart: look at the suggestions." in text(browser, address)
        Break.objects.filter(type="missing_left").exclude(right_key__endswith="BNK-2").update(
            state="settled", settled_at="2026-11-01T00:00Z"
        )
        link = f'href="{address}match/">It may be PO-2: look at the suggestion.</a>'
        page = text(browser, address)
        assert link in page
        assert "Billing does not list it" not in page
        told = b"".join(browser.post(f"{address}breaks.csv").streaming_content).decode()
        assert "It may be PO-2: look at the suggestion." in told

    def test_narrows_to_a_type(self, run: Run, ana: User, sign_in: SignIn) -> None:
        address = f"/reconciliation/runs/REC-{run.number}/?type=missing_left"
        page = text(sign_in(ana), address)
        table = page.split("Break rows")[1].split("</table>")[0]
        assert "3 breaks" in table
        assert "Not in Billing" in table
        assert "Not in ERP" not in table

    def test_puts_breaks_of_one_cause_in_one_row(
        self, run: Run, ana: User, sign_in: SignIn
    ) -> None:
        page = text(sign_in(ana), f"/reconciliation/runs/REC-{run.number}/")
        cause = Break.objects.filter(type="missing_right").first()
        assert cause is not None
        assert cause.case is not None
        assert f"/exceptions/causes/{cause.case.cause_key}/" in page
        assert "4 breaks" in page

    def test_is_signed_by_two(
        self, bank: tuple[Payouts, Run], ana: User, mona: User, sign_in: SignIn
    ) -> None:
        lists, _ = bank
        limits()
        Break.objects.update(state="settled", settled_at="2026-11-01T00:00Z")
        Case.objects.update(state="resolved", resolved_at="2026-11-01T00:00Z")
        lists.left, run = lists.left, Run.objects.latest("pk")
        run.figures["USD"]["left"] = run.figures["USD"]["right"]
        run.save()
        seen = figures.of(run).sha256
        address = f"/reconciliation/runs/REC-{run.number}/"
        assert f"Sign off REC-{run.number} as preparer" in text(sign_in(ana), address)
        sign_in(ana).post(f"{address}sign", {"role": "preparer", "seen": seen})
        assert "somebody else decides" in text(sign_in(ana), address)
        sign_in(mona).post(f"{address}sign", {"role": "reviewer", "seen": seen})
        assert SignOff.objects.count() == 2
        assert "Signed" in text(sign_in(ana), address)

    def test_names_what_came_too_late_for_the_run_beside_the_names(
        self, run: Run, ana: User, sign_in: SignIn
    ) -> None:
        page = f"/reconciliation/runs/REC-{run.number}/"
        told = {"kind": "period_closed", "legal_entity": run.legal_entity, "currency": "USD"}
        a_case(period_code="2030-01", subject_label="Another month", **told)
        a_case(
            period_code=run.period_code, subject_label="INV-10452", at_stake=318_000, **told
        )  # fmt: skip
        seen = text(sign_in(ana), page)
        assert "1 late event since this run" in seen
        assert "INV-10452" in seen
        assert "Another month" not in seen

    def test_carries_forward_what_may_wait(
        self, bank: tuple[Payouts, Run], ana: User, sign_in: SignIn
    ) -> None:
        limits()
        run = bank[1]
        address = f"/reconciliation/runs/REC-{run.number}/"
        answer = sign_in(ana).post(f"{address}carry", {"reason": "The bank is late"}, follow=True)
        assert "waits for somebody to agree" in answer.content.decode()

    def test_is_a_file_too(self, run: Run, ana: User, sign_in: SignIn) -> None:
        address = f"/reconciliation/runs/REC-{run.number}/breaks.csv?type=missing_left"
        told = b"".join(sign_in(ana).post(address).streaming_content).decode()
        assert told.count("Not in Billing") == 3


class TestTheWorkbench:
    def test_shows_both_sides_and_suggestions(self, run: Run, ana: User, sign_in: SignIn) -> None:
        page = text(sign_in(ana), f"/reconciliation/runs/REC-{run.number}/match/")
        assert "4 left over" in page
        assert "3 left over" in page
        assert "amount equal" in page

    def test_matches_what_is_picked(self, run: Run, ana: User, sign_in: SignIn) -> None:
        address = f"/reconciliation/runs/REC-{run.number}/match/"
        picked = {
            "left": tokens(run, "PO-3", "PO-4"), "right": tokens(run, "BNK-34"), "act": "match",
        }  # fmt: skip
        browser = sign_in(ana)
        answer = browser.post(address, picked, follow=True)
        assert "Matched 2 to 1" in answer.content.decode()
        again = browser.post(address, picked)
        assert again.status_code == 409
        assert "changed or left the list" in again.content.decode()
        assert Match.objects.count() == 1

    def test_adds_up_by_a_button_where_nothing_else_does(
        self, run: Run, ana: User, sign_in: SignIn
    ) -> None:
        address = f"/reconciliation/runs/REC-{run.number}/match/"
        picked = {"left": tokens(run, "PO-5"), "right": tokens(run, "BNK-5"), "act": "check"}
        page = main(sign_in(ana).post(address, picked, follow=True))
        assert "12.50" in page.split("Running difference")[1].split("</section>")[0]
        assert page.count("checked") == 2

    def test_says_what_is_missing_and_keeps_what_was_picked(
        self, run: Run, ana: User, sign_in: SignIn
    ) -> None:
        address = f"/reconciliation/runs/REC-{run.number}/match/"
        picked = {"left": tokens(run, "PO-5"), "right": tokens(run, "BNK-5"), "act": "match"}
        answer = sign_in(ana).post(address, picked)
        assert answer.status_code == 422
        page = main(answer)
        assert "Say what the difference is." in page
        assert page.count(" checked") == 2

    def test_keeps_the_picks_of_each_person(
        self, run: Run, ana: User, rob: User, sign_in: SignIn
    ) -> None:
        address = f"/reconciliation/runs/REC-{run.number}/match/"
        sign_in(ana).post(f"{address}draft", {"left": tokens(run, "PO-5")})
        assert Draft.objects.get().user == ana
        assert "checked" in text(sign_in(ana), address)
        assert "checked" not in text(sign_in(rob), address)

    def test_lets_go_of_a_row_that_changed_and_says_so(
        self, bank: tuple[Payouts, Run], ana: User, sign_in: SignIn
    ) -> None:
        lists, run = bank
        drafts.keep(run=run, left=[], right=tokens(run, "BNK-5"), by=ana)
        lists.reads("BNK-5", 229_000)
        again = lists.run()
        page = text(sign_in(ana), f"/reconciliation/runs/REC-{again.number}/match/")
        assert "Something changed." in page
        assert "checked" not in page

    def test_takes_a_match_apart(self, run: Run, ana: User, sign_in: SignIn) -> None:
        address = f"/reconciliation/runs/REC-{run.number}/match/"
        browser = sign_in(ana)
        browser.post(
            address, {"left": tokens(run, "PO-2"), "right": tokens(run, "BNK-2"), "act": "match"}
        )
        made = Match.objects.get()
        page = browser.post(f"{address}{made.pk}/release", follow=True).content.decode()
        assert "left over again" in page

    def test_is_only_read_by_an_auditor(self, run: Run, rae: User, sign_in: SignIn) -> None:
        page = text(sign_in(rae), f"/reconciliation/runs/REC-{run.number}/match/")
        assert "checkbox" not in page
        assert 'id="picks"' not in page


class TestRules:
    def test_are_listed_by_check_with_what_they_did(
        self, run: Run, ana: User, sign_in: SignIn
    ) -> None:
        page = text(sign_in(ana), "/reconciliation/rules/")
        assert "Payouts here" in page
        assert "Same amount and currency and number in the text" not in page
        assert "Same amount, currency and number in the text; one to one" in page

    def test_go_from_a_draft_to_a_request(self, run: Run, ana: User, sign_in: SignIn) -> None:
        browser, address = sign_in(ana), f"/reconciliation/rules/{PAYOUTS.slug}/"
        browser.post(f"{address}draft", {"act": "start"})
        wrong = browser.post(f"{address}draft/0/", {"name": "Nothing", "strength": "suggest",
                                                    "shape": "1:1"})  # fmt: skip
        assert wrong.status_code == 422
        assert "Choose at least one thing" in wrong.content.decode()
        browser.post(f"{address}draft/0/", {
            "name": "Amount", "strength": "suggest", "shape": "1:1", "keys": ["amount", "currency"],
            "days_within": "3",
        })  # fmt: skip
        assert "Amount" in text(browser, f"{address}draft/3/")
        another_session()
        tried = browser.post(f"{address}trial", {"on": run.number}).content.decode()
        assert "Would match by itself" in tried
        browser.post(f"{address}draft", {"act": "send", "note": "The bank never writes our number"})
        assert "waits for a decision" in text(browser, address)

    def test_are_changed_by_those_who_see_all_entities(
        self, run: Run, mona: User, rae: User, sign_in: SignIn
    ) -> None:
        address = f"/reconciliation/rules/{PAYOUTS.slug}/"
        for person in (mona, rae):
            assert "Change the rules" not in text(sign_in(person), address)
            assert sign_in(person).post(f"{address}draft", {"act": "start"}).status_code == 403
        assert rules.in_force(PAYOUTS.slug) == run.rules
