"""
I22, at every address that takes a form: whoever may use it sends, beside what the form asks for, a
value for every column of every table of ours. Names of what only the product sets are not even
looked at, and what no form asks for reaches no statement.
"""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.http import urlencode

from tests.access.asking import FORM, address_of, signed_in, typed
from tests.access.calling import ask, bearer
from tests.access.expected import PERSONS, ROLES, SERVICES, Row
from tests.access.test_matrix import ADDRESSES, PAGES
from tests.access.world import World
from tests.architecture import house
from tests.security.test_input import OURS

# What somebody chooses who may: a filter or a choice of the page, by the address that reads it.
CHOSEN: Final = {
    "/exceptions/exceptions.csv": {"status"}, "/credits/credits.csv": {"state"},
    "/events/events.csv": {"state"}, "/events/replay/draft": {"state"},
    "/bulk/BLK-<int:number>/start": {"state"}, "/exceptions/take": {"status"},
    "/exceptions/views/save": {"status"}, "/reconciliation/runs.csv": {"status"},
    "/mappings/<slug:kind>/rows": {"pk"},
}  # fmt: skip
# It goes through all names, to find those that begin with ``seen-``.
WALKS: Final = {"/approvals/together/decide"}
MARK: Final = "zq-i22"
NUMBER: Final = "98765432"
LETS_IN: Final = {200, 302, 303, 409, 422}


def columns() -> dict[str, str]:
    """Every name of a field, and of its column, with a value that it could take."""
    found = {}
    for model in apps.get_models():
        if model.__module__.split(".")[0] not in house.PACKAGES:
            continue
        for field in model._meta.concrete_fields:
            numeric = isinstance(field, models.IntegerField | models.ForeignKey | models.AutoField)
            for name in (field.name, field.attname):
                found[name] = NUMBER if numeric else f"{MARK}-{name}"
    return found | {"roles": MARK, "user__role": MARK, "assignments-0-role": MARK, "pk": NUMBER}


EXTRA: Final = columns()


def forms() -> list[tuple[Row, str]]:
    """Each address that takes a form, with a role that it lets in."""
    made = {}
    for row in PERSONS:
        if row.method != "POST" or row.whose == "other":
            continue
        for role, status in zip(ROLES, row.answers, strict=True):
            if status in LETS_IN:
                made.setdefault(row.address, (row, role))
    return list(made.values())


FORMS: Final = forms()


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names that views and forms look for in what was sent."""
    seen: set[str] = set()
    for way in ("__getitem__", "__contains__", "get", "getlist"):
        real = getattr(QueryDict, way)

        def noted(self: QueryDict, key: Any, *rest: Any, _real: Any = real, **more: Any) -> Any:
            # While it is read from the request it is mutable, and asks itself for every name.
            if isinstance(key, str) and not self._mutable:
                seen.add(key)
            return _real(self, key, *rest, **more)

        monkeypatch.setattr(QueryDict, way, noted)
    return seen


def said(queries: CaptureQueriesContext) -> str:
    return "\n".join(str(one["sql"]) for one in queries.captured_queries)


@pytest.mark.parametrize(("row", "role"), FORMS, ids=lambda one: str(one))
def test_i22_a_form_looks_at_no_more_than_it_asks_for(
    row: Row, role: str, world: World, looked_at: set[str], settings: Any
) -> None:
    settings.REVOPS_DEMO = True
    one, side = PAGES[row.address], world.ours
    client = signed_in((world.of_all if row.whose == "all" else world.of_ours)[role])
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        form = urlencode(EXTRA | typed(one.route, side), doseq=True)
        answer = client.post(address_of(one, side), form, FORM)
        transaction.set_rollback(True)
    assert answer.status_code < 500
    if row.address in WALKS:
        looked_at.clear()
    ours = {name for name in looked_at if OURS.match(name)}
    assert ours == CHOSEN.get(row.address, set())
    unasked = [name for name in EXTRA if name not in looked_at]
    reached = said(queries)
    assert [name for name in unasked if f"{MARK}-{name}'" in reached] == []


def test_i22_there_are_forms_and_columns() -> None:
    assert len(FORMS) > 40
    assert len(EXTRA) > 400
    assert {"approved_by_id", "state", "is_active", "tier", "decided_by"} <= EXTRA.keys()


@pytest.mark.parametrize("row", [one for one in SERVICES if one.method == "POST"], ids=str)
def test_i22_a_service_sends_no_more_than_the_api_asks_for(
    row: Row, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = _More()
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        answer = ask(
            client, "POST", ADDRESSES[row.address], world.ours, bearer(world.ours.token_text)
        )
        transaction.set_rollback(True)
    assert answer.status_code < 500
    assert MARK not in said(queries)


class _More(Client):
    """Puts a value for every column into whatever body is sent."""

    def generic(
        self, method: str, path: Any, data: Any = "", content_type: str | None = None,
        secure: bool = False, **more: Any,
    ) -> Any:  # fmt: skip
        body = {**EXTRA, **json.loads(data)}
        return super().generic(method, path, json.dumps(body), content_type, secure, **more)
