"""
Whatever a person can do ends up in the audit trail.

Two halves that cannot be fooled together: this test finds every function that takes a person as
``by`` or asks what they may do, and wants ``@recorded`` on it; ``recorded`` itself, while the
function runs, lets none end without an act (``revops/audit/operations.py``).
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from accounts.roles import RULES, Part
from revops.audit.operations import NotRecorded, nothing_to_record, recorded
from tests.architecture import house

# Steps of a decision about customers, whose order ``revops.pipeline.identity`` keeps and records.
INNER = ("revops/canonical/identity/deciding.py", "revops/canonical/identity/standing.py")
OUTER = "revops/pipeline/identity.py"
# What decides who may, and what records: neither does anything itself.
DECIDES = ("accounts/authority.py", "accounts/queries.py", "revops/audit/operations.py")
PEOPLE = {"User", "Actor"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def acts(tree: ast.Module) -> list[Function]:
    """Public functions of a module that take a person as ``by``, or ask what one may change."""
    return [
        node
        for node in tree.body
        if isinstance(node, Function)
        and not node.name.startswith("_")
        and (_takes_a_person(node) or _asks(node))
    ]


def _takes_a_person(function: Function) -> bool:
    given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return any(
        one.arg == "by"
        and one.annotation is not None
        and PEOPLE & {part.id for part in ast.walk(one.annotation) if isinstance(part, ast.Name)}
        for one in given
    )


def _asks(function: Function) -> bool:
    """Whether it asks for a right to change something; asking for a look needs no record."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or house.called(node).split(".")[-1] != "authorize":
            continue
        action = node.args[1] if len(node.args) > 1 else None
        if not isinstance(action, ast.Constant) or RULES[action.value].part is not Part.LOOK:
            return True
    return False


def is_recorded(function: Function) -> bool:
    return any(house.called(one).split(".")[-1] == "recorded" for one in function.decorator_list)


@cache
def remedies() -> set[str]:
    """What cases offer: run by ``exceptions.operations.retry`` alone, which records each."""
    return {
        house.called(keyword.value).split(".")[-1]
        for path in house.code()
        for node in house.nodes(path)
        if isinstance(node, ast.Call) and house.called(node).split(".")[-1] == "Remedy"
        for keyword in node.keywords
        if keyword.arg in ("run", "run_many")
    }


def is_remedy(function: Function) -> bool:
    """By its form, too: of a case, and told in a sentence."""
    first = function.args.args[0] if function.args.args else None
    return (
        function.name in remedies()
        and first is not None
        and first.annotation is not None
        and ast.unparse(first.annotation) in ("Case", "Sequence[Case]")
    )


def modules() -> list[Path]:
    """A view authorizes and hands over: what it calls is looked at instead."""
    return [
        path
        for path in house.code()
        if "views" not in path.with_suffix("").parts
        and house.name_of(path) not in (*INNER, *DECIDES, "revops/web/policy.py")
    ]


class TestActs:
    def test_are_recorded(self) -> None:
        silent = [
            f"{house.name_of(path)}:{function.lineno} {function.name}"
            for path in modules()
            for function in acts(house.tree_of(path))
            if not is_recorded(function) and not is_remedy(function)
        ]
        assert not silent, (
            "Put @recorded on what a person can do (nothing_to_record says why there is nothing); "
            "a question about a person takes them as `user`:\n" + "\n".join(silent)
        )

    def test_that_are_remedies_are_called_by_nobody_directly(self) -> None:
        called = {
            f"{house.name_of(path)}:{node.lineno} {house.called(node)}"
            for path in house.code()
            for node in house.nodes(path)
            if isinstance(node, ast.Call) and house.called(node) in remedies()
            if any(keyword.arg == "by" for keyword in node.keywords)
        }
        assert not called, "\n".join(sorted(called))

    def test_are_found(self) -> None:
        found = {function.name for path in modules() for function in acts(house.tree_of(path))}
        assert found >= {"retry", "comment", "merge", "close_period", "compensate", "pause", "turn"}

    def test_of_inner_steps_are_reached_through_what_records(self) -> None:
        names = {Path(path).stem for path in INNER}
        users = {
            house.name_of(path)
            for path in house.code()
            for node in house.nodes(path)
            if isinstance(node, ast.ImportFrom)
            and node.module == "revops.canonical.identity"
            and names & {name.name for name in node.names}
        }
        giving = {
            name
            for name in users
            for node in house.nodes(house.ROOT / name)
            if isinstance(node, ast.Call)
            and house.called(node).split(".")[0] in names
            and any(keyword.arg == "by" for keyword in node.keywords)
        }
        assert giving == {OUTER}

    @pytest.mark.parametrize(
        "code",
        [
            "def f(*, by: User): ...",
            "def f(by: 'Actor | None'): ...".replace("'", ""),
            "def f(who): authorize(who, 'periods.close')",
            "def f(who, action): authority.authorize(who, action)",
        ],
    )
    def test_that_say_nothing_would_be_caught(self, code: str) -> None:
        assert acts(ast.parse(code))

    def test_that_only_look_need_no_record(self) -> None:
        assert not acts(ast.parse("def f(who): authorize(who, 'cases.view')"))


class TestRecorded:
    """The other half, while it runs."""

    def test_refuses_an_operation_that_recorded_nothing(self) -> None:
        with pytest.raises(NotRecorded):
            recorded(lambda: None)()

    def test_takes_a_reason_why_there_was_nothing(self) -> None:
        recorded(lambda: nothing_to_record("it was so already"))()

    def test_counts_what_an_operation_within_has_recorded(self) -> None:
        inner = recorded(lambda: nothing_to_record("inner"))
        recorded(inner)()

    def test_lets_a_refusal_through(self) -> None:
        @recorded
        def refused() -> None:
            raise ValueError("No.")

        with pytest.raises(ValueError, match="No"):
            refused()
