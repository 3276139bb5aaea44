from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template

from connectors.contract import Outcome
from exceptions.models import CaseState
from revops.delivery.decide import State
from revops.events.models import InboxState
from revops.web import icons, statuses

DRAWINGS = Path(settings.BASE_DIR, "templates/web/_icons.html").read_text()


class TestStatusTag:
    def test_has_a_shape_a_word_and_a_tone(self) -> None:
        tag = statuses.status_tag("blocks_close")
        assert tag == (
            '<span class="tag crit"><svg class="icon" aria-hidden="true">'
            '<use href="#icon-diamond"/></svg>Blocks close</span>'
        )

    def test_says_it_more_exactly_when_asked_to(self) -> None:
        assert "<b>" not in statuses.status_tag("held", "<b>Needs you")
        assert ">&lt;b&gt;Needs you</span>" in statuses.status_tag("held", "<b>Needs you")

    def test_refuses_a_state_that_has_no_look(self) -> None:
        with pytest.raises(statuses.StatusUnknown):
            statuses.status_tag("florbled")

    def test_takes_a_state_in_any_case(self) -> None:
        assert statuses.status_tag("IN_DOUBT") == statuses.status_tag("in_doubt")

    @pytest.mark.parametrize("states", [State, CaseState, InboxState, Outcome])
    def test_has_a_look_for_every_state_that_the_console_stores(self, states: type) -> None:
        for state in states:
            assert statuses.look(state.value).word

    def test_never_speaks_of_circuits(self) -> None:
        words = " ".join(look.word.lower() for look in statuses.LOOKS.values())
        assert "circuit" not in words
        assert "closed" not in words

    def test_can_be_told_apart_without_colour(self) -> None:
        seen = {(look.icon, look.word) for look in statuses.LOOKS.values()}
        assert len(seen) == len(statuses.LOOKS)


class TestIcons:
    def test_are_those_that_are_drawn(self) -> None:
        assert set(re.findall(r'<symbol id="icon-([a-z]+)"', DRAWINGS)) == icons.ICONS

    def test_of_every_status_exist(self) -> None:
        assert {look.icon for look in statuses.LOOKS.values()} <= icons.ICONS

    def test_alone_carry_a_name_for_those_who_cannot_see_them(self) -> None:
        assert icons.icon("copy", "Copy the <id>") == (
            '<svg class="icon" role="img" aria-label="Copy the &lt;id&gt;">'
            '<use href="#icon-copy"/></svg>'
        )

    def test_refuse_a_name_that_is_not_drawn(self) -> None:
        with pytest.raises(icons.IconUnknown):
            icons.icon("unicorn")

    def test_used_in_templates_are_drawn(self) -> None:
        for path in Path(settings.BASE_DIR, "templates").rglob("*.html"):
            for name in re.findall(r'{% icon "([a-z]+)"', path.read_text()):
                assert name in icons.ICONS, path


class TestKeys:
    def test_are_shown_and_not_read_out(self) -> None:
        assert Template('{% kbd "g e" %}').render(Context()) == (
            '<kbd aria-hidden="true">g</kbd><kbd aria-hidden="true">e</kbd>'
        )
