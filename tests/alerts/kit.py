"""Rules, cases and times for the tests of alerts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from accounts.models import User
from revops.alerts.models import Alert, Rule
from revops.alerts.operations import rules, watching
from revops.alerts.operations.rules import Draft
from revops.kernel import clock
from tests.factories import a_case

MINUTE: Final = timedelta(minutes=1)
# Neither at the edge of a day nor of five minutes.
NOON: Final = datetime(2026, 11, 18, 12, 2, tzinfo=UTC)


def a_draft(owner: User, **values: Any) -> Draft:
    """More than USD 100 out of the books of any legal entity, told at once by e-mail."""
    given = {"name": "US money", "measure": "blocked_money", "threshold": 10_000, "currency": "USD"}
    return Draft(**{**given, "owner": owner, **values})


def a_rule(owner: User, **values: Any) -> Rule:
    return rules.make(by=owner, draft=a_draft(owner, **values))


def blocked(amount: int = 20_000, **values: Any) -> Any:
    """A case with money at stake in USD, of its own."""
    now = clock.now()
    given = {
        "currency": "USD", "at_stake": amount, "fingerprint": f"{amount}-{now.isoformat()}",
        "opened_at": now, "period_code": "2026-11",
    }  # fmt: skip
    return a_case(command=None, **{**given, **values})


def watch(*, minutes: int, every: int = 1, since: datetime = NOON) -> datetime:
    """The worker looks every so many minutes; the last of these instants."""
    at = since
    for passed in range(0, minutes + 1, every):
        at = since + passed * MINUTE
        watching.look(at=at)
    return at


def the_alert() -> Alert:
    return Alert.objects.get(ended_at=None)
