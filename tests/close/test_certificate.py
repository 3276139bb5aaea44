"""The certificate: everything accounted for once, sealed, verified, and suspended by any change."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command

from accounts.models import User
from accounts.queries import NotAllowed
from revops.audit.models import Event as Act
from revops.close.certificate import evidence, operations, scope
from revops.close.certificate.canonical import digest_of_set
from revops.close.certificate.operations import SealRefused
from revops.close.certificate.queries import standing
from revops.close.certificate.scope import Period, period_of
from revops.close.models import Certificate
from revops.delivery.decide import State
from revops.events.models import InboundEvent, InboxState
from revops.ledger.models import JournalEntry
from revops.mappings.models import AccountingPeriod, LegalEntity, PeriodState
from revops.notices.models import Notice
from tests.factories import (
    a_case,
    a_command,
    a_journal,
    a_legal_entity,
    a_meaning,
    an_event,
)

pytestmark = pytest.mark.django_db
WHEN = datetime(2026, 10, 15, 12, tzinfo=UTC)


def event(state: InboxState = InboxState.PROCESSED, **values: Any) -> InboundEvent:
    told = values.pop("told", "US-INC")
    made = an_event(**{"occurred_at": WHEN, "received_at": WHEN, "state": state} | values)
    if told:
        a_meaning(made, legal_entity=told)
    return made


def booked(
    entity: LegalEntity, *, day: date = date(2026, 10, 15), **values: Any
) -> JournalEntry:  # fmt: skip
    """An event with its entry and a command that is posted, unless ``values`` say otherwise."""
    inbound = event(told="")
    entry = a_journal(
        entity, accounting_date=day, business_event=a_meaning(inbound, legal_entity=entity.code)
    )
    given = {"state": State.POSTED.value, "external_id": f"m-{entry.pk}"} | values
    a_command(entry, **given)
    return entry


def october() -> Period:
    found = period_of("US-INC", "2026-10")
    assert found is not None
    return found


def classes() -> dict[str, int]:
    told = evidence.read(october()).told["events"]["classes"]
    found: dict[str, int] = {}
    for one in told:
        found[one["fate"]] = found.get(one["fate"], 0) + one["count"]
    return found


def sealed(by: User) -> Certificate:
    return operations.seal(period=october(), by=by, seen=evidence.read(october()).sha256)


class TestScope:
    def test_has_every_event_of_the_period_in_one_class(self, us: LegalEntity) -> None:
        booked(us)
        booked(us, day=date(2026, 11, 2))
        event()
        event(InboxState.IGNORED)
        a_case(inbound=event(InboxState.QUARANTINED), legal_entity=us)
        a_case(
            inbound=event(InboxState.POISON), legal_entity=us, state="resolved", resolved_at=WHEN,
        )  # fmt: skip
        event(InboxState.PARKED)
        booked(us, state=State.PENDING.value, external_id=None)
        held = evidence.read(october())
        assert classes() == {"posted": 1, "excluded": 4, "open": 1, "waiting": 2}
        assert held.told["events"]["count"] == 8
        reasons = {one["reason"]: one["count"] for one in held.told["events"]["excluded"]}
        assert reasons == {
            "Booked in US-INC 2026-11": 1, "Moves no money: invoice.issued/1": 1,
            "Not used: invoice.finalized": 1, "Closed by somebody: period_closed": 1,
        }  # fmt: skip

    def test_finds_an_event_that_was_lost_on_the_way(self, us: LegalEntity) -> None:
        event(InboxState.QUARANTINED)
        assert classes() == {"unaccounted": 1}

    def test_leaves_out_other_days_and_other_entities(self, us: LegalEntity) -> None:
        a_legal_entity("UK-LTD")
        event(told="UK-LTD")
        event(occurred_at=WHEN + timedelta(days=30), received_at=WHEN + timedelta(days=30))
        assert classes() == {}

    def test_counts_what_names_no_legal_entity_apart(self, us: LegalEntity) -> None:
        event(InboxState.IGNORED, told="")
        event(InboxState.RECEIVED, told="")
        told = evidence.read(october()).told["events"]["classes"]
        assert [(one["known"], one["fate"], one["count"]) for one in told] == [
            (False, "excluded", 1), (False, "waiting", 1),
        ]  # fmt: skip

    def test_keeps_to_the_zone_of_the_legal_entity(self, us: LegalEntity) -> None:
        LegalEntity.objects.update(zone="America/New_York")
        last = datetime(2026, 11, 1, 3, 59, tzinfo=UTC)
        event(occurred_at=last, received_at=last)
        event(occurred_at=last + timedelta(minutes=1), received_at=last)
        assert classes() == {"excluded": 1}

    def test_says_what_became_of_every_entry(self, us: LegalEntity) -> None:
        booked(us)
        a_journal(us)
        booked(us, state=State.CANCELLED.value, external_id=None)
        refused = booked(us, state=State.EXCEPTION.value, external_id=None)
        a_case(legal_entity=us, command=refused_command(refused))
        told = evidence.read(october()).told["entries"]
        assert {one["fate"]: (one["count"], one["amount"]) for one in told["classes"]} == {
            "posted": (1, 10_000), "kept": (1, 10_000), "withdrawn": (1, 10_000),
            "open": (1, 10_000),
        }  # fmt: skip
        assert (told["count"], told["of_the_console"]) == (4, 1)
        assert classes() == {"posted": 2, "open": 1}

    def test_has_digests_that_a_person_can_work_out(self, us: LegalEntity) -> None:
        lines = []
        for _ in range(3):
            one = event()
            lines.append(
                "\t".join(
                    [one.connection.slug, "", one.source_event_id, one.body_sha256, "excluded"]
                )
            )
        told = evidence.read(october()).told["events"]
        by_hand = "".join(f"{line}\n" for line in sorted(lines)).encode()
        (one_class,) = told["classes"]
        digest = hashlib.sha256(by_hand).hexdigest()
        assert one_class["sha256"] == digest == digest_of_set(lines[::-1])
        assert told["sha256"] == hashlib.sha256(f"known\texcluded\t{digest}\n".encode()).hexdigest()


def refused_command(entry: JournalEntry) -> Any:
    from revops.delivery.models import OutboundCommand

    return OutboundCommand.objects.get(subject_id=entry.pk)


class TestSeal:
    def test_is_signed_recorded_and_stands(self, us: LegalEntity, mona: User) -> None:
        booked(us)
        made = sealed(mona)
        assert standing(us.pk, "2026-10") == made
        assert Act.objects.get(action="certificate.seal").reference == str(made)
        assert json.loads(made.body)["sealed"]["by"] == mona.name

    def test_is_refused_while_something_is_under_way(self, us: LegalEntity, mona: User) -> None:
        event(InboxState.PARKED)
        with pytest.raises(SealRefused, match="1 event or entry are under way"):
            sealed(mona)

    def test_is_refused_while_something_is_lost(self, us: LegalEntity, mona: User) -> None:
        event(InboxState.POISON)
        with pytest.raises(SealRefused, match="1 event cannot be accounted for"):
            sealed(mona)

    def test_is_refused_when_the_figures_changed_meanwhile(
        self, us: LegalEntity, mona: User
    ) -> None:
        seen = evidence.read(october()).sha256
        booked(us)
        with pytest.raises(SealRefused, match="changed while you looked"):
            operations.seal(period=october(), by=mona, seen=seen)

    def test_is_for_managers(self, us: LegalEntity, ana: User) -> None:
        with pytest.raises(NotAllowed):
            sealed(ana)

    def test_anew_keeps_the_old_one_and_names_it(self, us: LegalEntity, mona: User) -> None:
        first = sealed(mona)
        booked(us)
        assert operations.look(first).suspended_at is not None
        second = sealed(mona)
        assert Certificate.objects.count() == 2
        acts = Act.objects.filter(action="certificate.seal").order_by("seq")
        assert first.evidence != second.evidence
        assert [one.reference for one in acts] == [str(first), str(second)]


class TestSuspending:
    def test_happens_when_a_late_event_comes_and_tells_who_sealed(
        self, us: LegalEntity, mona: User
    ) -> None:
        booked(us)
        made = sealed(mona)
        assert operations.look(made).suspended_at is None
        event(received_at=made.checked_at)
        gone = operations.look(made)
        assert gone.suspended_why == "Changed since it was sealed: events in scope."
        assert Notice.objects.get().recipient == mona
        assert standing(us.pk, "2026-10") is None

    def test_happens_for_what_came_in_while_it_was_sealed(
        self, us: LegalEntity, mona: User
    ) -> None:
        made = sealed(mona)
        event(received_at=made.checked_at - timedelta(seconds=20))
        assert operations.look(made).suspended_at is not None

    @pytest.mark.parametrize("change", ["entry", "case", "reopened"])
    def test_happens_whatever_changes(self, us: LegalEntity, mona: User, change: str) -> None:
        AccountingPeriod.objects.filter(code="2026-10").update(state=PeriodState.CLOSED)
        entry = booked(us)
        made = sealed(mona)
        if change == "entry":
            a_journal(us)
        elif change == "case":
            a_case(legal_entity=us, command=refused_command(entry), inbound=(
                entry.business_event.inbound if entry.business_event else None
            ))  # fmt: skip
        else:
            AccountingPeriod.objects.filter(code="2026-10").update(state=PeriodState.OPEN)
        assert operations.look(made).suspended_at is not None

    def test_does_not_happen_for_another_entity_or_a_closing(
        self, us: LegalEntity, mona: User
    ) -> None:
        made = sealed(mona)
        a_legal_entity("UK-LTD")
        event(told="UK-LTD", received_at=made.checked_at)
        AccountingPeriod.objects.filter(code="2026-10").update(state=PeriodState.CLOSED)
        assert operations.look(made).suspended_at is None

    def test_happens_in_the_hourly_look_once(self, us: LegalEntity, mona: User) -> None:
        sealed(mona)
        booked(us)
        assert operations.look_at_all() == 1
        assert operations.look_at_all() == 0
        assert Notice.objects.count() == 1


class TestVerify:
    def verify(self, path: Path, *more: str) -> tuple[int, str]:
        out, status = StringIO(), 0
        try:
            call_command("certificate", "verify", str(path), *more, stdout=out)
        except SystemExit as ended:
            status = int(ended.code or 0)
        return status, out.getvalue()

    def test_says_that_it_holds_and_what_changed_since(
        self, us: LegalEntity, mona: User, tmp_path: Path
    ) -> None:
        booked(us)
        path = tmp_path / "c.json"
        path.write_text(operations.as_file(sealed(mona)))
        status, words = self.verify(path)
        assert (status, "says what stands" in words) == (0, True)
        booked(us)
        assert self.verify(path)[0] == 1
        assert "this changed since: entries, events" in self.verify(path)[1]
        assert self.verify(path, "--offline")[0] == 0

    @pytest.mark.parametrize(
        ("damage", "status"),
        [
            (lambda text: text.replace('"count": 1', '"count": 2', 1), 1),
            (lambda text: text.replace('"signature": "', '"signature": "AAAA', 1), 1),
            (lambda text: text[:-40], 2),
            (lambda _: "{}", 2),
        ],
    )
    def test_finds_what_was_done_to_the_file(
        self, us: LegalEntity, mona: User, tmp_path: Path, damage: Any, status: int
    ) -> None:
        booked(us)
        path = tmp_path / "c.json"
        path.write_text(damage(operations.as_file(sealed(mona))))
        assert self.verify(path)[0] == status

    def test_refuses_another_key_and_a_file_that_is_not_there(
        self, us: LegalEntity, mona: User, tmp_path: Path
    ) -> None:
        path = tmp_path / "c.json"
        path.write_text(operations.as_file(sealed(mona)))
        other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        assert self.verify(path, "--public-key", base64.b64encode(other).decode())[0] == 1
        assert self.verify(tmp_path / "none.json")[0] == 2


def test_classes_have_words() -> None:
    from revops.close.certificate.words import CLASSES

    told = {scope.POSTED, scope.EXCLUDED, scope.OPEN, scope.WAITING, scope.UNACCOUNTED}
    assert told | {scope.KEPT, scope.WITHDRAWN} == set(CLASSES)
