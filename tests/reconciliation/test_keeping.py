"""
Some two hundred changes at random: whatever changes, looking at what changed is looking at all, to
the last bit of the evidence.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any, Final

import pytest

from accounts.models import User
from revops.kernel import clock
from revops.mappings.models import AccountingPeriod
from revops.reconciliation.engine import folding, reading
from revops.reconciliation.models import Break, Footing, Holding, Kept, Match, MatchItem, Run
from revops.reconciliation.operations import comparing, runs, watching
from tests.reconciliation.lists import CHECK, DAY, Lists

STEPS: Final = 40
NEXT_MONTH: Final = date(2026, 11, 10)


class Walk:
    """Rows of both lists that come, change and go; every choice follows from the seed."""

    def __init__(self, lists: Lists, seed: int) -> None:
        self.lists, self.chance, self.made = lists, random.Random(seed), 0

    def step(self) -> None:
        for _ in range(self.chance.randint(3, 7)):
            self.chance.choice(
                (self.come, self.come, self.amount, self.day, self.currency, self.key, self.leave,
                 self.state, self.again)
            )()  # fmt: skip

    def come(self) -> None:
        amount = self.chance.choice((100, 100, 200, 250, -100))
        name = self.chance.choice((f"K{self.made}", f"K{self.chance.randint(0, 40)}", ""))
        put = self.chance.choice((self.lists.bill, self.lists.post))
        self._put(put, name, amount)
        if self.chance.random() < 0.6:
            other = self.lists.post if put == self.lists.bill else self.lists.bill
            self._put(other, name, amount)

    def again(self) -> None:
        """The same document a second time."""
        held = self._any()
        if held is not None and held.key:
            put = self.lists.bill if held.connection_id == self.lists.left.pk else self.lists.post
            self._put(put, held.key, held.amount)

    def amount(self) -> None:
        self._edit(amount=self.chance.choice((100, 200, 250, 300)))

    def day(self) -> None:
        self._edit(dated=self.chance.choice((DAY, DAY + timedelta(days=1), NEXT_MONTH)))

    def currency(self) -> None:
        self._edit(currency=self.chance.choice(("USD", "EUR", "JPY")))

    def state(self) -> None:
        self._edit(state=self.chance.choice(("open", "posted", "void")))

    def key(self) -> None:
        held = self._any()
        if held is not None:
            held.before = {"key": held.key, "amount": held.amount}
            held.key, held.touched_at = f"K{self.chance.randint(0, 40)}", clock.now()
            held.save()

    def leave(self) -> None:
        held = self._any()
        if held is not None:
            self.lists.gone(held)

    def _put(self, put: Any, key: str, amount: int) -> None:
        self.made += 1
        put(
            key, amount, external_id=f"row-{self.made}", touched_at=clock.now(),
            party=f"P{amount}", dated=self.chance.choice((DAY, DAY, NEXT_MONTH)),
            state="open" if put == self.lists.bill else "posted",
        )  # fmt: skip

    def _edit(self, **values: Any) -> None:
        held = self._any()
        if held is not None:
            self.lists.edited(held, **values)

    def _any(self) -> Holding | None:
        rows = Holding.objects.filter(gone_in=None).order_by("pk")
        many = rows.count()
        return rows[self.chance.randrange(many)] if many else None


def told(run: Run) -> tuple[object, ...]:
    """All that a certificate or a name is put under."""
    standing = Break.objects.exclude(state="settled").order_by("fingerprint")
    return (
        run.evidence, run.figures,
        [
            (one.fingerprint, one.key, one.type, one.state, one.difference, one.reason, one.left,
             one.right, one.expected_by)
            for one in standing
        ],
    )  # fmt: skip


def from_the_ground(run: Run) -> str:
    """The evidence of both sides by one pass over each."""
    scope = comparing.scope_of(run, CHECK, list(run.rules.rules.order_by("position")))
    left, right = (folding.totals(scope.select(which)) for which in reading.BOTH)
    return reading.Read(left, right).evidence


@pytest.mark.django_db
class TestTwoHundredChangesAtRandom:
    def test_are_found_by_looking_at_them_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(runs, "WHOLE_BELOW", 0)
        # So that only what a step touched is looked at.
        monkeypatch.setattr(comparing, "GRACE", timedelta(0))
        lists = Lists()
        walk = Walk(lists, seed=20261121)
        lists.run()
        compared = looked = 0
        for number in range(STEPS):
            walk.step()
            part = lists.run(full=False)
            # A row whose key changed twice in between makes a look one at all.
            looked += part.touched is not None
            assert part.evidence == from_the_ground(part), number
            assert all(one["unclassified"] == 0 for one in part.figures.values()), number
            if number % 6 == 5:
                seen = told(part)
                assert seen == told(lists.run()), number
                compared += len(seen[2])  # type: ignore[arg-type]  # the third of what a run tells is its breaks
        assert compared > 60
        assert looked > STEPS * 3 // 4


@pytest.mark.django_db
class TestWhatIsKept:
    @pytest.fixture
    def lists(self, monkeypatch: pytest.MonkeyPatch) -> Lists:
        monkeypatch.setattr(runs, "WHOLE_BELOW", 0)
        lists = Lists()
        for number in range(4):
            lists.both(f"K{number}", 100 + number)
        lists.run()
        return lists

    def test_is_made_by_the_first_look_and_confirmed_from_the_ground(self, lists: Lists) -> None:
        assert not Footing.objects.exists()
        lists.run(full=False)
        assert sum(len(one.items) for one in Kept.objects.all()) == 8
        whole = lists.run()
        assert Footing.objects.get().run_id == whole.pk

    def test_is_made_anew_when_a_row_changed_without_a_word(self, lists: Lists) -> None:
        lists.run(full=False)
        Holding.objects.filter(connection=lists.right, key="K1").update(amount=7)
        stale = lists.run(full=False)
        assert stale.figures["USD"]["right"]["amount"] == 406
        whole = lists.run()
        assert Footing.objects.get().run_id == stale.pk
        again = lists.run(full=False)
        assert (again.figures, again.evidence) == (whole.figures, whole.evidence)
        assert Footing.objects.get().run_id == again.pk

    def test_knows_what_people_matched(self, lists: Lists, ana: User) -> None:
        lists.bill("a", 500, touched_at=clock.now())
        row = lists.post("x", 500, touched_at=clock.now())
        lists.run(full=False)
        at = clock.now()
        match = Match.objects.create(
            pair=lists.pair, legal_entity=lists.entity, period_code="2026-10", currency="USD",
            left_amount=500, right_amount=500, made_by=ana, made_at=at,
        )  # fmt: skip
        for side, key in (("left", "lists-billing-a"), ("right", "lists-erp-x")):
            MatchItem.objects.create(
                match=match, pair=lists.pair, side=side, item_key=key, amount=500, dated=DAY
            )
        Break.objects.update(state="settled", settled_at=at, match=match)
        part = lists.run(full=False)
        assert (part.touched, lists.found()) == (2, [])
        lists.edited(row, amount=400)
        seen = told(lists.run(full=False))
        assert lists.found() == [("timing", "clearing", 500), ("timing", "clearing", -400)]
        assert seen == told(lists.run())

    def test_is_gone_when_its_period_is_closed(self, lists: Lists) -> None:
        lists.run(full=False)
        watching.look_at_all()
        assert Footing.objects.exists()
        AccountingPeriod.objects.filter(code="2026-10").update(state="closed")
        watching.look_at_all()
        assert not Footing.objects.exists()
        assert not Kept.objects.exists()

    def test_that_a_crash_took_away_is_made_anew(self, lists: Lists) -> None:
        first = lists.run(full=False)
        Kept.objects.all().delete()
        Footing.objects.all().delete()
        assert lists.run(full=False).evidence == first.evidence
        assert Kept.objects.exists()
