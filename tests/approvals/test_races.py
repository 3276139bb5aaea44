"""H2 and the raw database: real threads on real PostgreSQL, and SQL as the console's own roles."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, ProgrammingError, close_old_connections, connection
from django.test import Client

from accounts.models import User
from approvals.models import Decision, State
from revops.audit.models import Event
from revops.store import rows
from tests.approvals.kit import Gift, a_policy, a_request
from tests.cast import person

AT_ONCE = 50
INSERT = (
    "INSERT INTO approvals_decision (request_id, step, version, verdict, decided_by_id, sha256, "
    "reason, decided_at) VALUES (%s, 1, 1, 'approve', %s, %s, '', now())"
)


@pytest.mark.django_db(transaction=True)
class TestH2TwoAtOnce:
    def test_h2_fifty_posts_at_once_make_one_decision_and_one_consequence(self, gift: Gift) -> None:
        a_policy()
        request = a_request(person("sue"))
        deciders = [person("ana"), person("mona")]
        clients = []
        for number in range(AT_ONCE):
            client = Client()
            client.force_login(deciders[number % 2])
            clients.append(client)
        gate = threading.Barrier(10)

        def press(number: int) -> int:
            try:
                if number < 10:
                    gate.wait(timeout=30)
                return int(
                    clients[number]
                    .post(
                        f"/approvals/APR-{request.pk}/decide",
                        {"verdict": "approve", "seen": request.sha256},
                    )
                    .status_code
                )
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=10) as pool:
            answers = Counter(pool.map(press, range(AT_ONCE)))
        close_old_connections()
        assert answers == {302: 1, 409: AT_ONCE - 1}
        assert Decision.objects.count() == 1
        assert gift.applied == [request.pk]
        assert Event.objects.filter(action="approval.approve").count() == 1
        request.refresh_from_db()
        assert request.state == State.APPROVED


@pytest.mark.django_db
class TestRawSql:
    """As the roles that the console itself signs in as, not as the owner of the tables."""

    @pytest.mark.parametrize("entities", [None, ["NW-US"]])
    def test_h1_as_the_consoles_role_approves_nothing_of_ones_own(
        self, policy: object, ana: User, entities: list[str] | None
    ) -> None:
        request = a_request(ana)
        for statement, values in (
            (INSERT, (request.pk, ana.pk, request.sha256)),
            ("UPDATE approvals_approvalrequest SET state = 'approved', ended_at = now() "
             "WHERE id = %s", (request.pk,)),
            ("DELETE FROM approvals_maker WHERE request_id = %s", (request.pk,)),
            ("UPDATE approvals_maker SET user_id = 1 WHERE request_id = %s", (request.pk,)),
            ("DELETE FROM approvals_approvalrequest WHERE id = %s", (request.pk,)),
            ("ALTER TABLE approvals_decision DISABLE TRIGGER ALL", ()),
            ("SET session_replication_role = replica", ()),
        ):  # fmt: skip
            from django.db import transaction

            with (
                pytest.raises((IntegrityError, ProgrammingError)),
                transaction.atomic(),
                rows.within(entities),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement, values)
        request.refresh_from_db()
        assert request.state == State.WAITING

    def test_h7_as_the_role_of_another_entity_sees_nothing(self, policy: object, sue: User) -> None:
        a_request(sue)
        with rows.within(["NW-UK"]), connection.cursor() as cursor:
            for table in ("approvalrequest", "step", "maker", "edition"):
                cursor.execute(f"SELECT count(*) FROM approvals_{table}")
                assert cursor.fetchone() == (0,), table

    def test_h4_what_another_entity_asked_still_counts(self, policy: object, sue: User) -> None:
        from approvals.queries.money import value
        from revops.kernel import clock
        from revops.kernel.money import Money
        from tests.factories import a_legal_entity, a_party

        a_legal_entity("NW-UK", functional_currency="USD")
        party = a_party()
        a_request(sue, 99_900, customer=party.pk)
        with rows.within(["NW-UK"]):
            found = value(
                subject="gift", entity="NW-UK", amount=Money(100, "USD"), customer=party.pk,
                at=clock.now(),
            )  # fmt: skip
        assert found.others == 99_900
