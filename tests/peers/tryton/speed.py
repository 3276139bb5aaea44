"""How much a real Tryton takes a second: ``python -m tests.peers.tryton.speed``."""

from __future__ import annotations

import sys
import time

from connectors.contract import Outcome
from connectors.systems.tryton.desk import Desk, invoice, journal
from tests.peers.tryton.peer import TrytonPeer

JOURNALS = 200
INVOICES = 60


def main() -> None:
    peer = TrytonPeer.start()
    try:
        for label, make, count, size, batches in (
            ("journals one by one", journal, JOURNALS, 1, True),
            ("100 drafts together, posted one by one (no password)", journal, JOURNALS, 100, False),
            ("100 together", journal, JOURNALS, 100, True),
            ("25 together", journal, JOURNALS, 25, True),
            ("invoices one by one", invoice, INVOICES, 1, True),
            ("20 drafts together, posted by tens", invoice, INVOICES, 20, True),
        ):
            peer.reset()
            desk = Desk(peer, batches=batches)
            desk.send_one(make(0))
            commands = [make(number) for number in range(1, count + 1)]
            began = time.monotonic()
            for start in range(0, count, size):
                receipts = desk.send(*commands[start : start + size])
                assert {receipt.outcome for receipt in receipts} == {Outcome.OK}
            took = time.monotonic() - began
            sys.stdout.write(f"{label}: {count / took:.1f} a second\n")
    finally:
        peer.stop()


if __name__ == "__main__":
    main()
