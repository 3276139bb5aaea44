"""
The form of a connection's credentials: they go in and never come out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from django import forms

from connectors.manifest import Manifest, Secret
from revops.console.connections.setup.ways import chosen, secrets_of
from revops.kernel import clock

SECRET: Final = "s-"  # noqa: S105  begins the name of a field
ENDS: Final = "ends-"
OVERLAPS: Final = {
    "0": "End the old one now",
    "1": "Keep the old one for an hour",
    "24": "Keep the old one for a day",
    "168": "Keep the old one for a week",
}


class CredentialsForm(forms.Form):
    """
    What is left blank stays as it is. ``given`` are the new values with the days they end. Only
    what the way to sign in needs that ``parameters`` choose can be typed.
    """

    overlap = forms.ChoiceField(
        label="What is in use now", choices=list(OVERLAPS.items()), initial="0", required=False
    )

    def __init__(
        self, manifest: Manifest, parameters: Mapping[str, Any], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **(kwargs | {"auto_id": "cred-%s"}))
        self.asked = secrets_of(manifest, parameters)
        self.way = chosen(manifest, parameters)
        for secret, _ in self.asked:
            self.fields[f"{SECRET}{secret.name}"] = _secret(secret)
            self.fields[f"{ENDS}{secret.name}"] = forms.DateField(
                label="Ends on", required=False, widget=forms.DateInput({"type": "date"}),
                error_messages={"invalid": "Choose a day, or leave it empty."},
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        today = clock.now().date()
        for secret, _ in self.asked:
            ends = cleaned.get(f"{ENDS}{secret.name}")
            if ends and not cleaned.get(f"{SECRET}{secret.name}"):
                self.add_error(f"{ENDS}{secret.name}", "Type the new value it belongs to as well.")
            elif ends and ends <= today:
                self.add_error(f"{ENDS}{secret.name}", "That day is over: it would not work.")
        if not self.errors and not self._typed(cleaned):
            raise forms.ValidationError("Nothing was typed, so nothing was changed.")
        return cleaned

    @property
    def given(self) -> list[tuple[str, str, date | None]]:
        """(name, value, the day it ends) of each that was typed."""
        found = self.cleaned_data
        return [
            (name, found[f"{SECRET}{name}"], found.get(f"{ENDS}{name}"))
            for name in self._typed(found)
        ]

    @property
    def kept_for(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data.get("overlap") or 0))

    @property
    def pairs(self) -> list[tuple[bool, forms.BoundField, forms.BoundField]]:
        """(whether it is needed, its value, the day it ends) of each."""
        return [
            (needed, self[f"{SECRET}{one.name}"], self[f"{ENDS}{one.name}"])
            for one, needed in self.asked
        ]

    def _typed(self, cleaned: Mapping[str, Any]) -> list[str]:
        return [one.name for one, _ in self.asked if cleaned.get(f"{SECRET}{one.name}")]


def _secret(secret: Secret) -> forms.Field:
    """A key of several lines is pasted into an area; either way the page never shows it again."""
    attributes = {"autocomplete": "off", "spellcheck": "false"}
    widget = (
        forms.Textarea(attributes | {"rows": 4})
        if secret.lines
        else forms.PasswordInput(attributes | {"autocomplete": "new-password"})
    )
    return forms.CharField(
        label=secret.label, required=False, help_text=secret.help, widget=widget, strip=True
    )
