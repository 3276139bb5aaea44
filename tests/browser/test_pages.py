"""Every page, light and dark, wide and narrow: no barrier, no slip, no sideways scroll."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.browser.conftest import Visit
from tests.browser.pages import ERRORS, NO_PAGES, PAGES, Look
from tests.browser.stage import Stage
from tests.browser.words import slips

# As (width, colours). Each page is seen in both widths and both colours, as no rule of the
# stylesheet knows of both; its further looks in one of the four, in turn; pictures are of all.
# All barriers are looked for in the first way, which is another one from page to page, and in the
# second one what colours make.
ALL: Final = ((1280, "light"), (390, "dark"), (1280, "dark"), (390, "light"))
# Where the layout changes, and half a window at 200 %.
NARROW: Final = (960, 640, 320)
LOOKS: Final = [(name, look) for name, looks in PAGES.items() for look in looks]
LOOKS_AND_ERRORS: Final = [*LOOKS, *(("error", look) for look in ERRORS)]


def ways(look: Look, pictures: Path | None) -> tuple[tuple[int, str], ...]:
    """In which widths and colours to see it: in every one when somebody wants the pictures."""
    if pictures:
        return ALL
    turn = [one for _, one in LOOKS_AND_ERRORS].index(look) % len(ALL)
    if any(look is looks[0] for looks in PAGES.values()):
        return (ALL[turn], ALL[turn ^ 1])
    return ALL[turn : turn + 1]


def names(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """The names of all addresses for people, ``console:home``; services have views of DRF."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            if not hasattr(pattern.callback, "cls"):
                yield f"{before}{pattern.name}"
        else:
            yield from names(pattern, f"{before}{pattern.namespace}:" if pattern.namespace else "")


def _known(name: str) -> tuple[pytest.MarkDecorator, ...]:
    """What is not ours to mend, as long as it is so."""
    if name != "api:docs":
        return ()
    return (pytest.mark.xfail(strict=True, reason="Swagger UI nests buttons and landmarks"),)


@pytest.fixture(scope="module")
def titles() -> dict[str, str]:
    """The address of each title that one person has met; no two pages share one."""
    return {}


class TestPages:
    def test_are_all_looked_at(self) -> None:
        assert set(names(get_resolver())) == set(PAGES) | NO_PAGES
        assert not set(PAGES) & NO_PAGES

    @pytest.mark.parametrize(
        ("name", "look"),
        [pytest.param(*pair, id=pair[1].name, marks=_known(pair[0])) for pair in LOOKS_AND_ERRORS],
    )
    def test_have_no_barrier_no_slip_and_no_sideways_scroll(
        self,
        name: str,
        look: Look,
        visit: Visit,
        stage: Stage,
        pictures: Path | None,
        titles: dict[str, str],
    ) -> None:
        seen = visit(by=look.by, kept_open=True)
        seen.expects = {look.status}
        address = look.address(stage)
        answer = seen.go(address)
        assert answer.status == look.status
        found: dict[str, Any] = {}
        wanted = ways(look, pictures)
        for width, scheme in wanted:
            seen.size(width)
            seen.page.emulate_media(color_scheme=scheme)
            if seen.sideways():
                found[f"{width} px"] = (seen.sideways(), seen.widest())
            first = (width, scheme) == wanted[0]
            if barriers := seen.barriers() if first else seen.contrasts():
                found[f"{width} px, {scheme}"] = barriers
            if pictures:
                path = pictures / f"{look.name}-{width}-{scheme}.png"
                seen.page.screenshot(path=path, full_page=True)
        if said := slips(seen):
            found["words"] = said
        for width in NARROW:
            seen.size(width)
            if seen.sideways():
                found[f"{width} px"] = (seen.sideways(), seen.widest())
        assert found == {}
        assert seen.page.locator("h1").count() == 1
        assert seen.page.locator("html[lang=en]").count() == 1
        # Unless one is asked who one is first.
        if name != "error" and urlsplit(answer.url).path == urlsplit(address).path:
            title = seen.page.title()
            assert title.endswith(" – RevOps Console")
            if look.by == "Priya":
                before = titles.setdefault(title, address)
                assert before == address, f"“{title}” is the title of both"
