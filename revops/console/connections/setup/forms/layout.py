"""
The fields of a connection's settings, made from its connector's manifest, and where each stands:
addresses and ways to sign in are chosen, each with what belongs to it alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms

from connectors.manifest import Auth, Manifest, Place
from connectors.models import Environment
from revops.console.connections.setup import places, ways
from revops.console.connections.setup.forms import fallback, fields
from revops.console.connections.zones import ZoneField
from revops.mappings.models import LegalEntity

PARAMETER: Final = "p-"


@dataclass(frozen=True, slots=True)
class Option:
    """One of several to choose from, with what belongs to it alone."""

    value: str
    label: str
    sub: str
    checked: bool
    fields: Sequence[forms.BoundField] = ()


class SettingsFields(forms.Form):
    """Names of parameters begin with ``p-``: a manifest may call one as it likes."""

    place = forms.ChoiceField(
        label="Where it is", required=False,
        error_messages={"invalid_choice": "Choose one of the addresses."},
    )  # fmt: skip

    label = forms.CharField(label="Name", max_length=120, help_text="As people call it here.")
    environment = forms.ChoiceField(
        label="Environment", choices=Environment.choices, initial=Environment.SANDBOX
    )
    base_url = forms.CharField(label="Address", max_length=300)
    zone = ZoneField(
        label="Time zone", initial="UTC",
        help_text="Days that it names without a time are days there, such as Europe/Berlin.",
    )  # fmt: skip
    entity = forms.ChoiceField(
        label="Legal entity", required=False,
        help_text="Whose books its records belong to when they do not say.",
    )  # fmt: skip

    def __init__(self, manifest: Manifest, *args: Any, own: str = "", **kwargs: Any) -> None:
        """``own`` is the slug of the connection, when there is one."""
        super().__init__(*args, **(kwargs | {"auto_id": "set-%s"}))
        self.manifest = manifest
        self.fields.update(fallback.fields(manifest, own=own))
        address = self.fields["base_url"]
        address.help_text = fields.written(manifest.base_url_help or _hosts(manifest))
        address.initial = manifest.base_url
        self._choose_place()
        entity = self.fields["entity"]
        assert isinstance(entity, forms.ChoiceField)
        known = LegalEntity.objects.order_by("name").values_list("code", "name")
        entity.choices = [("", "None: records say it themselves"), *known]
        if not manifest.emits:
            del self.fields["entity"]
        for parameter in manifest.parameters:
            self.fields[f"{PARAMETER}{parameter.name}"] = fields.field(parameter)
        self.chooser = ways.chooser(manifest)

    def _choose_place(self) -> None:
        """Addresses that are known are chosen; any other is typed."""
        offered = self.manifest.places
        place = self.fields["place"]
        assert isinstance(place, forms.ChoiceField)
        if not offered:
            del self.fields["place"]
            return
        place.choices = [
            *((str(number), one.label) for number, one in enumerate(offered)),
            (places.OTHER, "Another address"),
        ]
        place.initial = "0" if len(offered) == 1 else None
        self.fields["base_url"].required = False
        if places.tells_environment(self.manifest):
            self.fields["environment"].required = False

    @property
    def general(self) -> list[forms.BoundField]:
        beside = self._of_places
        return [
            one for one in self if not one.name.startswith(PARAMETER) and one.name not in beside
        ]

    @property
    def own(self) -> list[forms.BoundField]:
        """Those of the connector itself, however it is signed in to."""
        of_ways = {name for way in self.manifest.auth for name in self._of(way)}
        return [one for one in self if one.name.startswith(PARAMETER) and one.name not in of_ways]

    @property
    def where(self) -> list[Option]:
        """The addresses to choose from; another one has fields of its own."""
        if "place" not in self.fields:
            return []
        held = str(self["place"].value() or "")
        found = [
            Option(str(number), one.label, _shown(one), held == str(number))
            for number, one in enumerate(self.manifest.places)
        ]
        fields = [self[name] for name in self.fields if name in self._of_places - {"place"}]
        return [
            *found,
            Option(
                places.OTHER, "Another address", "A proxy, or a sandbox of your own.",
                held == places.OTHER, fields,
            ),
        ]  # fmt: skip

    @property
    def signing_in(self) -> list[Option]:
        """The ways to choose from, each with what it alone asks for; none when there is one."""
        if not self.chooser:
            return []
        held = self[f"{PARAMETER}{self.chooser}"].value()
        return [
            Option(
                str(way.chosen_by[self.chooser]), way.label, _asks(self.manifest, way),
                held == way.chosen_by[self.chooser],
                [self[name] for name in self._alone(way)],
            )
            for way in self.manifest.auth
        ]  # fmt: skip

    @property
    def way_field(self) -> forms.BoundField | None:
        return self[f"{PARAMETER}{self.chooser}"] if self.chooser else None

    @property
    def _of_places(self) -> set[str]:
        if "place" not in self.fields:
            return set()
        told = places.tells_environment(self.manifest)
        return {"place", "base_url", *(("environment",) if told else ())}

    def _of(self, way: Auth) -> list[str]:
        """The fields that are shown with a way, its choice among them."""
        chooser = [f"{PARAMETER}{self.chooser}"] if self.chooser else []
        return [*chooser, *self._alone(way)]

    def _alone(self, way: Auth) -> list[str]:
        return [f"{PARAMETER}{name}" for name in ways.own_parameters(self.manifest, way)]


def _hosts(manifest: Manifest) -> str:
    named = ", ".join(host for host in manifest.hosts if host != "*")
    where = f"It may be at {named}." if named else "It may be anywhere that is public."
    return f"Begins with https://. {where}"


def _shown(place: Place) -> str:
    address = fields.written(place.base_url)
    return f"{address}. {place.help}" if place.help else address


def _asks(manifest: Manifest, way: Auth) -> str:
    labels = {one.name: one.label for one in manifest.secrets}
    if not way.secrets:
        return "It needs no credentials."
    return f"Its credentials: {', '.join(labels[name] for name in way.secrets)}."
