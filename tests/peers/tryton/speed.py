"""How many journals a real Tryton takes a second: ``python -m tests.peers.tryton.speed``."""

from __future__ import annotations

import sys
import time

from connectors.contract import Outcome
from connectors.systems.tryton.desk import Desk, journal
from tests.peers.tryton.peer import TrytonPeer

COUNT = 200


def main() -> None:
    peer = TrytonPeer.start()
    try:
        for label, size, batches in (
            ("one by one", 1, True),
            ("100 drafts together, posted one by one (no password)", 100, False),
            ("100 together", 100, True),
            ("25 together", 25, True),
        ):
            peer.reset()
            desk = Desk(peer, batches=batches)
            desk.send_one(journal(0))
            commands = [journal(number) for number in range(1, COUNT + 1)]
            began = time.monotonic()
            for start in range(0, COUNT, size):
                receipts = desk.send(*commands[start : start + size])
                assert {receipt.outcome for receipt in receipts} == {Outcome.OK}
            took = time.monotonic() - began
            sys.stdout.write(f"{label}: {COUNT / took:.1f} journals/s\n")
    finally:
        peer.stop()


if __name__ == "__main__":
    main()
