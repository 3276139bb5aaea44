"""Compatibility: what breaks somebody who reads or writes our events is found and named."""

from __future__ import annotations

import copy
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from django.core.management import CommandError, call_command
from pydantic import ConfigDict, Field, StringConstraints

from revops.contracts import compatibility, export, registry
from revops.contracts.base import Day, EventData, Id, Minor, Part, Text
from revops.contracts.compatibility import Change
from revops.contracts.registry import CONTRACTS


class Line(Part):
    line_id: Id
    amount: Minor
    kind: Literal["charge", "credit"] = "charge"


class Issued(EventData):
    contract: ClassVar[str] = "thing.issued/1"

    thing_id: Id
    name: Text = ""
    issued_on: Day | None = None
    score: int = 0
    lines: tuple[Line, ...] = Field(min_length=1)


BASE: dict[str, Any] = {
    "__module__": __name__, "contract": "thing.issued/1",
    "__annotations__": {"contract": ClassVar[str], **Issued.__annotations__},
    "name": "", "issued_on": None, "score": 0, "lines": Field(min_length=1),
}  # fmt: skip


def remade(**fields: Any) -> type[EventData]:
    """``Issued`` with other fields: ``name=(type, default)``, or ``name=None`` to remove one."""
    body = copy.copy(BASE)
    body["__annotations__"] = dict(BASE["__annotations__"])
    for name, given in fields.items():
        body.pop(name, None)
        body["__annotations__"].pop(name, None)
        if given is not None:
            body["__annotations__"][name] = given[0]
            if len(given) > 1:
                body[name] = given[1]
    return type("Issued", (EventData,), body)


def found(changed: type[EventData]) -> list[Change]:
    return compatibility.differences(
        "thing.issued/1", export.schema(Issued), export.schema(changed)
    )


class OtherLine(Part):
    """Same name in no schema, but each field of the line changed in its own way."""

    line_id: Annotated[str, StringConstraints(max_length=60)]
    amount: Minor
    kind: Literal["charge"] = "charge"
    tax: Minor


class WideLine(Line):
    kind: Literal["charge", "credit", "fee"] = "charge"
    note: Text = ""


