"""Tokens of services: made once, shown once, and gone when they should be."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from accounts.models import ServiceToken, User
from accounts.operations import TokenRefused, create_token, revoke_token, use_token
from revops.kernel import clock


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
            lambda text: "rct_0000000000_" + text.rpartition("_")[2],
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
        assert text.rpartition("_")[2] not in listed

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
