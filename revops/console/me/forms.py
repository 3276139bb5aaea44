"""What a person chooses for themselves."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms

from accounts.models import User
from revops.web.context import DENSITIES, THEMES
from revops.web.number_style import EXAMPLES


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """These five fields of one's own and no others, whatever else is sent."""

    theme = forms.ChoiceField(label="Theme", choices=list(THEMES.items()))
    density = forms.ChoiceField(label="Rows", choices=list(DENSITIES.items()))
    zone = forms.ChoiceField(label="Time zone", choices=[])
    numbers = forms.ChoiceField(label="Numbers", choices=list(EXAMPLES.items()))
    shortcuts = forms.BooleanField(label="Single-key shortcuts", required=False)

    class Meta:
        model = User
        fields = ("theme", "density", "zone", "numbers", "shortcuts")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["zone"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, name.replace("_", " ")) for name in sorted(available_timezones())]