class TestIncompatible:
    @pytest.mark.parametrize(
        ("changed", "path", "words"),
        [
            (remade(name=None), "name", "the field was removed"),
            (remade(name=(Text,)), "name", "the field is now required"),
            (remade(extra=(Text,)), "extra", "a new field is required"),
            (remade(thing_id=(Id, "none")), "thing_id", "the field may now be missing"),
            (remade(score=(str, "0")), "score", "the type was integer and is string"),
            (remade(score=(int, 5)), "score", "what a missing field means was 0 and is 5"),
            (
                remade(score=(Annotated[int, Field(ge=0)], 0)),
                "score",
                "minimum was not given and is 0",
            ),
            (
                remade(name=(Annotated[str, StringConstraints(max_length=10)], "")),
                "name",
                "maxLength was 2000 and is 10",
            ),
            (
                remade(name=(Annotated[str, StringConstraints(max_length=2000, pattern="^a")], "")),
                "name",
                "pattern was not given and is '^a'",
            ),
            (remade(name=(Literal["a", "b"], "a")), "name", "only 'a', 'b' are now admitted"),
            (remade(issued_on=(Day,)), "issued_on", "no longer admits null"),
            (
                remade(lines=(tuple[Line, ...], Field(min_length=2))),
                "lines",
                "minItems was 1 and is 2",
            ),
            (remade(lines=(tuple[str, ...],)), "lines[]", "the type was object and is string"),
            (remade(lines=(tuple[OtherLine, ...],)), "lines[].kind", "no longer admits 'credit'"),
            (remade(lines=(tuple[OtherLine, ...],)), "lines[].tax", "a new field is required"),
            (
                remade(lines=(tuple[OtherLine, ...],)),
                "lines[].line_id",
                "maxLength was 120 and is 60",
            ),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )  # fmt: skip
    def test_says_where_and_why(self, changed: type[EventData], path: str, words: str) -> None:
        assert Change("thing.issued/1", path, words, breaks=True) in found(changed)

    @pytest.mark.parametrize(
        ("extra", "words"),
        [
            ("allow", "unknown fields are now admitted"),
            ("ignore", "unknown fields are now admitted"),
        ],
    )
    def test_sees_that_unknown_fields_mean_something_else(self, extra: Any, words: str) -> None:
        loose = type(
            "Issued", (Issued,), {"__module__": __name__, "model_config": ConfigDict(extra=extra)}
        )

        assert Change("thing.issued/1", "", words, breaks=True) in found(loose)

    def test_sees_that_a_contract_is_gone(self) -> None:
        (change,) = compatibility.compare({"thing.issued/1": export.schema(Issued)}, {})

        assert change.breaks
        assert "the contract is gone" in str(change)


class TestCompatible:
    @pytest.mark.parametrize(
        ("changed", "path", "words"),
        [
            (remade(extra=(Text, "")), "extra", "a new optional field"),
            (remade(score=(int | None, 0)), "score", "also admits null"),
            (
                remade(name=(Annotated[Text, StringConstraints(max_length=4000)], "")),
                "name",
                "maxLength was 2000 and is 4000",
            ),
            (
                remade(lines=(tuple[WideLine, ...], Field(min_length=1))),
                "lines[].kind",
                "also admits 'fee'",
            ),
            (
                remade(lines=(tuple[WideLine, ...], Field(min_length=1))),
                "lines[].note",
                "a new optional field",
            ),
            (remade(lines=(tuple[Line, ...],)), "lines", "minItems was 1 and is not given"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_are_said_and_do_not_break(
        self, changed: type[EventData], path: str, words: str
    ) -> None:
        changes = found(changed)

        assert Change("thing.issued/1", path, words, breaks=False) in changes
        assert not any(change.breaks for change in changes)

    def test_whole_numbers_are_numbers_but_not_the_other_way_round(self) -> None:
        whole, any_number = export.schema(Issued), export.schema(remade(score=(float, 0)))

        (widened,) = compatibility.differences("thing.issued/1", whole, any_number)
        (narrowed,) = compatibility.differences("thing.issued/1", any_number, whole)

        assert (widened.words, widened.breaks) == ("the type was integer and is number", False)
        assert (narrowed.words, narrowed.breaks) == ("the type was number and is integer", True)

    def test_nothing_is_said_when_only_words_changed(self) -> None:
        described = remade(score=(Annotated[int, Field(description="Out of ten.")], 0))

        assert found(described) == []
        assert found(Issued) == []

    def test_a_new_contract_breaks_nobody(self) -> None:
        (change,) = compatibility.compare({}, {"thing.issued/1": export.schema(Issued)})

        assert not change.breaks

    def test_names_the_next_version(self) -> None:
        assert compatibility.next_version("thing.issued/9") == "thing.issued/10"


def run(*flags: str, folder: Path) -> str:
    out = StringIO()
    call_command("contracts", *flags, folder=folder, stdout=out)
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    export.write(export.generated(), tmp_path)
    return tmp_path


@pytest.fixture
def replace(monkeypatch: pytest.MonkeyPatch) -> Callable[[type[EventData]], None]:
    """Put another model where a contract's own was."""

    def put(model: type[EventData]) -> None:
        changed = {**CONTRACTS, model.contract: model}
        monkeypatch.setattr(export, "CONTRACTS", changed)

    return put


class PaidWithoutCurrency(registry.CONTRACTS["invoice.paid/1"]):
    """invoice.paid/1 as somebody in a hurry would change it."""

    collector: Text


class PaidWithNote(registry.CONTRACTS["invoice.paid/1"]):
    note: Text = ""


class TestCommand:
    def test_check_passes_when_nothing_changed(self, folder: Path) -> None:
        assert run("--check", folder=folder) == f"{len(CONTRACTS)} contracts keep their promise.\n"

    def test_check_of_this_repository_passes(self) -> None:
        assert "keep their promise" in run("--check", folder=export.FOLDER)

    @pytest.mark.parametrize("flag", ["--check", "--write"])
    def test_refuses_an_incompatible_change_and_says_what_to_do(
        self, flag: str, folder: Path, replace: Callable[[type[EventData]], None]
    ) -> None:
        before = (folder / "invoice.paid.1.json").read_text()
        replace(PaidWithoutCurrency)

        with pytest.raises(CommandError) as refusal:
            run(flag, folder=folder)

        assert "invoice.paid/1 collector: a new field is required" in str(refusal.value)
        assert "invoice.paid/1: add invoice.paid/2, and an upgrade to it" in str(refusal.value)
        assert (folder / "invoice.paid.1.json").read_text() == before

    def test_check_fails_until_a_compatible_change_is_written(
        self, folder: Path, replace: Callable[[type[EventData]], None]
    ) -> None:
        replace(PaidWithNote)

        with pytest.raises(CommandError, match=r"behind their contracts:\n  invoice\.paid/1\n"):
            run("--check", folder=folder)
        assert run("--write", folder=folder).splitlines() == [
            "Written: invoice.paid.1.json",
            "invoice.paid/1 note: a new optional field",
            f"{len(CONTRACTS)} contracts keep their promise.",
        ]
        assert "keep their promise" in run("--check", folder=folder)

    def test_refuses_to_forget_a_contract(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fewer = {name: model for name, model in CONTRACTS.items() if name != "payout.settled/1"}
        monkeypatch.setattr(export, "CONTRACTS", fewer)

        with pytest.raises(CommandError, match="payout.settled/1 .*the contract is gone"):
            run("--write", folder=folder)

    def test_asks_for_exactly_one_task(self, folder: Path) -> None:
        with pytest.raises(CommandError, match="required"):
            run(folder=folder)
