"""The stylesheets and templates as files: contrast, size, and what a strict policy would refuse."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.conf import settings

from tests.for_each import for_each

BASE = Path(settings.BASE_DIR)
CSS = BASE / "static/css"
TEMPLATES = sorted((BASE / "templates").rglob("*.html"))
SHARED = ("frame.css", "components.css")
# What of a page is drawn by lists.css.
OF_LISTS = {"filters", "chips", "chip", "select-cell", "bulk", "pages"}
TONES = ("crit", "warn", "ok", "info", "wait", "none")
SURFACES = ("bg", "surface", "sunken", "row-hover", "row-selected")


def layer_of_tokens() -> str:
    (found,) = re.findall(
        r"^@layer tokens \{$.*?^\}$", (CSS / "frame.css").read_text(), re.M | re.S
    )
    return str(found)


def tokens(theme: int) -> dict[str, str]:
    """Colour tokens of the light (0) or dark (1) theme, as they are served."""
    text = layer_of_tokens()
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", text)
    return {name: (light, dark)[theme] for name, light, dark in found}


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
class TestContrast:
    @pytest.mark.parametrize("text", ["text", "muted", "accent"])
    @pytest.mark.parametrize("surface", SURFACES)
    def test_of_text_is_enough_on_every_surface(self, theme: int, text: str, surface: str) -> None:
        colours = tokens(theme)
        assert contrast(colours[text], colours[surface]) >= 4.5

    @pytest.mark.parametrize("tone", TONES)
    def test_of_status_text_is_enough_on_its_tint_and_in_tables(
        self, theme: int, tone: str
    ) -> None:
        colours = tokens(theme)
        for under in (f"{tone}-tint", "surface", "sunken", "row-selected"):
            assert contrast(colours[f"{tone}-text"], colours[under]) >= 4.5

    @pytest.mark.parametrize("tone", TONES)
    def test_of_marks_is_enough_to_be_seen(self, theme: int, tone: str) -> None:
        colours = tokens(theme)
        assert contrast(colours[f"{tone}-mark"], colours["surface"]) >= 3

    def test_of_controls_and_focus_is_enough(self, theme: int) -> None:
        colours = tokens(theme)
        assert contrast(colours["on-accent"], colours["accent"]) >= 4.5
        for surface in ("bg", "surface", "sunken"):
            assert contrast(colours["control"], colours[surface]) >= 3
            assert contrast(colours["focus"], colours[surface]) >= 3


def linked(page: Path) -> list[str]:
    """The stylesheets that a page names itself, in order; of branches the heaviest."""
    (block,) = re.findall(r"{% block styles %}(.*?){% endblock", page.read_text(), re.S) or [""]

    def sheets(text: str) -> list[str]:
        return re.findall(r"'css/([\w-]+\.css)'", text)

    def heaviest(choice: re.Match[str]) -> str:
        return max(re.split(r"{% el[^%]*%}", choice[1]), key=lambda one: weight(sheets(one)))

    return sheets(re.sub(r"{% if [^%]*%}(.*?){% endif %}", heaviest, block, flags=re.S))


def weight(names: list[str]) -> int:
    return sum((CSS / name).stat().st_size for name in names)


def drawn_with(page: Path) -> set[str]:
    """The classes of a page and of all that it includes, as far as they are written out."""
    found: set[str] = set()
    seen, open_ = set(), [page]
    while open_:
        text = open_.pop().read_text()
        for words in re.findall(r'class="([^"]*)"', text):
            found |= set(words.split())
        for name in set(re.findall(r'{% (?:include|extends) "([^"]+)"', text)) - seen:
            seen.add(name)
            open_ += [one for one in [BASE / "templates" / name] if one.exists()]
    return found


PAGES = [page for page in TEMPLATES if '{% extends "base.html" %}' in page.read_text()]


class TestStylesheets:
    @for_each("page", PAGES)
    def test_weigh_no_more_than_45_kb_a_page(self, page: Path) -> None:
        assert weight([*SHARED, *linked(page)]) <= 45_000

    @for_each("page", PAGES)
    def test_of_lists_come_first_and_only_where_there_is_one(self, page: Path) -> None:
        named = re.findall(r"'css/([\w-]+\.css)'", page.read_text())
        assert ("lists.css" in named) == bool(OF_LISTS & drawn_with(page))
        own = [name for name in linked(page) if name != "lists.css"]
        assert "lists.css" not in linked(page) or linked(page) == ["lists.css", *own]

    def test_use_only_tokens_that_exist(self) -> None:
        own = {"mark"}  # set by a tone's class
        known = set(re.findall(r"--([\w-]+):", layer_of_tokens())) | own
        for path in CSS.glob("*.css"):
            assert set(re.findall(r"var\(--([\w-]+)", path.read_text())) <= known, path.name

    def test_name_colours_only_in_the_tokens(self) -> None:
        for path in CSS.glob("*.css"):
            text = path.read_text().replace(layer_of_tokens(), "")
            assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;,) ])", text), path.name

    def test_keep_every_rule_in_a_layer(self) -> None:
        for path in CSS.glob("*.css"):
            text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
            depth, outside = 0, ""
            for character in text:
                depth += {"{": 1, "}": -1}.get(character, 0)
                outside += character if depth == 0 else ""
            assert depth == 0, path.name
            heads = [part.strip() for part in re.split(r"[};]", outside) if part.strip()]
            assert all(head.startswith("@layer") for head in heads), path.name


class TestScript:
    def test_weighs_no_more_than_10_kb(self) -> None:
        assert (BASE / "static/js/app.js").stat().st_size <= 10_000

    def test_makes_no_code_and_no_markup_out_of_text(self) -> None:
        script = (BASE / "static/js/app.js").read_text()
        assert "eval(" not in script
        assert "insertAdjacentHTML" not in script
        # The one assignment puts a button's own words back.
        assert re.findall(r"\.innerHTML = (.+?);", script) == ["button.dataset.words"]


each_template = for_each("path", TEMPLATES)


class TestTemplates:
    @each_template
    def test_carry_nothing_that_a_strict_policy_refuses(self, path: Path) -> None:
        text = path.read_text()
        assert not re.search(r"\sstyle\s*=", text)
        assert not re.search(r"\son[a-z]+\s*=", text)
        assert not re.search(r"hx-on|hx-vals=.js:|javascript:", text)
        assert not re.search(r"<script(?![^>]*\ssrc=)", text)

    @each_template
    def test_are_short(self, path: Path) -> None:
        assert len(path.read_text().splitlines()) <= 120

    @each_template
    def test_ask_no_other_host(self, path: Path) -> None:
        assert not re.search(r"""(src|href|action)=["'](https?:)?//""", path.read_text())

    @each_template
    def test_that_are_included_say_what_they_take(self, path: Path) -> None:
        if path.name.startswith("_"):
            assert path.read_text().startswith("{# ")


class TestHtmxConfiguration:
    def test_keeps_no_page_in_storage_and_evaluates_nothing(self) -> None:
        head = (BASE / "templates/web/_head.html").read_text()
        found = re.search(r"name=\"htmx-config\" content='([^']+)'", head)
        assert found is not None
        config = json.loads(found.group(1))
        assert config["historyCacheSize"] == 0
        assert config["historyRestoreAsHxRequest"] is False
        assert config["allowEval"] is False
        assert config["includeIndicatorStyles"] is False
        swapped = {rule["code"]: rule.get("target") for rule in config["responseHandling"]}
        assert swapped["401|403|409|422"] is None
        assert swapped["[45].."] == "#status"
