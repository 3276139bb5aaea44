"""Every system with a sandbox is struck by some drill, and its sandbox takes the faults back."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from django.conf import LazySettings

from connectors import registry
from connectors.models import Connection
from revops.sandbox import company
from revops.sandbox.rehearsals import catalogue, systems
from revops.sandbox.rehearsals.catalogue import DRILLS
from revops.sandbox.rehearsals.systems import Strike, System
from tests.connectors.parties import contracts_of, sandboxed


def struck_by(slug: str) -> list[Strike]:
    """Of all drills, what such a system would be struck by."""
    system = System(0, slug, slug, registry.manifest(slug))
    return [strike for drill in DRILLS for strike in systems.strikes(drill, [system])]


async def switched(app: Any, strike: Strike) -> tuple[Any, Any]:
    """What the sandbox says is on while it is struck, and when it is mended."""
    wire = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=wire, base_url="http://sandbox") as door:
        answers = [
            await door.post("/_control/faults", json=dict(value))
            for value in (strike.faults, strike.mended)
        ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
    during, after = (answer.json() for answer in answers)
    return during, after


class TestStrikes:
    @pytest.mark.parametrize("slug", sandboxed())
    def test_each_sandbox_takes_its_faults_and_gives_them_back(self, slug: str) -> None:
        found = struck_by(slug)
        assert found, f"No drill strikes {slug}: give its manifest a switch that drills know."
        app = next(contracts_of(slug)).build()
        untouched, _ = asyncio.run(switched(app, Strike(found[0].system, {})))
        for strike in found:
            during, after = asyncio.run(switched(app, strike))
            assert during != untouched, strike.faults
            assert after == untouched, strike.faults

    def test_every_system_that_takes_commands_loses_answers(self) -> None:
        silent = [
            slug for slug in sandboxed()
            if (manifest := registry.manifest(slug)).accepts and manifest.role != "billing"
            and not any("response_lost" in strike.faults for strike in struck_by(slug))
        ]  # fmt: skip
        assert silent == []

    def test_every_system_can_be_away(self) -> None:
        roles = catalogue.BOOKS, catalogue.OTHERS
        present = [
            slug for slug in sandboxed()
            if System(0, slug, slug, registry.manifest(slug)).party in roles
            and not {"down", "maintenance"} & {
                name for strike in struck_by(slug) for name in strike.faults
            }
        ]  # fmt: skip
        assert present == []


class TestTakingPart:
    def test_whoever_is_no_sandbox_of_this_machine_does_not(
        self, db: None, settings: LazySettings
    ) -> None:
        settings.REVOPS_DEMO = True
        company.seed()
        assert company.SALESFORCE in {one.slug for one in systems.all_of(catalogue.OTHERS)}
        Connection.objects.filter(slug=company.SALESFORCE).update(base_url="https://crm.example")
        assert company.SALESFORCE not in {one.slug for one in systems.all_of()}
