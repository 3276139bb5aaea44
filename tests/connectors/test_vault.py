"""Secrets at rest, and everywhere that a secret must not show."""

from __future__ import annotations

import io
import logging
import traceback
from datetime import timedelta

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.db import connection as database

from connectors import vault
from connectors.models import Connection, Secret
from connectors.operations import SecretRefused, reseal_secrets, set_secret
from connectors.queries import settings_of, valid_secrets
from revops.kernel import clock
from tests.factories import a_connection

CANARY = "whsec_canary-7Q2z-do-not-show-me"
# By the code that sealed under the outer key itself, with a key of zeros.
FIRST = (
    "0164569e719f955f34fc704791b43d79de93a6b11332e5a5f9927c7da1d68ae0fde8d57516725ce2"
    "a4c933bbf3e89f76bb47a7c7618405577ff6c85719afdb97"
)


@pytest.fixture
def billing(db: None) -> Connection:
    return a_connection("billing", "stripe")


class TestVault:
    def test_opens_what_it_sealed(self) -> None:
        assert vault.open_(vault.seal(CANARY, context="a"), context="a") == CANARY

    def test_seals_the_same_text_differently_each_time(self) -> None:
        assert vault.seal(CANARY, context="a") != vault.seal(CANARY, context="a")

    def test_does_not_open_in_another_context(self) -> None:
        with pytest.raises(vault.SecretUnreadable):
            vault.open_(vault.seal(CANARY, context="connection:1:x"), context="connection:2:x")

    @pytest.mark.parametrize("place", [0, 1, 9, 21, 53, 69, 81, -1])
    def test_does_not_open_when_any_part_was_changed(self, place: int) -> None:
        sealed = bytearray(vault.seal(CANARY, context="a"))
        sealed[place] ^= 1
        with pytest.raises(vault.SecretUnreadable):
            vault.open_(bytes(sealed), context="a")

    @pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" * 20, b"\x02", b"\x02" * 20])
    def test_refuses_what_was_never_sealed(self, sealed: bytes) -> None:
        with pytest.raises(vault.SecretUnreadable):
            vault.open_(sealed, context="a")

    def test_opens_under_an_older_key_and_seals_under_the_newest(self, settings) -> None:
        old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
        settings.REVOPS_ENCRYPTION_KEYS = [old]
        sealed = vault.seal(CANARY, context="a")
        settings.REVOPS_ENCRYPTION_KEYS = [new, old]
        assert vault.open_(sealed, context="a") == CANARY
        assert not vault.sealed_by_newest(sealed)
        assert vault.sealed_by_newest(vault.seal(CANARY, context="a"))

    def test_wraps_a_key_of_its_own_anew_and_leaves_the_secret_sealed(self, settings) -> None:
        old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
        settings.REVOPS_ENCRYPTION_KEYS = [old]
        sealed = vault.seal(CANARY, context="a")
        settings.REVOPS_ENCRYPTION_KEYS = [new, old]
        again = vault.reseal(sealed, context="a")
        assert vault.sealed_by_newest(again)
        assert again[69:] == sealed[69:]
        assert again[:69] != sealed[:69]
        settings.REVOPS_ENCRYPTION_KEYS = [new]
        assert vault.open_(again, context="a") == CANARY

    def test_cannot_put_one_secrets_key_on_another_ones_text(self) -> None:
        """Of two values of one context: who mixes them gets neither."""
        one, other = (vault.seal(text, context="a") for text in (CANARY, "another"))
        with pytest.raises(vault.SecretUnreadable):
            vault.open_(one[:69] + other[69:], context="a")

    def test_opens_what_was_sealed_before_there_were_envelopes(self, settings) -> None:
        settings.REVOPS_ENCRYPTION_KEYS = ["A" * 43 + "="]
        sealed = bytes.fromhex(FIRST)
        assert vault.open_(sealed, context="connection:1:x") == "sealed by the first version"
        assert not vault.sealed_by_newest(sealed)
        again = vault.reseal(sealed, context="connection:1:x")
        assert vault.sealed_by_newest(again)
        assert vault.open_(again, context="connection:1:x") == "sealed by the first version"
        with pytest.raises(vault.SecretUnreadable):
            vault.open_(sealed, context="connection:2:x")

    def test_says_so_when_no_key_is_left(self, settings) -> None:
        sealed = vault.seal(CANARY, context="connection:1:x")
        settings.REVOPS_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        with pytest.raises(vault.SecretUnreadable, match="No configured key"):
            vault.open_(sealed, context="connection:1:x")

    @pytest.mark.parametrize("keys", [[], ["short"], ["é" * 44], ["A" * 43 + "*"]])
    def test_refuses_to_work_without_proper_keys(self, settings, keys: list[str]) -> None:
        settings.REVOPS_ENCRYPTION_KEYS = keys
        with pytest.raises(ImproperlyConfigured) as refused:
            vault.seal(CANARY, context="a")
        assert not keys or keys[0] not in str(refused.value)


