"""Acts are recorded in the transaction that does them, and the database links them."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory

from accounts.acting import ActorMiddleware
from accounts.models import User
from accounts.queries import actor_of
from revops.audit.models import Event, Head
from revops.audit.operations import NotInTransaction, Object, canonical, record, record_each
from revops.kernel import correlation
from revops.kernel.actor import acting, as_actor, system

LINE = system("line", "The line")


def an_act(reference: str = "EXC-1", **more: Any) -> Event:
    seq = record("cases.retry", by=LINE, kind="case", reference=reference, **more)
    return Event.objects.get(seq=seq)


@pytest.mark.django_db
class TestRecording:
    def test_says_who_did_what_to_what_and_why(self, ana: User) -> None:
        with (
            correlation.bound("co-1234567890"),
            as_actor(None, request_id="rq-1", ip="192.0.2.7", session="abc"),
        ):
            seq = record(
                "periods.close", by=actor_of(ana), kind="period", reference="US 2026-10",
                label="October", entity="US", before={"status": "open"},
                after={"status": "closed"}, reason="Month end",
            )  # fmt: skip
        act = Event.objects.get(seq=seq)
        assert (act.actor, act.roles, act.action) == (f"user:{ana.pk}", "finance", "periods.close")
        assert (act.kind, act.reference, act.entity) == ("period", "US 2026-10", "US")
        assert (act.correlation_id, act.request_id) == ("co-1234567890", "rq-1")
        assert json.loads(act.detail or "") == {
            "name": ana.name, "label": "October", "reason": "Month end", "ip": "192.0.2.7",
            "session": "abc", "before": {"status": "open"}, "after": {"status": "closed"},
        }  # fmt: skip

    def test_links_each_act_to_the_one_before(self) -> None:
        first, second = an_act("EXC-1"), an_act("EXC-2")
        assert second.seq == first.seq + 1
        assert bytes(second.prev) == bytes(first.hash)
        head = Head.objects.get()
        assert (head.seq, bytes(head.hash)) == (second.seq, bytes(second.hash))

    def test_seals_the_detail_under_a_salt_of_its_own(self) -> None:
        one, same = an_act(label="Zoë “A” \\ \n\t\x7f\u2028"), an_act(label="Zoë")
        for act in (one, same):
            made = hmac.new(bytes(act.salt or b""), (act.detail or "").encode(), hashlib.sha256)
            assert made.digest() == bytes(act.detail_mac)
        assert bytes(one.salt or b"") != bytes(same.salt or b"")

    def test_of_many_objects_makes_an_act_for_each(self) -> None:
        seqs = record_each(
            "cases.retry", by=LINE, kind="case", held=[Object(f"EXC-{n}") for n in range(50)]
        )
        assert seqs == list(range(seqs[0], seqs[0] + 50))
        found = Event.objects.filter(seq__in=seqs).order_by("seq")
        assert [act.reference for act in found] == [f"EXC-{n}" for n in range(50)]

    def test_takes_any_text_that_people_type(self) -> None:
        act = an_act(reason="a\x00b \ud800 \U0001f4b6", label="'; DROP TABLE audit_event; --")
        assert json.loads(act.detail or "")["label"].startswith("'; DROP")

    def test_gives_one_text_for_equal_values(self) -> None:
        assert canonical({"b": 1, "a": {"z": None, "y": [2]}}) == canonical(
            {"a": {"z": None, "y": [2]}, "b": 1, "c": ""}
        )


@pytest.mark.django_db(transaction=True)
class TestTransactions:
    def test_are_asked_for(self) -> None:
        with pytest.raises(NotInTransaction):
            an_act()

    def test_that_fail_leave_no_act(self) -> None:
        def fail() -> None:
            with transaction.atomic():
                an_act()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert not Event.objects.exists()
        with transaction.atomic():
            assert an_act().seq == 1


@pytest.mark.django_db
class TestTheDatabase:
    """I34, I35: as its owner, and even as a replica, with all guards awake."""

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit_event SET actor = 'user:1'",
            "UPDATE audit_event SET detail = NULL, salt = NULL, erased_by = seq + 1",
            "DELETE FROM audit_event",
            "TRUNCATE audit_event",
            "UPDATE audit_head SET seq = 0",
            "DELETE FROM audit_head",
            "TRUNCATE audit_head",
        ],
    )
    @pytest.mark.parametrize("role", ["origin", "replica"])
    def test_refuses_to_change_the_trail(self, statement: str, role: str) -> None:
        an_act()
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL session_replication_role = {role}")
            with pytest.raises(DatabaseError, match="audit trail"), transaction.atomic():
                cursor.execute(statement)
        assert Event.objects.count() == 1

    def test_overwrites_what_an_insert_claims(self) -> None:
        before = an_act()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO audit_event (seq, ts, actor, roles, on_behalf, action, kind,"
                " reference, entity, correlation_id, request_id, detail, salt, detail_mac, prev,"
                " hash)"
                " VALUES (99, '2001-01-01', 'user:1', '', '', 'a', 'b', 'c', '', '', '', '{}',"
                " 'salt', 'mac', 'prev', 'hash') RETURNING seq"
            )
            assert cursor.fetchone() == (before.seq + 1,)
        act = Event.objects.get(seq=before.seq + 1)
        assert act.ts.year > 2001
        assert bytes(act.prev) == bytes(before.hash)
        assert len(bytes(act.hash)) == len(bytes(act.salt or b"")) == 32

    def test_lets_an_application_role_read_and_add_and_no_more(self) -> None:
        an_act()
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE drill_app NOLOGIN")
            cursor.execute("SELECT audit_grant_to('drill_app', false)")
            cursor.execute("SET LOCAL ROLE drill_app")
            an_act()
            assert Event.objects.count() == 2
            for statement in (
                "UPDATE audit_event SET actor = 'x'",
                "DELETE FROM audit_event",
                "TRUNCATE audit_event",
                "UPDATE audit_head SET seq = 7",
                "ALTER TABLE audit_event DISABLE TRIGGER USER",
                "SELECT audit_erase(ARRAY[1::bigint], 2)",
            ):
                with (
                    pytest.raises(DatabaseError, match="permission denied|must be owner"),
                    transaction.atomic(),
                ):
                    cursor.execute(statement)
            cursor.execute("RESET ROLE")


@pytest.mark.django_db
class TestActing:
    def test_is_blank_outside_of_a_request(self) -> None:
        assert acting().actor is None

    def test_as_somebody_ends_with_the_block(self) -> None:
        with as_actor(LINE, ip="192.0.2.1"):
            assert acting().actor == LINE
        assert acting().ip == ""

    def test_knows_the_signed_in_person_within_a_request(self, ana: User) -> None:
        request = RequestFactory().get("/")
        request.user, request.session = ana, SessionStore("the-key-of-a-session")
        seen = []
        ActorMiddleware(lambda _: seen.append(acting()) or HttpResponse())(request)
        assert seen[0].actor == actor_of(ana)
        assert seen[0].request_id.startswith("rq-")
        assert (seen[0].ip, len(seen[0].session)) == ("127.0.0.1", 12)
