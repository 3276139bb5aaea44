"""
What a role may not see is masked on pages, in files, in the API and in logs, by one table.

The walk puts a mark into every personal column of a customer and a ticket and looks who finds it.
"""

from __future__ import annotations

import io
import json
import logging
import logging.config
import typing
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pytest
from django.test import Client
from pydantic import BaseModel

from accounts.models import User
from accounts.roles import ACTIONS, Role
from accounts.sight import META_ONLY, SHOWN, sight_of
from approvals.views import inbox
from exceptions import export
from revops.api import shapes
from revops.api.shapes import approvals, cases, journals, lookups, matches, threads
from revops.canonical.models import SupportCase
from revops.console.audit import reading as trail
from revops.console.connections.views import listing
from revops.console.ledger import journals as entries
from revops.console.people import reading as people
from revops.credits import files as credits
from revops.kernel import clock
from revops.kernel.privacy import CONTACT, INTERNAL, PII, SECRET, TAX, WORDS, Data
from revops.kernel.sight import MASK, MASKED_ADDRESS, SYSTEM, WHOLE, Sight, looking_as, shown
from revops.settings.logs import logging_config
from revops.web.csv_files import Column, csv_lines
from tests import factories as make
from tests.conftest import SignIn
from tests.for_each import for_each

EMAIL, TITLE, RESOLUTION = "pat@alder.example", "Zebra export failed", "Zebra was restarted"
TAX_ID = "DE999888777"
BLIND: Final = Sight(frozenset())
FILES: Final = {
    "cases": export.CASE_COLUMNS, "causes": export.CAUSE_COLUMNS, "journals": entries.COLUMNS,
    "audit": trail.COLUMNS, "approvals": inbox._COLUMNS, "people": people.COLUMNS,
    "connections": listing.COLUMNS, "credits": credits.COLUMNS,
    "leakage": credits.LEAKAGE_COLUMNS,
}  # fmt: skip
# Columns of files that hold codes, numbers, days and states of ours.
_CODES: Final = """
cause_id kind path cases_of_cause currency at_stake entities first_period period_ends oldest
owner_team case_id status legal_entity period occurrences opened_at due_at resolved_at system
correlation_id journal_id accounting_date document_type amount functional_currency rule
mapping_version standing external_number business_key revision recorded_at act at_utc actor
roles on_behalf action reference entity session request_id salt detail_mac prev hash erased_by
Reference Type State Tier Currency Amount active last_seen role legal_entities from until
conflicts connection label connector environment state last_success backlog waiting in_doubt
oldest_waiting calls_1h failed_1h grade
request invoice case reason before_tax created_at sent_at decided_at issued_at posted_at ended_at
credit_note waits_for what requests half_take_less_s longest_s
"""
CODES: Final = frozenset(_CODES.split()) | {"Legal entity", "Asked at", "Due at", "Ended at"}
# Fields of the API that hold them.
_API_CODES: Final = """
id subject subject_id state sha256 legal_entity roles kind period connection owner_team event
command correlation_id blocked_steps lane external_id external_number document_type business_key
rule reverses account key label system status status_word ids outcome problems q why address
next price meter model feature unit currency number entity journal matched_by name_agrees health
unlimited quantity included charged used remaining units unit_price score
"""
API_CODES: Final = frozenset(_API_CODES.split())


def shapes_of(module: Any) -> Iterator[type[BaseModel]]:
    for one in vars(module).values():
        if (
            isinstance(one, type)
            and issubclass(one, BaseModel)
            and one.__module__ == module.__name__
        ):
            yield one


MODULES: Final = (approvals, cases, journals, lookups, matches, threads)
EVERY: Final = [
    (shape, name)
    for module in MODULES
    for shape in shapes_of(module)
    if not shape.__name__.endswith("In")
    for name in shape.model_fields
]


def named(one: Any) -> str:
    return str(getattr(one, "__name__", one))


def told(annotation: Any) -> tuple[set[Data], bool]:
    """The classes that an annotation names, and whether a bare text stands in it."""
    if typing.get_origin(annotation) is typing.Annotated:
        inner, *more = typing.get_args(annotation)
        said = {one for one in more if isinstance(one, Data)}
        return (said, False) if said else told(inner)
    parts = typing.get_args(annotation)
    if typing.get_origin(annotation) is typing.Literal:
        return set(), False
    if not parts:
        return set(), annotation is str
    found = [told(part) for part in parts]
    return set().union(*(said for said, _ in found)), any(bare for _, bare in found)


def hints(shape: type[BaseModel]) -> dict[str, Any]:
    return typing.get_type_hints(shape, include_extras=True)


class TestAnswersOfTheApi:
    @for_each(("shape", "name"), EVERY)
    def test_say_of_every_text_what_it_holds(self, shape: type[BaseModel], name: str) -> None:
        said, bare = told(hints(shape)[name])
        # Labels of facts stand beside their values.
        assert said or not bare or name in API_CODES, f"{shape.__name__}.{name} holds what?"

    def test_are_all_looked_at(self) -> None:
        assert {path.stem for path in _shape_files()} - {"__init__", "holds", "money", "usage"} == {
            module.__name__.rpartition(".")[2] for module in MODULES
        }

    @pytest.mark.parametrize(
        ("shape", "name"), [(s, n) for s, n in EVERY if told(hints(s)[n])[0]],
        ids=named,
    )  # fmt: skip
    def test_mask_what_the_eyes_may_not_see(self, shape: type[BaseModel], name: str) -> None:
        (data,) = told(hints(shape)[name])[0]
        held = _filled(hints(shape)[name])
        made = shape.model_construct(**{name: held})
        with looking_as(Sight(frozenset(Data) - {data})):
            assert "mark" not in made.model_dump_json(include={name})
        with looking_as(Sight(frozenset({data}))):
            assert "mark" in made.model_dump_json(include={name})


