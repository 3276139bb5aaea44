"""Docs name only what is there: links, commands, variables, files, addresses."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.core.management import get_commands
from django.urls import Resolver404, resolve

from tests.docs import pages
from tests.for_each import for_each

PAGES = pages.every()
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
CODE = ("revops", "accounts", "connectors", "exceptions")

each_page = for_each("page", PAGES)


def sources(*folders: str, pattern: str = "*.py") -> list[Path]:
    return [path for folder in folders for path in sorted((pages.ROOT / folder).rglob(pattern))]


class TestLinks:
    @each_page
    def test_lead_to_something(self, page: Path) -> None:
        broken = []
        for target in LINK.findall(pages.prose_of(page)):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            there = (page.parent / path).resolve() if path else page
            if not there.exists() or anchor and anchor not in pages.anchors_of(there):
                broken.append(target)
        assert not broken, broken

    def test_from_the_readme_reach_every_page(self) -> None:
        reached, waiting = set(), [pages.ROOT / "README.md"]
        while waiting:
            page = waiting.pop()
            if page in reached or page.suffix != ".md":
                continue
            reached.add(page)
            for target in LINK.findall(pages.prose_of(page)):
                there = (page.parent / target.partition("#")[0]).resolve()
                if there.is_dir():
                    waiting.extend(there.glob("*.md"))
                elif there.is_file():
                    waiting.append(there)
        own = {page for page in PAGES if "systems" not in page.parts}
        assert own - reached == set()


class TestCommands:
    @each_page
    def test_of_make_exist(self, page: Path) -> None:
        makefile = (pages.ROOT / "Makefile").read_text(encoding="utf-8")
        targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.M))
        named = set(re.findall(r"(?:`|^|\$ )make ([a-z][a-z-]*)", pages.text_of(page), re.M))
        assert named <= targets

    @each_page
    def test_of_manage_exist(self, page: Path) -> None:
        named = set(re.findall(r"manage\.py ([a-z_]+)", pages.text_of(page)))
        assert named <= set(get_commands())

    @each_page
    def test_of_the_embedded_servers_exist(self, page: Path) -> None:
        parser = (pages.ROOT / "revops/embedded/__main__.py").read_text(encoding="utf-8")
        known = set(re.findall(r'add_parser\("([a-z]+)"', parser))
        named = set(re.findall(r"-m revops\.embedded ([a-z]+)", pages.text_of(page)))
        assert named <= known

    def test_of_make_are_all_described(self) -> None:
        makefile = (pages.ROOT / "Makefile").read_text(encoding="utf-8")
        offered = set(re.findall(r'echo "make ([a-z-]+) ', makefile))
        described = {
            word.removeprefix("make ") for word in pages.quoted("docs/operations/running.md")
        }
        assert offered <= described


@cache
def _named_in_code() -> set[str]:
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources(*CODE))
    return set(TestVariables.NAME.findall(code))


class TestVariables:
    RUNNING = "docs/operations/running.md"
    NAME = re.compile(r"\b(?:REVOPS|DJANGO)_[A-Z_]*[A-Z]\b|\bDATABASE_URL\b|\bREDIS_URL\b")

    def test_that_the_product_reads_are_described(self) -> None:
        # What is asked of the environment, not what is only a name in Python.
        asked = re.compile(
            r"(?:env(?:\.\w+)?\(|environ(?:\.get\(|\[)|port_from\([^,]+,)\s*f?[\"']"
            r"((?:REVOPS|DJANGO)_[A-Z_]+|DATABASE_URL|REDIS_URL)[\"']"
        )
        found = {
            name
            for path in sources("revops/settings", "revops/embedded", "revops/store",
                                "revops/bench", "revops/sandbox")
            for name in asked.findall(path.read_text(encoding="utf-8"))
        }  # fmt: skip
        assert {"REVOPS_HOME", "REVOPS_LEASE", "REVOPS_CRASH_AT", "DATABASE_URL"} <= found
        assert found - pages.quoted(self.RUNNING) == set()

    def test_for_tests_are_described_too(self) -> None:
        named = pages.quoted(self.RUNNING)
        assert {"REVOPS_TEST_DATABASE_URL", "REVOPS_TEST_REDIS_URL"} <= named

    @each_page
    def test_that_are_described_exist(self, page: Path) -> None:
        # The throwaway servers' names are put together: REVOPS_TEST_ and the usual name.
        known = _named_in_code() | {f"REVOPS_TEST_{name}" for name in ("DATABASE_URL", "REDIS_URL")}
        assert set(self.NAME.findall(pages.text_of(page))) - known == set()


class TestFiles:
    @each_page
    def test_that_are_named_exist(self, page: Path) -> None:
        folders = (*CODE, "tests", "docs", "templates", "static", "deploy", ".ci")
        missing = []
        for word in pages.quoted(page):
            if not re.match(rf"(?:{'|'.join(map(re.escape, folders))})/[\w./*-]+$", word):
                continue
            if not list(pages.ROOT.glob(word.rstrip("/"))):
                missing.append(word)
        assert not missing, missing

    def test_of_docs_that_code_names_exist(self) -> None:
        missing = []
        for path in [*sources(*CODE, "tests"), pages.ROOT / "pyproject.toml"]:
            # Not those of a vendor's site: example.com/docs/page.
            for name in re.findall(r"(?<!\w/)\bdocs/[\w/.-]*\w", path.read_text(encoding="utf-8")):
                there = pages.ROOT / name
                # A decision is named by its number.
                if "api/docs" not in name and not (
                    there.exists() or list(there.parent.glob(f"{there.name}-*.md"))
                ):
                    missing.append(f"{path.relative_to(pages.ROOT)}: {name}")
        allowed = ("tests/docs/", "tests/architecture/", "tests/exceptions/")
        assert [item for item in missing if not item.startswith(allowed)] == []


class TestAddresses:
    @each_page
    def test_of_the_console_exist(self, page: Path) -> None:
        unknown = []
        for word in re.findall(r"(?:`|\$CONSOLE)(/[a-z][^`\s\"']*)", pages.text_of(page)):
            path = re.sub(r"<[^>]*id>|<id>", "1", word.partition("?")[0])
            path = re.sub(r"<[^>]*>", "invoice", path)
            if not path.startswith(("/api/", "/hooks/", "/connections/", "/readyz", "/healthz")):
                continue
            try:
                resolve(path)
            except Resolver404:
                unknown.append(word)
        assert not unknown, unknown


class TestDecisions:
    FOLDER = pages.ROOT / "docs" / "adr"

    def files(self) -> list[Path]:
        return sorted(self.FOLDER.glob("[0-9]*.md"))

    def test_are_all_listed_by_their_title(self) -> None:
        listed = {row[0]: row[1] for row in pages.rows_of("docs/adr/README.md") if row[0]}
        expected = {}
        for file in self.files():
            number, _, title = file.read_text().splitlines()[0].removeprefix("# ").partition(" ")
            expected[f"[{number}]({file.name})"] = title
        assert set(listed) == set(expected)
        for link, title in expected.items():
            assert listed[link].split()[:2] == title.split()[:2], link

    def test_are_numbered_without_a_gap(self) -> None:
        numbers = [int(file.name[:4]) for file in self.files()]
        assert numbers == [*range(1, len(numbers) + 1)]

    def test_take_a_page_at_most(self) -> None:
        long = [file.name for file in self.files() if len(file.read_text().split()) > 400]
        assert not long

    def test_say_what_was_decided_and_what_it_costs(self) -> None:
        for file in self.files():
            text = file.read_text()
            assert "**Decided.**" in text, file.name
            assert "**Why.**" in text, file.name
            assert "**Costs.**" in text, file.name


class TestGlossary:
    WORDS = (
        "Connection", "inbound event", "outbound command", "contract", "canonical record",
        "legal entity", "external reference", "system of record", "flow, step", "journalize",
        "post", "reverse", "accounting date", "period", "service period", "break", "case", "kind",
        "cause", "remedy", "playbook", "maker / checker", "retry", "replay", "in doubt",
        "settle window", "dead letter", "at stake", "grade",
    )  # fmt: skip

    def listed(self) -> list[str]:
        return [row[0].strip("*") for row in pages.rows_of("docs/glossary.md")][1:]

    def test_holds_the_words_of_the_house(self) -> None:
        assert set(self.WORDS) - set(self.listed()) == set()

    def test_is_in_order(self) -> None:
        listed = self.listed()
        assert listed == sorted(listed, key=str.casefold)
