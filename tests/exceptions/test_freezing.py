"""What is frozen by one statement is what is frozen case by case, and fast enough to wait for."""

from __future__ import annotations

import time
from typing import Any

import pytest

from accounts.models import User
from exceptions import bulk
from exceptions.models import Case
from exceptions.queries.closes import RESOLVE
from revops.jobs import kinds
from revops.jobs import operations as jobs
from revops.jobs.models import JobItem
from revops.kernel import clock
from revops.kernel.money import Money
from revops.store import sql
from tests import factories as make
from tests.exceptions.test_handling import reported

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("calls")]
_MANY = 20_000

_COPIES = """
INSERT INTO exceptions_case (kind, fingerprint, cause_key, cause, what_happened, state, period_code,
    currency, at_stake, path, customer_name, subject_label, blocked_steps, facts, owner_team,
    occurrences, record_kind, connection_slug, correlation_id, opened_at, latest_at, due_at,
    resolution)
SELECT kind, md5(fingerprint || n), cause_key, cause, what_happened, state, period_code, currency,
    at_stake, path, customer_name, subject_label, blocked_steps, facts, owner_team, occurrences,
    record_kind, connection_slug, correlation_id, opened_at, latest_at, due_at, resolution
FROM exceptions_case, generate_series(1, %s) AS n WHERE id = %s
"""


def _money(item: JobItem) -> Money | None:
    return None if item.amount is None else Money(item.amount, item.currency)


@pytest.mark.parametrize("slug", [bulk.ASSIGN, bulk.SNOOZE, RESOLVE])
def test_says_the_same_as_case_by_case(slug: str, ana: User) -> None:
    entity = make.a_legal_entity()
    some: list[dict[str, Any]] = [
        {"legal_entity_id": entity.pk}, {"at_stake": None}, {"currency": "", "at_stake": None}, {},
    ]  # fmt: skip
    for at, values in enumerate(some):
        reported(f"case-{at}", **values)
    settled = Case.objects.latest("pk")
    Case.objects.filter(pk=settled.pk).update(state="resolved", resolved_at=clock.now())
    ids = list(Case.objects.values_list("pk", flat=True))
    job = jobs.draft(kind=slug, ids=ids, by=ana)
    frozen = kinds.get(slug).freeze(ids, {})
    assert [
        (one.id, one.reference, one.label, one.entity, one.period, one.amount, one.excluded)
        for one in frozen
    ] == [
        (
            item.subject_id, item.reference, item.label, item.entity, item.period_code,
            _money(item), item.outcome if item.state == "excluded" else "",
        )
        for item in job.items.order_by("position")
    ]  # fmt: skip
    assert job.entities == ["", entity.code]


@pytest.mark.parametrize("slug", [bulk.ASSIGN, bulk.RETRY])
def test_reads_nothing_case_by_case(slug: str, ana: User) -> None:
    """Of twenty thousand, Python does next to nothing: what is spent here is not the machine's."""
    case = reported("one", kind="period_closed")
    sql.run(_COPIES, (_MANY, case.pk))
    ids = list(Case.objects.values_list("pk", flat=True))
    began = time.process_time()
    job = jobs.draft(kind=slug, ids=ids, by=ana)
    assert time.process_time() - began < 0.3
    assert job.items.count() == _MANY + 1


def test_a_retry_asks_once_for_cases_of_one_shape(ana: User) -> None:
    command, event = make.a_command(), make.an_event()
    some: list[dict[str, Any]] = [
        {"command_id": command.pk}, {"inbound_id": event.pk}, {},
        {"command_id": command.pk, "state": "in_doubt"},
    ]  # fmt: skip
    for at, values in enumerate(some):
        reported(f"case-{at}", kind="period_closed", **values)
    ids = list(Case.objects.values_list("pk", flat=True))
    job = jobs.draft(kind=bulk.RETRY, ids=ids, by=ana)
    frozen = kinds.get(bulk.RETRY).freeze(ids, {})
    items = list(job.items.order_by("position"))
    assert [(one.id, one.excluded) for one in frozen] == [
        (one.subject_id, one.outcome if one.state == "excluded" else "") for one in items
    ]
    assert [one.state for one in items] == ["pending", "pending", "excluded", "excluded"]
