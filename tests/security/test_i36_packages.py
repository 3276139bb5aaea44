"""I36: what is installed is what was locked: named, in that version, with that content."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

import pytest

from tests.architecture.house import ROOT

LOCK: Final[dict[str, Any]] = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
PACKAGES: Final[list[dict[str, Any]]] = [
    one for one in LOCK["package"] if "virtual" not in one["source"]
]


def plain(name: str) -> str:
    """PEP 503."""
    found = re.match(r"[A-Za-z0-9._-]+", name)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


class TestTheLock:
    def test_i36_knows_each_file_by_its_digest(self) -> None:
        files = [
            (one["name"], file)
            for one in PACKAGES
            for file in [*one.get("wheels", []), *([one["sdist"]] if "sdist" in one else [])]
        ]
        assert len(files) > len(PACKAGES)
        assert [name for name, file in files if not file["hash"].startswith("sha256:")] == []
        assert [one["name"] for one in PACKAGES if not one.get("wheels", one.get("sdist"))] == []

    def test_i36_takes_all_from_one_index(self) -> None:
        assert {one["source"].get("registry") for one in PACKAGES} == {"https://pypi.org/simple"}

    def test_i36_holds_what_we_ask_for_and_nothing_that_nobody_asked_for(self) -> None:
        told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        asked = {plain(one) for one in told["project"]["dependencies"]}
        for group in (*told["project"]["optional-dependencies"].values(),
                      *told["dependency-groups"].values()):  # fmt: skip
            asked |= {plain(one) for one in group}
        needs = {
            plain(one["name"]): {
                plain(other["name"])
                for others in (
                    one.get("dependencies", []), *one.get("optional-dependencies", {}).values()
                )
                for other in others
            }
            for one in PACKAGES
        }  # fmt: skip
        assert asked <= needs.keys()
        reached, waiting = set(asked), list(asked)
        while waiting:
            fresh = needs[waiting.pop()] - reached
            reached |= fresh
            waiting.extend(fresh)
        assert needs.keys() == reached


class TestTheInstallation:
    @pytest.mark.parametrize("word", ["sync --locked", "--require-hashes"])
    def test_i36_refuses_what_is_not_in_it(self, word: str) -> None:
        assert word in (ROOT / ".ci" / "environment").read_text(encoding="utf-8")
