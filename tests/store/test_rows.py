"""What a session sees: its entities' rows, all rows, or none."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import psycopg
import pytest
from django.db import transaction

from exceptions.models import Case, CaseEntry, Tally
from revops.canonical.models import Customer, ExternalReference, Invoice, Party
from revops.delivery.models import Attempt, OutboundCommand
from revops.events.models import BusinessEvent, InboundEvent
from revops.kernel import clock
from revops.ledger.models import JournalEntry, JournalLine, RevenueSchedule
from revops.mappings.models import AccountingPeriod, LegalEntity
from revops.store import rows, sql
from tests import factories as make

pytestmark = pytest.mark.django_db

OWN, FOREIGN = "US-INC", "DE-GMBH"
MODELS = (
    LegalEntity, AccountingPeriod, Customer, Party, Invoice, ExternalReference, InboundEvent,
    BusinessEvent, JournalEntry, JournalLine, RevenueSchedule, OutboundCommand, Attempt, Case,
    CaseEntry, Tally,
)  # fmt: skip


def a_business(code: str) -> None:
    """One of everything, in the books of one entity."""
    entity = make.a_legal_entity(code)
    customer = make.a_customer(legal_entity=entity, name=code)
    invoice = make.an_invoice(legal_entity=entity, customer=customer)
    make.a_reference(invoice, f"ref-{code}")
    make.a_meaning(legal_entity=code)
    entry = make.a_journal(entity)
    make.a_schedule(entry)
    command = make.a_command(entry)
    Attempt.objects.create(
        command=command, number=1, kind="send", fence=1, intent_at=clock.now(), request_sha256="x"
    )
    case = make.a_case(legal_entity=entity)
    CaseEntry.objects.create(case=case, at=clock.now(), text=code)


@pytest.fixture
def two_businesses() -> Iterator[None]:
    for code in (OWN, FOREIGN):
        a_business(code)
    yield
    rows.leave()


def counts() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in MODELS}


@pytest.mark.usefixtures("two_businesses")
class TestASession:
    def test_of_one_entity_sees_its_rows_and_no_others(self) -> None:
        everything = counts()
        assert all(everything.values()), everything
        with rows.within([OWN]):
            assert counts() == {name: count // 2 for name, count in everything.items()}
            assert set(Customer.objects.values_list("name", flat=True)) == {OWN}

    def test_of_several_entities_sees_those(self) -> None:
        everything = counts()
        with rows.within([FOREIGN, OWN]):
            assert counts() == everything

    def test_of_all_entities_sees_what_belongs_to_none_as_well(self) -> None:
        make.a_case().__class__.objects.update(legal_entity=None)
        with rows.within(None):
            assert Case.objects.filter(legal_entity=None).count() == 3
        with rows.within([OWN, FOREIGN]):
            assert not Case.objects.exists()

    def test_of_no_entity_sees_nothing(self) -> None:
        with rows.within([]):
            assert set(counts().values()) == {0}

    @pytest.mark.parametrize("role", [rows.SOME, rows.DOOR])
    def test_that_nobody_told_sees_nothing(self, role: str) -> None:
        sql.run("SELECT set_config('app.entities', NULL, false), set_config('role', %s, false)",
                (role,))  # fmt: skip
        seen = {name for name, count in counts().items() if count}
        assert seen == ({"InboundEvent"} if role == rows.DOOR else set())

    def test_cannot_write_into_foreign_books(self) -> None:
        entity = LegalEntity.objects.get(code=FOREIGN)
        with rows.within([OWN]), pytest.raises(Exception, match="row-level security"):  # noqa: SIM117  what fails is inside
            with transaction.atomic():
                make.a_case(legal_entity=entity)

    def test_leaves_foreign_rows_alone_when_it_changes_all_it_sees(self) -> None:
        with rows.within([OWN]):
            assert Case.objects.update(owner_team="nobody") == 1
        assert Case.objects.filter(owner_team="nobody").count() == 1


@pytest.mark.usefixtures("two_businesses")
class TestWithin:
    def test_ends_as_it_began(self) -> None:
        with rows.within([OWN]):
            with rows.within(None):
                assert Case.objects.count() == 2
            assert Case.objects.count() == 1
        assert Case.objects.count() == 2

    def test_ends_when_the_work_in_it_fails(self) -> None:
        with pytest.raises(psycopg.errors.DivisionByZero), rows.within([OWN]):  # noqa: SIM117  what fails is inside
            with transaction.atomic():
                sql.run("SELECT 1 / 0")
        assert Case.objects.count() == 2


@pytest.mark.usefixtures("two_businesses")
class TestBehindTheDoor:
    def test_a_door_sees_all_for_a_moment(self) -> None:
        sql.run("SET SESSION AUTHORIZATION revops_door")
        try:
            with rows.behind_the_door():
                assert Case.objects.count() == 2
            assert Case.objects.count() == 0
        finally:
            sql.run("RESET SESSION AUTHORIZATION")

    def test_a_page_sees_no_more_than_before(self) -> None:
        with rows.within([OWN]), rows.behind_the_door():
            assert Case.objects.count() == 1


class TestLeave:
    def test_closes_a_session_that_cannot_leave(self, monkeypatch: pytest.MonkeyPatch) -> None:
        closed: list[bool] = []
        broken = SimpleNamespace(in_atomic_block=False, close=lambda: closed.append(True))

        def gone(*_: object) -> int:
            raise psycopg.OperationalError("gone")

        monkeypatch.setattr(rows, "sql", SimpleNamespace(run=gone))
        monkeypatch.setattr(rows, "connection", broken)
        rows.leave()
        assert closed == [True]
