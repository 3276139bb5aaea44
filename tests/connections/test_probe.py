from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest
from django.core.cache import cache

from accounts.models import User
from connectors import registry
from connectors.contract import CallFailed, Outcome, ProbeStep
from connectors.models import Secret
from connectors.operations import set_secret
from revops.console.connections import probe
from revops.console.connections.operations import ActRefused
from tests.conftest import SignIn
from tests.connections.kit import an_erp, text_of
from tests.pipeline.rehearsal import Rehearsal

URL = "/connections/tryton/test/"


class Connector:
    """Stands in for a connector: its test does what it is told."""

    def __init__(self, manifest: Any, act: Any) -> None:
        self.manifest = manifest
        self._act = act

    async def probe(self, client: Any, settings: Any) -> Sequence[ProbeStep]:
        found: Sequence[ProbeStep] = await self._act(client)
        return found


@pytest.fixture
def tested(db: None, rob: User, monkeypatch: pytest.MonkeyPatch) -> Any:
    """``tested(act)``: run the test of an ERP whose connector does ``act``."""
    erp = an_erp()
    real = registry.get("tryton")

    def run(act: Any) -> probe.Tested:
        monkeypatch.setattr(registry, "get", lambda slug: Connector(real.manifest, act))
        return probe.run(slug=erp.slug, by=rob)

    return run


class TestProbe:
    def test_shows_each_step_in_words(self, sandbox: Rehearsal, sign_in: SignIn, rob: User) -> None:
        page = sign_in(rob).post(URL)
        words = text_of(page)
        assert page.status_code == 200
        assert page.context["tested"].passed
        assert "The address answers" in words
        assert "There are open periods" in words
        assert "Only reading: nothing was changed in Tryton" in words

    def test_only_reads(self, sandbox: Rehearsal, sign_in: SignIn, rob: User) -> None:
        before = sandbox.control("", method="GET")
        sign_in(rob).post(URL)
        assert sandbox.control("", method="GET") == before

    def test_stops_where_it_fails(self, sandbox: Rehearsal, sign_in: SignIn, rob: User) -> None:
        sandbox.fault(unauthorized=True)
        page = sign_in(rob).post(URL, headers={"HX-Request": "true", "HX-Target": "connection"})
        tested = page.context["tested"]
        assert not tested.passed
        assert [step.passed for step in tested.steps][-1] is False
        assert 'id="tested"' in page.content.decode()

    def test_tests_a_source_too(self, sandbox: Rehearsal, sign_in: SignIn, rob: User) -> None:
        page = sign_in(rob).post("/connections/stripe/test/")
        assert page.context["tested"].passed
        assert "Sign in and read the balance" in text_of(page)


class TestTrouble:
    def test_takes_no_longer_than_the_limit(
        self, tested: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(probe, "LONGEST_S", 0.2)

        async def sleep(client: Any) -> Sequence[ProbeStep]:
            await asyncio.sleep(30)
            return []

        started = time.monotonic()
        (step,) = tested(sleep).steps
        assert time.monotonic() - started < 5
        assert (step.passed, step.label) == (False, "The system answers in time")

    def test_of_the_system_is_a_failed_step(self, tested: Any) -> None:
        async def fail(client: Any) -> Sequence[ProbeStep]:
            raise CallFailed(Outcome.TRANSIENT, "Nobody is at home.")

        (step,) = tested(fail).steps
        assert (step.passed, step.detail) == (False, "Nobody is at home.")

    def test_of_the_address_is_a_failed_step(self, tested: Any) -> None:
        async def call(client: Any) -> Sequence[ProbeStep]:
            await client.call("GET", "/")
            return []

        (step,) = tested(call).steps
        assert not step.passed

    def test_of_the_connector_is_a_failed_step(self, tested: Any) -> None:
        async def crash(client: Any) -> Sequence[ProbeStep]:
            raise ZeroDivisionError

        (step,) = tested(crash).steps
        assert step.detail == "The connector failed while it was testing."

    def test_that_found_nothing_has_not_passed(self, tested: Any) -> None:
        async def nothing(client: Any) -> Sequence[ProbeStep]:
            return []

        assert not tested(nothing).passed

    @pytest.mark.django_db
    def test_of_the_credentials_is_a_failed_step(self, rob: User) -> None:
        erp = an_erp()
        set_secret(erp, "api_key", "sealed-by-a-key-that-is-gone")
        Secret.objects.update(ciphertext=b"\x01" + b"x" * 60)
        (step,) = probe.run(slug="erp", by=rob).steps
        assert (step.passed, step.label) == (False, "The credentials open")

    @pytest.mark.django_db
    def test_of_another_person_is_waited_for(self, sign_in: SignIn, rob: User) -> None:
        erp = an_erp()
        cache.set(f"connections:test:{erp.pk}", 99)
        page = sign_in(rob).post("/connections/erp/test/")
        assert page.status_code == 409
        assert "A test of ERP is under way" in text_of(page)

    def test_leaves_the_next_one_free(self, tested: Any) -> None:
        async def crash(client: Any) -> Sequence[ProbeStep]:
            raise ActRefused("no")

        tested(crash)
        assert len(tested(crash).steps) == 1
