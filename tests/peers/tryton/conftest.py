from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.peers.tryton.peer import TrytonPeer


@pytest.fixture(scope="module")
def tryton_peer() -> Iterator[TrytonPeer]:
    peer = TrytonPeer.start()
    yield peer
    peer.stop()


@pytest.fixture
def erp(tryton_peer: TrytonPeer) -> TrytonPeer:
    """With empty books."""
    tryton_peer.reset()
    return tryton_peer
