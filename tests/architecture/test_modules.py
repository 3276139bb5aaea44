"""A module's name says what is in it, and the same names mean the same things everywhere."""

from __future__ import annotations

import ast

from tests.architecture import house

# Names that say nothing, or hide what happens: architecture.md, "Inside an app".
MEANINGLESS = {
    "constants", "exceptions", "helper", "helpers", "managers", "misc", "service", "services",
    "signals", "util", "utils",
}  # fmt: skip


class TestModules:
    def test_no_module_has_a_name_that_says_nothing(self) -> None:
        modules = house.code()
        found = [
            house.name_of(path)
            for path in modules
            if path.stem in MEANINGLESS
            or (path.name == "__init__.py" and path.parent.name in MEANINGLESS - {"exceptions"})
        ]
        assert not found, "\n".join(found)

    def test_models_live_in_models(self) -> None:
        found = [
            f"{house.name_of(path)}: {node.name}"
            for path in house.code()
            for node in house.nodes(path)
            if isinstance(node, ast.ClassDef)
            and any(house.called(base) in ("models.Model", "Model") for base in node.bases)
            and "models" not in path.with_suffix("").parts
        ]
        assert not found, "\n".join(found)

    def test_forms_live_in_forms(self) -> None:
        found = [
            f"{house.name_of(path)}: {node.name}"
            for path in house.code()
            for node in house.nodes(path)
            if isinstance(node, ast.ClassDef)
            and any(house.called(base) in ("forms.Form", "forms.ModelForm") for base in node.bases)
            and not {"forms", "filters"} & set(path.with_suffix("").parts)
        ]
        assert not found, "\n".join(found)

    def test_nothing_happens_by_signal(self) -> None:
        found = [
            f"{house.name_of(path)}:{node.lineno}"
            for path in house.code()
            for node in house.nodes(path)
            if isinstance(node, ast.ImportFrom)
            and node.module in ("django.dispatch", "django.db.models.signals")
        ]
        assert not found, "\n".join(found)

    def test_queries_do_not_write(self) -> None:
        writes = {"save", "create", "bulk_create", "bulk_update", "delete", "get_or_create",
                  "update_or_create", "select_for_update"}  # fmt: skip
        found = [
            f"{house.name_of(path)}:{node.lineno} {house.called(node)}"
            for path in house.code()
            if "queries" in path.with_suffix("").parts
            for node in house.nodes(path)
            if isinstance(node, ast.Call)
            and "objects" in house.called(node).split(".")
            and house.called(node).split(".")[-1] in writes
        ]
        assert not found, "\n".join(found)

    def test_every_module_says_what_it_is_for(self) -> None:
        plain = {"__init__.py", "apps.py", "urls.py"}
        found = [
            house.name_of(path)
            for path in house.code()
            if path.name not in plain
            and house.lines_of(path) > 5
            and ast.get_docstring(house.tree_of(path)) is None
        ]
        assert not found, "\n".join(found)
