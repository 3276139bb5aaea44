"""What a person chooses for themselves."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.models import User
from revops.web.context import DENSITIES, THEMES
from revops.web.number_style import EXAMPLES


@cache
def _zones() -> list[tuple[str, str]]:
    """Every zone with its words; to find them reads a folder of files."""
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones())]


@lru_cache(maxsize=32)
def _options(chosen: str) -> SafeString:
    lines = [
        f'<option value="{escape(name)}"{" selected" if name == chosen else ""}>'
        f"{escape(words)}</option>"
        for name, words in _zones()
    ]
    return mark_safe("".join(lines))  # noqa: S308  names and words are escaped one by one


class _ZoneSelect(forms.Select):
    """Six hundred options as one text. Django has two templates for each: a tenth of a second."""

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        found = self.build_attrs(self.attrs, {"name": name, **(attrs or {})})
        # Only what is there, so that no word that was sent is kept.
        chosen = value if value in dict(_zones()) else ""
        return format_html("<select{}>{}</select>", flatatt(found), _options(chosen))


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """These five fields of one's own and no others, whatever else is sent."""

    theme = forms.ChoiceField(label="Theme", choices=list(THEMES.items()))
    density = forms.ChoiceField(label="Rows", choices=list(DENSITIES.items()))
    zone = forms.ChoiceField(label="Time zone", choices=_zones, widget=_ZoneSelect)
    numbers = forms.ChoiceField(label="Numbers", choices=list(EXAMPLES.items()))
    shortcuts = forms.BooleanField(label="Single-key shortcuts", required=False)

    class Meta:
        model = User
        fields = ("theme", "density", "zone", "numbers", "shortcuts")
