from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from exceptions import kinds, operations
from exceptions.findings import fingerprint_of
from exceptions.models import Case, CaseEntry, Cause, Tally
from exceptions.operations import report, report_all, settle
from tests import factories
from tests.exceptions.kit import Calls, a_finding

AT = datetime(2026, 10, 31, 14, 0, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("calls")


def tallied() -> dict[tuple[str, str], tuple[int, int]]:
    sums: dict[tuple[str, str], list[int]] = {}
    for row in Tally.objects.all():
        cell = sums.setdefault((row.state, row.currency), [0, 0])
        cell[0] += row.cases
        cell[1] += row.at_stake
    return {key: (cell[0], cell[1]) for key, cell in sums.items() if cell != [0, 0]}


@pytest.mark.django_db
class TestReport:
    def test_opens_a_case_with_its_due_time_and_first_line_of_story(self) -> None:
        entity = factories.a_legal_entity()
        report([a_finding(legal_entity_id=entity.pk, period_code="2026-10")], at=AT)
        case = Case.objects.get()
        assert case.state == "open"
        assert case.owner_team == "Finance"
        assert case.due_at == AT + timedelta(days=1)
        assert case.facts == [["Account", "1200"]]
        assert [entry.text for entry in case.story.all()] == [case.what_happened]
        assert Cause.objects.get().sentence == case.cause

    def test_counts_a_repeat_and_takes_its_words_but_keeps_its_age(self) -> None:
        report([a_finding()], at=AT)
        later = AT + timedelta(hours=1)
        report([a_finding(cause="October is closed", at_stake=20_000)], at=later)
        case = Case.objects.get()
        assert (case.occurrences, case.at_stake, case.cause) == (2, 20_000, "October is closed")
        assert (case.opened_at, case.latest_at) == (AT, later)
        assert case.due_at == AT + timedelta(days=1)
        assert case.story.count() == 1

    def test_counts_repeats_within_one_batch_once_each(self) -> None:
        report([a_finding(), a_finding(), a_finding("CMD-2")], at=AT)
        assert sorted(Case.objects.values_list("occurrences", flat=True)) == [1, 2]

    def test_opens_a_new_case_when_the_old_one_is_resolved(self) -> None:
        report([a_finding()], at=AT)
        settle(fingerprints=[a_finding().fingerprint], text="Posted.", at=AT)
        report([a_finding()], at=AT)
        assert Case.objects.count() == 2

    def test_says_that_a_retried_case_is_not_settled(self) -> None:
        report([a_finding()], at=AT)
        Case.objects.update(state="retrying")
        report([a_finding()], at=AT)
        assert Case.objects.get().state == "open"
        last = CaseEntry.objects.latest("pk")
        assert last.text.startswith("Tried again, and it is not settled.")

    def test_keeps_when_a_doubt_checks_itself(self) -> None:
        checks_at = AT + timedelta(minutes=20)
        report([a_finding(state="in_doubt", checks_at=checks_at)], at=AT)
        case = Case.objects.get()
        assert (case.state, case.checks_at) == ("in_doubt", checks_at)

    def test_stores_words_that_the_database_would_refuse(self) -> None:
        odd = a_finding(cause="a\x00b \ud800", subject_label="x" * 300)
        report([odd], at=AT)
        case = Case.objects.get()
        assert case.cause == "a\N{REPLACEMENT CHARACTER}b ?"
        assert len(case.subject_label) == 240

    def test_refuses_a_kind_that_nobody_declared(self) -> None:
        with pytest.raises(kinds.KindUnknown):
            report([a_finding(kind="nobody")], at=AT)

    def test_takes_five_hundred_findings_at_once(self) -> None:
        many = [a_finding(f"CMD-{number}") for number in range(500)]
        report(many, at=AT)
        assert Case.objects.count() == 500
        assert tallied() == {("open", "USD"): (500, 5_000_000)}


@pytest.mark.django_db(transaction=True)
class TestSettle:
    def test_resolves_what_a_command_an_event_or_a_fingerprint_names(self) -> None:
        command = factories.a_command()
        event = factories.an_event()
        report(
            [
                a_finding("a", command_id=command.pk),
                a_finding("b", inbound_id=event.pk),
                a_finding("c"),
                a_finding("d"),
            ],
            at=AT,
        )
        settled = settle(
            command_ids=[command.pk],
            inbound_ids=[event.pk],
            fingerprints=[fingerprint_of("t_held", "c")],
            text="Books holds it as 4711.",
            at=AT,
        )
        assert settled == 3
        left = Case.objects.exclude(state="resolved").get()
        assert left.fingerprint == fingerprint_of("t_held", "d")
        done = Case.objects.filter(state="resolved").first()
        assert done.resolution == "Books holds it as 4711."
        assert done.resolved_at == AT
        assert done.story.latest("pk").tone == "ok"

    def test_leaves_alone_what_is_resolved_already(self) -> None:
        report([a_finding()], at=AT)
        assert settle(fingerprints=[a_finding().fingerprint], text="One.", at=AT) == 1
        assert settle(fingerprints=[a_finding().fingerprint], text="Two.", at=AT) == 0
        assert Case.objects.get().resolution == "One."


@pytest.mark.django_db
class TestReportAll:
    def held(self) -> None:
        report([a_finding("a"), a_finding("b"), a_finding("a", kind="t_doubt")], at=AT)

    def test_settles_what_is_of_the_kind_and_not_found_again(self) -> None:
        self.held()
        found = [a_finding("b"), a_finding("c")]
        report_all(found, kind="t_held", whole=True, over="It came.", at=AT)
        gone = Case.objects.get(state="resolved")
        assert (gone.fingerprint, gone.resolution) == (fingerprint_of("t_held", "a"), "It came.")
        assert set(Case.objects.exclude(pk=gone.pk).values_list("fingerprint", flat=True)) == {
            fingerprint_of("t_held", "b"), fingerprint_of("t_held", "c"),
            fingerprint_of("t_doubt", "a"),
        }  # fmt: skip

    def test_settles_all_of_the_kind_when_nothing_is_found(self) -> None:
        self.held()
        report_all([], kind="t_held", whole=True, over="It came.", at=AT)
        assert Case.objects.exclude(state="resolved").get().kind == "t_doubt"

    def test_settles_nothing_by_a_list_that_is_not_whole(self) -> None:
        self.held()
        report_all([a_finding("c")], kind="t_held", whole=False, over="It came.", at=AT)
        assert Case.objects.exclude(state="resolved").count() == 4


@pytest.mark.django_db
class TestTally:
    def test_follows_every_way_in_which_cases_change(self) -> None:
        report(
            [a_finding("a"), a_finding("b", currency="EUR"), a_finding("c", at_stake=None)], at=AT
        )
        assert tallied() == {
            ("open", "USD"): (1, 10_000),
            ("open", "EUR"): (1, 10_000),
            ("open", ""): (1, 0),
        }
        report([a_finding("a", at_stake=2_500)], at=AT)
        Case.objects.filter(currency="EUR").update(state="retrying")
        assert tallied() == {
            ("open", "USD"): (1, 2_500),
            ("retrying", "EUR"): (1, 10_000),
            ("open", ""): (1, 0),
        }
        settle(fingerprints=[a_finding("c").fingerprint], text="Gone.", at=AT)
        CaseEntry.objects.all().delete()
        Case.objects.filter(currency="EUR").delete()
        assert tallied() == {("open", "USD"): (1, 2_500)}

    def test_folding_keeps_the_sums_and_drops_what_is_zero(self) -> None:
        for number in range(6):
            report([a_finding(f"CMD-{number}")], at=AT)
        settle(fingerprints=[a_finding("CMD-0").fingerprint], text="Gone.", at=AT)
        before = tallied()
        assert operations.fold(after=5)
        assert tallied() == before == {("open", "USD"): (5, 50_000)}
        assert Tally.objects.count() == 1

    def test_folds_only_when_many_rows_are_new(self) -> None:
        report([a_finding()], at=AT)
        assert not operations.fold()


@pytest.mark.django_db(transaction=True)
class TestTwoWriters:
    def test_meeting_the_same_faults_end_with_one_case_each(self) -> None:
        """In opposite orders, at once: neither a duplicate nor a deadlock."""
        names = [f"CMD-{number}" for number in range(40)]
        start, errors = threading.Barrier(2), []

        def write(order: list[str]) -> None:
            try:
                start.wait(10)
                for _ in range(5):
                    with transaction.atomic():
                        report([a_finding(name) for name in order], at=AT)
            except Exception as error:
                errors.append(error)
            finally:
                connection.close()

        writers = [threading.Thread(target=write, args=(order,)) for order in (names, names[::-1])]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(60)
        assert errors == []
        assert set(Case.objects.values_list("occurrences", flat=True)) == {10}
        assert Case.objects.count() == 40
        assert tallied() == {("open", "USD"): (40, 400_000)}


class TestFinding:
    def test_tells_faults_apart_by_identity_and_roots_by_cause(self, calls: Calls) -> None:
        one, other = a_finding("a"), a_finding("b")
        assert one.fingerprint != other.fingerprint
        assert one.cause_key == other.cause_key
        assert a_finding("a", cause_parts="else").cause_key != one.cause_key
