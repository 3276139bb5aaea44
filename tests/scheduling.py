"""
Which worker runs which test file: the longest first, so that none is left over at the end, and
those of a folder that sets up much for itself on one worker, as long as there is other work.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from xdist.scheduler import LoadScopeScheduling

# Their fixtures live as long as a worker stays in the folder, and take their time to be made.
HOMES: Final = ("tests/browser/", "tests/access/")

# About how many seconds what takes longest takes; only the order depends on it.
SECONDS: Final = {
    "tests/browser/test_pages.py": 188,
    "tests/access/test_matrix.py": 168,
    "tests/journeys/test_close.py": 76,
    "tests/access/test_foreign.py": 72,
    "tests/embedded/test_servers.py": 72,
    "tests/company/test_invariants.py": 54,
    "tests/embedded/test_run.py": 52,
    "tests/security/test_i6_i7_in_browser.py": 45,
    "tests/pipeline/test_broker.py": 39,
    "tests/pipeline/test_crashes.py": 38,
    "tests/journeys/test_bad_week.py": 34,
    "tests/web/test_in_browser.py": 29,
    "tests/browser/test_acceptance.py": 29,
    "tests/pipeline/test_faults.py": 27,
    "tests/company/test_company.py": 27,
    "tests/pipeline/journals/test_orders.py": 26,
    "tests/access/test_outsiders.py": 25,
    "tests/journeys/test_everybody_struck.py": 24,
    "tests/pipeline/test_line.py": 24,
    "tests/security/test_i24_injection.py": 23,
    "tests/delivery/test_decide_machine.py": 19,
    "tests/canonical/test_orders.py": 16,
    "tests/architecture/test_code.py": 15,
    "tests/pipeline/test_correcting.py": 15,
    "tests/browser/test_effects.py": 15,
    "tests/browser/test_keyboard.py": 15,
    "tests/journeys/test_service_credit.py": 14,
    "tests/journeys/test_booked_late.py": 14,
    "tests/journeys/test_amendment.py": 14,
    "tests/browser/test_roles.py": 14,
    "tests/browser/test_tasks.py": 14,
    "tests/access/test_more_fields.py": 12,
    "tests/embedded/test_web.py": 12,
    "connectors/systems/stripe/test_contract.py": 11,
    "tests/browser/test_story.py": 11,
    "tests/browser/test_swaps.py": 11,
    "tests/connectors/test_over_sockets.py": 11,
    "tests/access/test_looking.py": 10,
    "tests/connections/test_switches.py": 10,
    "tests/journeys/test_every_system.py": 10,
    "tests/connections/test_setup.py": 10,
}
A_TEST: Final = 0.05


def home_of(file: str) -> str:
    """The folder that keeps its fixtures while a worker is in it, or nothing."""
    return next((home for home in HOMES if file.startswith(home)), "")


def seconds_of(file: str, tests: int) -> float:
    """How long a file takes, about."""
    return SECONDS.get(file, tests * A_TEST)


def choose(waiting: Iterable[str], at: str, taken: set[str]) -> str:
    """
    The next file of ``waiting``, which stand in the order of their length, for a worker whose last
    one was of the home ``at``; ``taken`` are the homes in which other workers are.
    """
    files = list(waiting)
    own = [file for file in files if at and home_of(file) == at]
    free = [file for file in files if home_of(file) not in taken - {at}]
    return (own or free or files)[0]


class LongestFirst(LoadScopeScheduling):
    """One unit is a file."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.split("::", 1)[0]

    def schedule(self) -> None:
        if self.collection is None:
            # The order of the queue is then ours.
            self.config.option.loadscopereorder = False
            self._places = {
                node: {nodeid: at for at, nodeid in enumerate(found)}
                for node, found in self.registered_collections.items()
            }
            self._at: dict[Any, str] = {}
        super().schedule()

    def _assign_work_unit(self, node: Any) -> None:
        waiting = sorted(
            self.workqueue, key=lambda file: -seconds_of(file, len(self.workqueue[file]))
        )
        taken = {home for other, home in self._at.items() if other is not node and home}
        file = choose(waiting, self._at.get(node, ""), taken)
        unit = self.workqueue.pop(file)
        self._at[node] = home_of(file)
        self.assigned_work.setdefault(node, {})[file] = unit
        places = self._places[node]
        node.send_runtest_some([places[nodeid] for nodeid, done in unit.items() if not done])

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        nodeid = self.registered_collections[node][item_index]
        mine, file = self.assigned_work[node], self._split_scope(nodeid)
        mine[file][nodeid] = True
        if all(mine[file].values()):
            del mine[file]  # else each test counts all that are over
        self._reschedule(node)
