"""Tokens of services: made once, shown once, and gone when they should be."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.answering import shrunk, sight_for
from accounts.models import Assignment, ServiceToken, User
from accounts.operations import TokenRefused, create_token, revoke_token, use_token
from revops.kernel import clock
from revops.kernel.privacy import TAX
from revops.kernel.sight import SYSTEM


def run(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("token", *arguments, stdout=out, stderr=err)
    return out.getvalue().strip(), err.getvalue().strip()


@pytest.mark.django_db
class TestUseToken:
    def test_knows_a_token_by_its_text(self) -> None:
        made, text = create_token(name="warehouse", scopes=["read:cases"])
        assert use_token(text) == made

    def test_keeps_nothing_that_it_could_be_made_from(self) -> None:
        made, text = create_token(name="warehouse", scopes=["read:cases"])
        secret = text.split("_", 2)[2]
        assert len(secret) >= 43
        assert secret not in str(vars(made))

    @pytest.mark.parametrize(
        "change",
        [
            lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
            lambda text: text[:-1],
            lambda text: text + "A",
            lambda text: text.upper(),
            lambda text: "rct_0000000000_" + text.split("_", 2)[2],
            lambda text: "",
            lambda text: "é" * 58,
        ],
    )
    def test_does_not_know_another_text(self, change: Any) -> None:
        _, text = create_token(name="warehouse", scopes=["read:cases"])
        assert use_token(change(text)) is None

    def test_refuses_an_expired_one(self) -> None:
        _, text = create_token(name="warehouse", scopes=["read:cases"], days=1)
        with time_machine.travel(clock.now() + timedelta(days=1, seconds=1)):
            assert use_token(text) is None

    def test_refuses_a_revoked_one_at_once(self) -> None:
        made, text = create_token(name="warehouse", scopes=["read:cases"])
        revoke_token(made.prefix)
        assert use_token(text) is None

    def test_refuses_one_whose_owner_has_left(self, ana: User) -> None:
        _, text = create_token(name="warehouse", scopes=["read:cases"], owner=ana)
        User.objects.filter(pk=ana.pk).update(is_active=False)
        assert use_token(text) is None

    def test_notes_its_use_once_a_minute(self) -> None:
        made, text = create_token(name="warehouse", scopes=["read:cases"])
        with time_machine.travel(clock.now(), tick=False) as moment:
            first = clock.now()
            for _ in range(3):
                use_token(text)
                moment.shift(20)
            made.refresh_from_db()
            assert made.used_at == first
            use_token(text)
            made.refresh_from_db()
            assert made.used_at == clock.now()


@pytest.mark.django_db
class TestTokenCommand:
    def test_prints_the_token_alone_so_that_it_can_be_piped(self) -> None:
        text, told = run("create", "--name", "warehouse", "--scope", "read:cases")
        assert use_token(text) == ServiceToken.objects.get()
        assert "not shown again" in told
        assert text not in told

    def test_lives_ninety_days_unless_told_otherwise(self) -> None:
        run("create", "--name", "a", "--scope", "read:cases")
        run("create", "--name", "b", "--scope", "read:cases", "--days", "7")
        lives = [
            round((token.expires_at - token.created_at).total_seconds() / 86400)
            for token in ServiceToken.objects.order_by("pk")
        ]
        assert lives == [90, 7]

    def test_names_who_answers_for_it(self, ana: User) -> None:
        run("create", "--name", "a", "--scope", "read:cases", "--owner", ana.email)
        assert ServiceToken.objects.get().owner == ana
        assert ana.email in run("list")[0]

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            (["--name", "a"], "at least one scope"),
            (["--name", "a", "--scope", "write:everything"], "Unknown scope: write:everything"),
            (["--name", " ", "--scope", "read:cases"], "needs a name"),
            (["--name", "a", "--scope", "read:cases", "--days", "0"], "1 to 366"),
            (["--name", "a", "--scope", "read:cases", "--owner", "no@body.example"], "nobody"),
        ],
    )
    def test_says_why_it_makes_none(self, arguments: list[str], why: str) -> None:
        with pytest.raises(CommandError, match=why):
            run("create", *arguments)
        assert not ServiceToken.objects.exists()

    def test_lists_tokens_without_their_secret(self) -> None:
        text, _ = run("create", "--name", "warehouse", "--scope", "read:cases")
        listed, _ = run("list")
        assert "warehouse" in listed
        assert "never used" in listed
        assert text.split("_", 2)[2] not in listed

    def test_revokes_by_the_prefix_that_the_list_shows(self) -> None:
        text, _ = run("create", "--name", "warehouse", "--scope", "read:cases")
        run("revoke", run("list")[0].split()[0])
        assert use_token(text) is None
        assert "revoked" in run("list")[0]

    def test_says_when_there_is_no_such_token(self) -> None:
        with pytest.raises(CommandError, match="no token"):
            run("revoke", "0000000000")


@pytest.mark.django_db
class TestCreateToken:
    def test_refuses_an_owner_who_has_left(self, ana: User) -> None:
        ana.is_active = False
        with pytest.raises(TokenRefused, match="deactivated"):
            create_token(name="a", scopes=["read:cases"], owner=ana)


@pytest.mark.django_db
class TestWhoAnswersForIt:
    def ask(self, text: str, path: str) -> Any:
        return Client().get(path, headers={"Authorization": f"Bearer {text}"})

    @pytest.mark.parametrize(
        ("scope", "why"),
        [("read:journals", "may not do this themselves"), ("read:cases", "may not do this"),
         ("read:lookups", "may not do this"), ("read:lineage", "neither sums of money nor names")],
    )  # fmt: skip
    def test_an_administrator_hands_on_no_amounts(self, adam: User, scope: str, why: str) -> None:
        with pytest.raises(TokenRefused, match=why):
            create_token(name="a", scopes=[scope], owner=adam)
        create_token(name="a", scopes=["events:write"], owner=adam)

    def test_sees_as_many_legal_entities_as_they_do(self, otis: User) -> None:
        Assignment.objects.create(user=otis, role="finance", legal_entity="US-INC")
        with pytest.raises(TokenRefused, match="sees only US-INC"):
            create_token(name="a", scopes=["read:cases"], owner=otis)
        with pytest.raises(TokenRefused, match="does not see DE-GMBH"):
            create_token(name="a", scopes=["read:cases", "entity:DE-GMBH"], owner=otis)
        _, text = create_token(name="a", scopes=["read:cases", "entity:US-INC"], owner=otis)
        assert self.ask(text, "/api/v1/cases/").status_code == 200

    def test_is_refused_from_the_call_on_that_comes_after_their_role(self, otis: User) -> None:
        held = Assignment.objects.create(user=otis, role="finance")
        made, text = create_token(name="a", scopes=["read:journals", "read:cases"], owner=otis)
        assert self.ask(text, "/api/v1/journals/").status_code == 200
        Assignment.objects.filter(pk=held.pk).update(role="admin")
        answer = self.ask(text, "/api/v1/journals/")
        assert answer.status_code == 403
        assert "may not use read:journals themselves" in answer.json()["detail"]
        assert shrunk(ServiceToken.objects.get(pk=made.pk)) == ["read:cases", "read:journals"]
        Assignment.objects.filter(pk=held.pk).update(role="revops", legal_entity="US-INC")
        assert self.ask(text, "/api/v1/cases/").status_code == 403

    def test_is_masked_as_they_are_shown_it(self, sue: User, ana: User) -> None:
        assert not sight_for(sue, "read:lookups").shows(TAX)
        assert sight_for(ana, "read:lookups") == sight_for(None, "read:lookups") == SYSTEM