class TestSetSecret:
    def test_gives_the_connector_the_newest_value(self, billing: Connection) -> None:
        set_secret(billing, "webhook_secret", "whsec_one-one-one")
        set_secret(billing, "webhook_secret", "whsec_two-two-two")
        set_secret(billing, "api_key", "rk_test_abcdefgh")
        assert settings_of(billing).secrets == {
            "webhook_secret": "whsec_two-two-two",
            "api_key": "rk_test_abcdefgh",
        }

    def test_keeps_the_earlier_value_valid_for_the_overlap(self, billing: Connection) -> None:
        with time_machine.travel(clock.now(), tick=False) as moment:
            set_secret(billing, "webhook_secret", "whsec_one-one-one")
            moment.shift(60)
            set_secret(billing, "webhook_secret", "whsec_two-two-two", overlap=timedelta(hours=1))
            both = ["whsec_two-two-two", "whsec_one-one-one"]
            assert valid_secrets(billing, "webhook_secret") == both
            moment.shift(3601)
            assert valid_secrets(billing, "webhook_secret") == both[:1]

    def test_ends_the_earlier_value_at_once_without_overlap(self, billing: Connection) -> None:
        with time_machine.travel(clock.now(), tick=False):
            set_secret(billing, "webhook_secret", "whsec_one-one-one")
            set_secret(billing, "webhook_secret", "whsec_two-two-two")
            assert valid_secrets(billing, "webhook_secret") == ["whsec_two-two-two"]

    def test_does_not_lengthen_the_life_of_a_value_that_already_ends(
        self, billing: Connection
    ) -> None:
        with time_machine.travel(clock.now(), tick=False) as moment:
            set_secret(billing, "webhook_secret", "whsec_one-one-one")
            moment.shift(10)
            set_secret(billing, "webhook_secret", "whsec_two-two-two", overlap=timedelta(60))
            first = billing.secrets.earliest("pk").valid_to
            set_secret(billing, "webhook_secret", "whsec_three-three", overlap=timedelta(90))
            assert billing.secrets.earliest("pk").valid_to == first

    def test_drops_the_space_that_copying_adds(self, billing: Connection) -> None:
        set_secret(billing, "webhook_secret", "  whsec_one-one-one\n")
        assert valid_secrets(billing, "webhook_secret") == ["whsec_one-one-one"]

    def test_keeps_the_lines_of_a_private_key(self, billing: Connection) -> None:
        pem = "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"
        set_secret(billing, "api_key", pem)
        assert settings_of(billing).secrets["api_key"] == pem

    @pytest.mark.parametrize(
        ("name", "value", "why"),
        [
            ("webhook_secret", "   ", "is empty"),
            ("webhook_secret", "x" * 8193, "longer than"),
            ("webhook_secret", "a\x00b", "cannot be seen"),
            ("webhook_secret", "a\u200bb", "cannot be seen"),
            ("password", "x", "has no secret"),
        ],
    )
    def test_refuses_what_cannot_be_a_secret(
        self, billing: Connection, name: str, value: str, why: str
    ) -> None:
        with pytest.raises(SecretRefused, match=why):
            set_secret(billing, name, value)
        assert not Secret.objects.exists()

    def test_shows_no_ending_of_a_short_secret(self, billing: Connection) -> None:
        assert set_secret(billing, "webhook_secret", "abc12345").ending == ""
        assert set_secret(billing, "webhook_secret", CANARY).ending == "w-me"

    def test_does_not_open_after_the_row_was_copied_to_another_connection(
        self, billing: Connection
    ) -> None:
        stolen = set_secret(billing, "webhook_secret", CANARY)
        elsewhere = a_connection("elsewhere", "stripe")
        Secret.objects.create(
            connection=elsewhere,
            name=stolen.name,
            ciphertext=stolen.ciphertext,
            ending=stolen.ending,
            valid_from=stolen.valid_from,
        )
        with pytest.raises(vault.SecretUnreadable):
            valid_secrets(elsewhere, "webhook_secret")


class TestResealSecrets:
    def test_makes_the_older_key_unnecessary(self, billing: Connection, settings) -> None:
        old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
        settings.REVOPS_ENCRYPTION_KEYS = [old]
        set_secret(billing, "webhook_secret", CANARY)
        settings.REVOPS_ENCRYPTION_KEYS = [new, old]
        assert reseal_secrets() == 1
        assert reseal_secrets() == 0
        settings.REVOPS_ENCRYPTION_KEYS = [new]
        assert valid_secrets(billing, "webhook_secret") == [CANARY]


class TestASecretNeverShows:
    def test_in_what_python_prints_of_it(self, billing: Connection) -> None:
        secret = set_secret(billing, "webhook_secret", CANARY)
        seen = f"{secret} {secret!r} {settings_of(billing)!r} {settings_of(billing)} {vars(secret)}"
        assert CANARY not in seen

    def test_in_the_database(self, billing: Connection) -> None:
        set_secret(billing, "webhook_secret", CANARY)
        with database.cursor() as cursor:
            cursor.execute("SELECT row_to_json(s)::text, s::text FROM connectors_secret s")
            (row,) = cursor.fetchall()
        assert CANARY not in "".join(row)
        assert CANARY.encode().hex() not in "".join(row)

    def test_in_a_traceback_or_a_log_line(self, billing: Connection, settings) -> None:
        lines = io.StringIO()
        handler = logging.StreamHandler(lines)
        log = logging.getLogger("connectors.canary")
        log.addHandler(handler)
        secret = set_secret(billing, "webhook_secret", CANARY)
        settings.REVOPS_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        try:
            settings_of(billing)
        except vault.SecretUnreadable:
            log.exception("cannot open %r of %r", secret, billing)
            lines.write(traceback.format_exc())
        with pytest.raises(SecretRefused) as refused:
            set_secret(billing, "no_such_name", CANARY)
        lines.write(str(refused.value))
        log.removeHandler(handler)
        assert "SecretUnreadable" in lines.getvalue()
        assert CANARY not in lines.getvalue()
