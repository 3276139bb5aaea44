"""
The form of a connection, made from its connector's manifest. Secrets have a form of their own: they
go in and never come out.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.utils.text import slugify

from connectors.egress import Refused
from connectors.manifest import Manifest, Parameter, Secret
from connectors.models import Connection, Environment
from revops.console.connections.setup.address import checked
from revops.kernel import clock
from revops.mappings.models import LegalEntity

PARAMETER: Final = "p-"
SECRET: Final = "s-"  # noqa: S105  begins the name of a field
ENDS: Final = "ends-"
TAKEN_WORDS: Final = frozenset({"new"})
_LONGEST_VALUE: Final = 1_000
OVERLAPS: Final = {
    "0": "End the old one now",
    "1": "Keep the old one for an hour",
    "24": "Keep the old one for a day",
    "168": "Keep the old one for a week",
}


@dataclass(frozen=True, slots=True)
class Setup:
    """A connection's settings as a person typed them; ``entity`` is a code or blank."""

    label: str
    environment: str
    base_url: str
    zone: str
    entity: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def content(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "label": self.label,
            "environment": self.environment,
            "base_url": self.base_url,
            "zone": self.zone,
            "entity": self.entity,
            "parameters": dict(self.parameters),
        }


class SettingsForm(forms.Form):
    """Names of parameters begin with ``p-``: a manifest may call one as it likes."""

    label = forms.CharField(label="Name", max_length=120, help_text="As people call it here.")
    environment = forms.ChoiceField(
        label="Environment", choices=Environment.choices, initial=Environment.SANDBOX
    )
    base_url = forms.CharField(label="Address", max_length=300)
    zone = forms.CharField(
        label="Time zone", max_length=64, initial="UTC",
        help_text="Days that it names without a time are days there, such as Europe/Berlin.",
    )  # fmt: skip
    entity = forms.ChoiceField(
        label="Legal entity", required=False,
        help_text="Whose books its records belong to when they do not say.",
    )  # fmt: skip

    def __init__(self, manifest: Manifest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"auto_id": "set-%s"}))
        self.manifest = manifest
        hosts = ", ".join(host for host in manifest.hosts if host != "*")
        self.fields["base_url"].help_text = f"Begins with https://. {_hosts(hosts)}"
        self.fields["base_url"].initial = manifest.base_url
        entity = self.fields["entity"]
        assert isinstance(entity, forms.ChoiceField)
        known = LegalEntity.objects.order_by("name").values_list("code", "name")
        entity.choices = [("", "None: records say it themselves"), *known]
        if not manifest.emits:
            del self.fields["entity"]
        for parameter in manifest.parameters:
            self.fields[f"{PARAMETER}{parameter.name}"] = _field(parameter)

    def clean_label(self) -> str:
        label: str = self.cleaned_data["label"]
        if slugify(label) in TAKEN_WORDS or not slugify(label):
            raise forms.ValidationError("Give it a name with letters, and not “new”.")
        return label

    def clean_zone(self) -> str:
        zone: str = self.cleaned_data["zone"]
        if zone not in zoneinfo.available_timezones():
            raise forms.ValidationError(f"“{zone}” is no time zone; one is Europe/Berlin.")
        return zone

    def clean_base_url(self) -> str:
        try:
            return checked(self.manifest, self.cleaned_data["base_url"])
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from refused

    @property
    def setup(self) -> Setup:
        """What a valid form holds."""
        found = self.cleaned_data
        return Setup(
            label=found["label"],
            environment=found["environment"],
            base_url=found["base_url"],
            zone=found["zone"],
            entity=found.get("entity", ""),
            parameters={
                one.name: value
                for one in self.manifest.parameters
                if (value := _plain(found.get(f"{PARAMETER}{one.name}"))) is not None
            },
        )

    @property
    def general(self) -> list[forms.BoundField]:
        return [one for one in self if not one.name.startswith(PARAMETER)]

    @property
    def own(self) -> list[forms.BoundField]:
        """Those of the connector itself."""
        return [one for one in self if one.name.startswith(PARAMETER)]


def initial_of(connection: Connection, entity: str) -> dict[str, Any]:
    """The form's values as they hold now."""
    return {
        "label": connection.label,
        "environment": connection.environment,
        "base_url": connection.base_url,
        "zone": connection.zone,
        "entity": entity,
        **{f"{PARAMETER}{name}": value for name, value in connection.parameters.items()},
    }


class CredentialsForm(forms.Form):
    """What is left blank stays as it is. ``given`` are the new values with the days they end."""

    overlap = forms.ChoiceField(
        label="What is in use now", choices=list(OVERLAPS.items()), initial="0", required=False
    )

    def __init__(self, manifest: Manifest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"auto_id": "cred-%s"}))
        self.manifest = manifest
        for secret in manifest.secrets:
            self.fields[f"{SECRET}{secret.name}"] = _secret(secret)
            self.fields[f"{ENDS}{secret.name}"] = forms.DateField(
                label="Ends on", required=False, widget=forms.DateInput({"type": "date"}),
                error_messages={"invalid": "Choose a day, or leave it empty."},
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        today = clock.now().date()
        for secret in self.manifest.secrets:
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
    def pairs(self) -> list[tuple[Secret, forms.BoundField, forms.BoundField]]:
        return [
            (one, self[f"{SECRET}{one.name}"], self[f"{ENDS}{one.name}"])
            for one in self.manifest.secrets
        ]

    def _typed(self, cleaned: Mapping[str, Any]) -> list[str]:
        return [one.name for one in self.manifest.secrets if cleaned.get(f"{SECRET}{one.name}")]


def _field(parameter: Parameter) -> forms.Field:
    common: dict[str, Any] = {
        "label": parameter.label,
        "required": parameter.required,
        "initial": parameter.default,
        "help_text": parameter.help,
    }
    match parameter.type:
        case "boolean":
            return forms.BooleanField(**common | {"required": False})
        case "integer":
            return forms.IntegerField(
                **common, error_messages={"invalid": "Type a whole number."}
            )  # fmt: skip
        case "date":
            return forms.DateField(
                **common, widget=forms.DateInput({"type": "date"}),
                error_messages={"invalid": "Choose a day."},
            )  # fmt: skip
        case "choice":
            blank = [] if parameter.required or parameter.default else [("", "—")]
            return forms.ChoiceField(
                **common, choices=[*blank, *((one, one) for one in parameter.choices)]
            )
        case _:
            return forms.CharField(**common, max_length=_LONGEST_VALUE)


def _secret(secret: Secret) -> forms.Field:
    """A key of several lines is pasted into an area; either way the page never shows it again."""
    lines = "PEM" in secret.help
    attributes = {"autocomplete": "off", "spellcheck": "false"}
    widget = (
        forms.Textarea(attributes | {"rows": 4})
        if lines
        else forms.PasswordInput(attributes | {"autocomplete": "new-password"})
    )
    return forms.CharField(
        label=secret.label, required=False, help_text=secret.help, widget=widget, strip=True
    )


def _plain(value: Any) -> Any:
    """JSON has no days; what was left empty is not kept."""
    if isinstance(value, date):
        return value.isoformat()
    return None if value == "" else value


def _hosts(named: str) -> str:
    return f"It may be at {named}." if named else "It may be anywhere that is public."