def _shape_files() -> Sequence[Any]:
    from pathlib import Path

    return sorted(Path(shapes.__path__[0]).glob("*.py"))


def _filled(annotation: Any) -> Any:
    text = str(annotation)
    if "dict" in text:
        return {"person": "mark"}
    if "tuple" in text:
        return [("Label", "mark")]
    return ["mark"] if text.startswith("list") else "mark"


class TestFiles:
    @pytest.mark.parametrize("name", FILES)
    def test_say_of_every_column_what_it_holds(self, name: str) -> None:
        plain = {str(one) for one in FILES[name] if not isinstance(one, Column)}
        assert plain <= CODES, sorted(plain - CODES)

    @pytest.mark.parametrize("name", FILES)
    @pytest.mark.parametrize("data", [PII, CONTACT, WORDS, TAX])
    def test_mask_what_the_eyes_may_not_see(self, name: str, data: Data) -> None:
        columns = FILES[name]
        row = [f"m@{one}.example" for one in columns]
        with looking_as(Sight(frozenset(Data) - {data})):
            lines = list(csv_lines(columns, [row]))
        text = "".join(lines)
        hidden = [one for one in columns if isinstance(one, Column) and one.holds is data]
        assert text.count(MASK) >= len(hidden)
        for one in columns:
            assert (f"m@{one}.example" in text) == (one not in hidden), one

    def test_are_for_the_eyes_of_whoever_asked_not_of_whoever_sends(self) -> None:
        with looking_as(BLIND):
            lines = csv_lines([Column("name", PII)], [["mark"]])
        with looking_as(WHOLE):
            assert "mark" not in "".join(lines)


class TestLogs:
    def test_hold_no_address_wherever_it_stands(self, caplog: Any) -> None:
        config = logging_config(as_json=True)
        formatter = logging.Formatter()
        made = config["formatters"]["lines"]
        factory = made.pop("()")
        formatter = factory(
            foreign_pre_chain=made["foreign_pre_chain"], processors=made["processors"]
        )
        out = io.StringIO()
        handler = logging.StreamHandler(out)
        handler.setFormatter(formatter)
        logger = logging.getLogger("tests.masking")
        logger.addHandler(handler)
        try:
            try:
                raise ValueError(f"no such person: {EMAIL}")
            except ValueError:
                logger.exception("Could not write to <%s>", EMAIL)
        finally:
            logger.removeHandler(handler)
        line = json.loads(out.getvalue())
        assert EMAIL not in out.getvalue()
        assert line["event"] == f"Could not write to <{MASKED_ADDRESS}>"
        assert "no such person" in line["exception"]


class TestTheTable:
    def test_shows_secrets_to_nobody(self) -> None:
        assert all(SECRET not in classes for classes in SHOWN.values())
        assert shown("x", SECRET, to=Sight(frozenset(Data))) == MASK

    def test_knows_every_role_and_names_actions_that_exist(self) -> None:
        assert set(SHOWN) == set(Role)
        assert frozenset().union(*META_ONLY.values()) <= ACTIONS.keys()

    def test_without_anybody_looking_hides_what_reaches_people(self) -> None:
        assert not SYSTEM.shows(CONTACT)
        assert not SYSTEM.shows(WORDS)
        assert SYSTEM.shows(INTERNAL)

    @pytest.mark.django_db
    def test_shows_nothing_to_nobody(self, ana: User) -> None:
        ana.is_active = False
        assert not sight_of(ana, "customers.view").shows(INTERNAL)
        assert not sight_of(None).shows(INTERNAL)


@pytest.fixture
def marked() -> tuple[str, str, str]:
    """Addresses of a customer, its account in billing, and its ticket."""
    billing = make.a_connection()
    customer = make.a_customer(billing, name="Alder", email=EMAIL)
    customer.party.tax_id = TAX_ID
    customer.party.save()
    now = clock.now()
    ticket = SupportCase.objects.create(
        connection=billing, source_id="4711", customer=customer, title=TITLE, created_at=now,
        resolution=RESOLUTION, state="resolved", opened_on=now.date(), updated_at=now,
        legal_entity=customer.legal_entity, correlation_id=customer.correlation_id,
    )  # fmt: skip
    return (
        f"/customers/{customer.party_id}/", f"/records/customer/{customer.pk}/",
        f"/records/support_case/{ticket.pk}/",
    )  # fmt: skip


def seen(client: Client, paths: Sequence[str]) -> set[str]:
    text = ""
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        text += answer.content.decode()
    return {mark for mark in (EMAIL, TITLE, RESOLUTION, TAX_ID) if mark in text}


@pytest.mark.django_db
class TestPages:
    @pytest.mark.parametrize(
        ("who", "sees"),
        [
            ("ana", {TITLE, RESOLUTION, TAX_ID}), ("mona", {TITLE, RESOLUTION, TAX_ID}),
            ("rob", {TAX_ID}), ("sue", {TITLE, RESOLUTION}), ("rae", set()),
        ],
    )  # fmt: skip
    def test_show_each_role_what_the_table_says(
        self,
        who: str,
        sees: set[str],
        sign_in: SignIn,
        marked: tuple[str, str, str],
        request: pytest.FixtureRequest,
    ) -> None:
        assert seen(sign_in(request.getfixturevalue(who)), marked) == sees
