"""Tables in the docs agree with the code that they describe."""

from __future__ import annotations

import re
import tomllib

from accounts.roles import ACTIONS, Role, who_may
from accounts.tokens import SCOPES
from connectors import document
from connectors.contract import Grade
from exceptions import kinds
from revops.contracts.registry import CONTRACTS
from revops.delivery.simulation.variants import VARIANTS
from revops.ledger.rules.base import Role as AccountRole
from revops.ledger.schedules import CONVENTIONS
from revops.sandbox.chart import ROLES
from tests.docs import pages
from tests.ledger.expected import ENTRIES, SCHEDULES

RELIABILITY = "docs/reliability.md"
ACCOUNTING = "docs/accounting.md"
ARCHITECTURE = "docs/architecture.md"


class TestAccounting:
    def test_shows_the_worked_examples_as_they_are_tested(self) -> None:
        shown = {}
        for row in pages.rows_of(ACCOUNTING, after="## Journals"):
            if re.fullmatch(r"J\d+\w*", row[0]):
                debits = [cell.split() for cell in row[3].split(", ")]
                credits = [cell.split() for cell in row[4].split(", ")]
                amounts = dict(debits) | {account: f"-{amount}" for account, amount in credits}
                shown[row[0]] = (row[2], amounts)
        assert len(shown) >= 15
        assert {case: ENTRIES[case] for case in shown} == shown

    def test_names_every_example_that_is_tested(self) -> None:
        text = pages.text_of(ACCOUNTING)
        assert [case for case in ENTRIES if not re.search(rf"\b{case}\b", text)] == []

    def test_shows_schedules_as_they_are_tested(self) -> None:
        shown = [row for row in pages.rows_of(ACCOUNTING, after="## Rounding") if len(row) == 2]
        found = {name: shares for name, shares in shown if name != "Schedule"}
        assert len(found) >= 8
        assert {name: SCHEDULES[name][5] for name in found} == found

    def test_names_every_role_with_the_demos_account(self) -> None:
        rows = pages.rows_of(ACCOUNTING, after="## Accounts and maps")[1:]
        demo = dict(ROLES)
        assert {row[0].strip("`"): row[2] for row in rows} == {
            role.value: demo[role.value] for role in AccountRole
        }

    def test_names_every_convention(self) -> None:
        rows = pages.rows_of(ACCOUNTING, after="## Straight-line conventions")[1:]
        assert {row[0].strip("`") for row in rows} == CONVENTIONS


class TestReliability:
    def test_gives_the_simulators_variants(self) -> None:
        rows = pages.rows_of(RELIABILITY, after="## 4 Simulator and controls")[1:]
        shown = {row[0]: row for row in rows}
        assert {letter: row[1] for letter, row in shown.items()} == {
            variant.letter: variant.name for variant in VARIANTS
        }
        for variant in VARIANTS:
            harm = [cell for cell in shown[variant.letter][3:6] if cell not in ("0", "")]
            assert bool(harm) == variant.control, variant.letter

    def test_names_every_crash_point(self) -> None:
        called = {
            name
            for path in (pages.ROOT / "revops").rglob("*.py")
            for name in re.findall(r"crash\.point\(\"(\w+)\"\)", path.read_text(encoding="utf-8"))
        }
        rows = pages.rows_of(RELIABILITY, after="### 3.6 Crash points")[1:]
        named = {name for row in rows for name in re.findall(r"`(\w+)`", row[1])}
        assert named == called

    def test_says_who_may_do_what(self) -> None:
        rows = pages.rows_of(RELIABILITY, after="### 6.1 Who may do what")[1:]
        shown = {row[0].strip("`"): row[1] for row in rows}
        assert shown == {
            action: "everybody with a role" if roles == frozenset(Role) else who_may(action)
            for action, roles in ACTIONS.items()
        }


class TestReadme:
    def test_lists_every_grade(self) -> None:
        rows = pages.rows_of("README.md", after="## How it is kept right")[1:]
        assert {row[0] for row in rows} == {f"`{grade}`" for grade in Grade}


class TestConnectors:
    def test_page_is_what_the_manifests_say(self) -> None:
        """`manage.py connectors --write` writes it."""
        page = (pages.ROOT / document.PAGE).read_text(encoding="utf-8")
        for name, table in document.tables().items():
            assert f"{document.MADE_BY}: {name} -->\n{table}<!-- end -->" in page, name


class TestApi:
    def test_lists_the_scopes(self) -> None:
        rows = pages.rows_of("docs/api.md", after="## Tokens")[1:]
        assert {row[0].strip("`"): row[1] for row in rows} == SCOPES


class TestArchitecture:
    def test_lists_every_package(self) -> None:
        listed = set(re.findall(r"`(revops/\w+|accounts|exceptions|connectors)/`",
                                pages.prose_of(ARCHITECTURE)))  # fmt: skip
        there = {f"revops/{path.parent.name}" for path in pages.ROOT.glob("revops/*/__init__.py")}
        assert listed == there | {"accounts", "exceptions", "connectors"}

    def test_draws_the_arrows_that_are_held(self) -> None:
        config = tomllib.loads((pages.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        contracts = config["tool"]["importlinter"]["contracts"]
        layers = next(c for c in contracts if c["type"] == "layers" and "containers" not in c)
        held = [re.findall(r"[\w.]+", row) for row in layers["layers"]]
        text = pages.text_of(ARCHITECTURE).partition("## Arrows")[2]
        block = re.findall(r"```\n(.*?)```", text, re.S)[0]
        drawn = [re.findall(r"[\w.]+", row) for row in block.strip().splitlines()]
        assert drawn[1:] == held[1:]
        assert {f"revops.{name.removeprefix('revops.')}" for name in drawn[0]} == set(held[0])


class TestChangelog:
    def test_names_every_contract(self) -> None:
        named = pages.quoted("CHANGELOG.md")
        assert {contract.partition("/")[0] for contract in CONTRACTS} <= named


class TestKinds:
    def test_that_docs_name_are_declared(self) -> None:
        """Kinds are quoted in the accounting page as what a missing thing becomes."""
        declared = {kind.slug for kind in kinds.all()}
        assert {"mapping_missing", "period_closed", "service_period_missing"} <= declared
        quoted = pages.quoted(ACCOUNTING)
        assert {"mapping_missing", "period_closed", "service_period_missing"} <= quoted
