"""One missing tax map, mended on its cause's page: seen truly, agreed by another, then posted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.authority import NotAllowed
from accounts.models import User
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from exceptions import fixes
from exceptions.fixes import FixRefused
from exceptions.models import Case
from revops.jobs import operations as jobs
from revops.jobs.models import Job
from revops.kernel import clock
from revops.kernel.money import Money
from revops.ledger.models import JournalEntry
from revops.mappings.models import ChangeSet, LegalEntity, MappingVersion, TaxMap
from revops.pipeline import again
from revops.pipeline.fixing.lacking import lack_of, suggestions
from revops.pipeline.fixing.maps import MissingMap
from revops.sandbox import company
from tests.conftest import SignIn
from tests.pipeline.rehearsal import Rehearsal

FIX = MissingMap()
TYPED = {"account": "2100"}


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The company asks nobody about its maps. Requested before the company is there."""
    others = tuple(one for one in company.POLICIES if one[0] != "mapping_change")
    asks_nobody = ("mapping_change", approvals.NOBODY)
    monkeypatch.setattr(company, "POLICIES", (*others, asks_nobody))


@pytest.fixture
def cases(line: Rehearsal) -> list[Case]:
    """Three invoices with a tax code that US-INC has not mapped."""
    TaxMap.objects.filter(legal_entity__code="US-INC").delete()
    MappingVersion.objects.create(note="without the tax", made_by="test")
    for _ in range(3):
        line.subscribe()
    line.deliver()
    line.run()
    found = list(line.open_cases())
    assert {one.kind for one in found} == {"mapping_missing"}
    assert len({one.cause_key for one in found}) == 1
    return found


def _state() -> tuple[int, ...]:
    models = (TaxMap, ChangeSet, MappingVersion, JournalEntry, ApprovalRequest, Job)
    return tuple(model.objects.count() for model in models)


def _replay(line: Rehearsal) -> None:
    while jobs.advance():
        pass
    line.settle()


class TestTheFix:
    def test_goes_from_the_form_over_a_true_preview_and_anothers_yes_into_the_erp(
        self, line: Rehearsal, cases: list[Case], rob: User, ana: User
    ) -> None:
        key, at = cases[0].cause_key, clock.now()
        panel = FIX.panel(key, {}, user=rob, at=at)
        assert panel is not None
        assert not panel.typed
        shown = {one.name: one.value for one in panel.controls}
        assert shown["account"] == ""
        day = clock.local_date(at, LegalEntity.objects.get(code="US-INC").zone)
        assert shown["since"] == f"{day:%Y-%m}-01"

        before = _state()
        seen = FIX.look(key, TYPED, user=rob, at=at)
        assert seen is not None
        assert (seen.cases, seen.looked, seen.clears, seen.fails) == (3, 3, 3, [])
        assert seen.money == [Money(3 * 1_299_000, "USD")]
        (books,) = seen.books
        assert books.debit == books.credit == Money(3 * 1_299_000, "USD")
        assert Money(3 * 99_000, "USD") in [row[3] for row in books.rows if row[0] == "2100"]
        assert seen.postings == 3
        assert seen.asks
        assert "Not you: you propose it." in seen.deciders
        assert _state() == before

        done = FIX.apply(key, TYPED, reason="New code", user=rob, at=at)
        assert "The retry runs when it is approved." in done.sentence
        again_pressed = FIX.apply(key, TYPED, reason="New code", user=rob, at=at)
        assert "asks for it already" in again_pressed.sentence
        request = ApprovalRequest.objects.get()
        with pytest.raises(NotAllowed):
            approvals.decide(request_id=request.pk, verdict="approve", by=rob, seen=request.sha256)
        assert not Job.objects.exists()
        approvals.decide(request_id=request.pk, verdict="approve", by=ana, seen=request.sha256)

        job = Job.objects.get(kind=again.SLUG)
        assert (job.by, job.items.count()) == (rob, 3)
        _replay(line)
        line.assert_books_agree()
        assert not line.open_cases()
        (fixed,) = FIX.earlier(key, at=clock.now())
        assert (fixed.previewed, fixed.cleared, fixed.confirmed, fixed.back) == (3, 3, 3, 0)
        assert fixed.as_previewed
        assert fixed.money == fixed.previewed_money == [Money(3 * 1_299_000, "USD")]

    def test_says_what_fails_next_and_what_makes_no_sense(
        self, line: Rehearsal, cases: list[Case], rob: User
    ) -> None:
        key, at = cases[0].cause_key, clock.now()
        tomorrow = f"{at + timedelta(days=1):%Y-%m-%d}"
        seen = FIX.look(key, TYPED | {"since": tomorrow}, user=rob, at=at)
        assert seen is not None
        assert seen.clears == 0
        assert [count for _, _, count in seen.fails] == [3]
        panel = FIX.panel(key, {"account": "99999"}, user=rob, at=at)
        assert panel is not None
        assert [one.name for one in panel.controls if one.problem] == ["account"]
        assert FIX.look(key, {"account": "99999"}, user=rob, at=at) is None
        with pytest.raises(FixRefused):
            FIX.apply(key, {"account": "99999"}, reason="It is so", user=rob, at=at)

    def test_is_in_force_at_once_where_a_policy_asks_nobody(
        self, lenient: None, line: Rehearsal, cases: list[Case], rob: User
    ) -> None:
        key = cases[0].cause_key
        seen = FIX.look(key, TYPED, user=rob, at=clock.now())
        assert seen is not None
        assert not seen.asks
        done = FIX.apply(key, TYPED, reason="New code", user=rob, at=clock.now())
        job = Job.objects.get(kind=again.SLUG)
        assert done.address == f"/bulk/BLK-{job.pk}/"
        _replay(line)
        assert not line.open_cases()

    def test_suggests_what_its_like_has(self, cases: list[Case]) -> None:
        source = TaxMap.objects.select_related("legal_entity", "account").latest("pk")
        lack = lack_of(cases[0].cause_key, at=clock.now())
        assert lack is not None
        assert not suggestions(lack)
        entity = type(source.legal_entity).objects.get(code="US-INC")
        for code in ("one", "two"):
            TaxMap.objects.create(
                legal_entity=entity, code=code, account=source.account, valid=source.valid,
                version=source.version,
            )  # fmt: skip
        (found,) = suggestions(lack)
        assert found.values == {"account": source.account.code}
        assert found.why.startswith("2 of 2 other")


class TestThePage:
    def test_previews_by_address_and_sends_by_form(
        self, line: Rehearsal, cases: list[Case], sign_in: SignIn, rob: User
    ) -> None:
        browser: Client = sign_in(rob)
        address = f"/exceptions/causes/{cases[0].cause_key}/"
        assert 'name="fix-account"' in browser.get(address).content.decode()
        page = browser.get(f"{address}?fix-account=2100").content.decode()
        assert "3 of 3 clear" in page
        assert "Send for approval, then retry 3" in page
        sent = browser.post(f"{address}fix/", {"fix-account": "2100", "reason": "New code"})
        assert (sent.status_code, sent["location"]) == (302, address)
        assert "waits to be agreed to" in browser.get(address).content.decode()
        wrong = browser.post("/exceptions/causes/nothing/fix/", {"fix-account": "2100"})
        assert wrong.status_code == 404

    def test_every_fix_is_of_a_kind_that_is_known(self) -> None:
        assert isinstance(fixes.of("mapping_missing"), MissingMap)
