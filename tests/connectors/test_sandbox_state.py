"""Every sandbox tells what it holds, at the same door."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

import httpx
import pytest

from connectors.http import Client
from connectors.sandboxes.totals import held
from connectors.testing import NoticeContract, SinkContract, SourceContract, UsageContract
from connectors.testing.common import Contract
from tests.connectors.parties import contracts_of, sandboxed


def busiest(slug: str) -> Contract:
    """Its contract test of commands; else that of events, or of usage."""
    found = list(contracts_of(slug))
    takes = [one for one in found if isinstance(one, SinkContract | NoticeContract)]
    return [*takes, *found][0]


async def something_happens(contract: Contract, client: Client, sandbox: httpx.AsyncClient) -> None:
    if isinstance(contract, SinkContract | NoticeContract):
        receipt = await contract.send_one(client, contract.command(1))
        assert receipt.external_id, receipt
    elif isinstance(contract, SourceContract):
        await contract.fill(sandbox)
    else:  # a product, which tells what its customers use
        answer = await sandbox.post("/_control/scenario/use", json={"events": 3})
        assert answer.status_code == 200, answer.text


def heard(contract: UsageContract) -> Any:
    """Its sandbox, with somebody to tell."""
    package = import_module(f"connectors.systems.{contract.settings.slug}.sandbox")
    app = package.for_connection(
        contract.settings, hook_url="http://console/hook", hook_secret="", state_path=""
    )
    everybody = httpx.MockTransport(lambda request: httpx.Response(202))
    app.state.product.client = httpx.AsyncClient(transport=everybody)
    return app


@pytest.mark.parametrize("slug", sandboxed())
def test_every_sandbox_tells_what_it_holds_until_it_is_reset(
    slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = busiest(slug)
    if isinstance(contract, UsageContract):
        monkeypatch.setattr(contract, "build", partial(heard, contract))

    async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
        async def state() -> Any:
            answer = await sandbox.get("/_control/state")
            assert answer.status_code == 200, answer.text
            told = answer.json()
            assert isinstance(told, dict)
            return told

        before = await state()
        await something_happens(contract, client, sandbox)
        after = await state()
        assert after != before
        assert (await sandbox.post("/_control/reset")).status_code == 200
        assert await state() != after

    contract.run(story)


def test_what_is_held_is_counted_and_named_by_kind() -> None:
    assert held({"b": {7: "x", 3: "y"}, "a": []}) == {
        "counts": {"a": 0, "b": 2},
        "ids": {"a": [], "b": [7, 3]},
    }
