"""
The form of a connection, made from its connector's manifest. Secrets have a form of their own
(``credentials``): they go in and never come out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django import forms
from django.utils.text import slugify

from connectors import registry
from connectors.egress import Refused
from connectors.manifest import Auth, Manifest, Place
from connectors.models import Connection, Environment
from revops.console.connections.setup import places, ways
from revops.console.connections.setup.address import checked
from revops.console.connections.setup.forms import fallback, fields
from revops.console.connections.zones import ZoneField
from revops.mappings.models import LegalEntity

PARAMETER: Final = "p-"
TAKEN_WORDS: Final = frozenset({"new"})
# Of all that is wrong with one field.
_TOLD: Final = 8


@dataclass(frozen=True, slots=True)
class Setup:
    """A connection's settings as a person typed them; ``entity`` is a code or blank."""

    label: str
    environment: str
    base_url: str
    zone: str
    entity: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    fallback: tuple[str, int] | None = None

    def content(self) -> dict[str, Any]:
        """As plain JSON values; with a ``fallback`` and its minutes where it takes messages."""
        found = {
            "label": self.label,
            "environment": self.environment,
            "base_url": self.base_url,
            "zone": self.zone,
            "entity": self.entity,
            "parameters": dict(self.parameters),
        }
        if self.fallback is None:
            return found
        slug, after = self.fallback
        return found | {"fallback": slug, "fallback_after": after}


@dataclass(frozen=True, slots=True)
class Option:
    """One of several to choose from, with what belongs to it alone."""

    value: str
    label: str
    sub: str
    checked: bool
    fields: Sequence[forms.BoundField] = ()


class SettingsForm(forms.Form):
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

    def clean_label(self) -> str:
        label: str = self.cleaned_data["label"]
        if slugify(label) in TAKEN_WORDS or not slugify(label):
            raise forms.ValidationError("Give it a name with letters, and not “new”.")
        return label

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        typed = self._parameters(cleaned)
        self._clean_way(typed)
        self._clean_typed(typed)
        place = places.chosen(self.manifest, cleaned.get("place") or "")
        if place is None:
            self._clean_address(cleaned, "base_url", cleaned.get("base_url", ""))
            if not cleaned.get("environment") and "environment" not in self.errors:
                self.add_error("environment", "Say whether it is a sandbox.")
        else:
            self._clean_place(cleaned, place, typed)
        return cleaned

    def _clean_place(
        self, cleaned: dict[str, Any], place: Place, typed: Mapping[str, Any]
    ) -> None:  # fmt: skip
        if unfit := places.unfit(place, typed):
            for name in unfit:
                field = f"{PARAMETER}{name}"
                if field not in self.errors:
                    self.add_error(
                        field, f"It is part of the address {fields.written(place.base_url)}: type "
                        "letters and digits, also with - or . between them.",
                    )  # fmt: skip
            return
        self._clean_address(cleaned, "place", places.filled(place, typed))
        if places.tells_environment(self.manifest):
            cleaned["environment"] = place.kind

    def _clean_address(self, cleaned: dict[str, Any], field: str, address: str) -> None:
        if "base_url" in self.errors:
            return
        if not address:
            self.add_error("base_url", "Type its address, or choose one.")
            return
        try:
            cleaned["base_url"] = checked(self.manifest, address)
        except Refused as refused:
            self.add_error(field, str(refused))

    def _clean_way(self, typed: Mapping[str, Any]) -> None:
        """Everything that only the chosen way to sign in asks for has to be there."""
        way = ways.chosen(self.manifest, typed)
        for name in ways.own_parameters(self.manifest, way) if way else ():
            field = f"{PARAMETER}{name}"
            if typed.get(name) is None and field not in self.errors and way:
                self.add_error(field, f"It is needed for this: {way.label}.")

    def _clean_typed(self, typed: Mapping[str, Any]) -> None:
        """What the connector itself says of its parameters, and addresses among them."""
        told: dict[str, int] = {}
        for one in registry.check(self.manifest.slug, typed):
            told[one.parameter] = told.get(one.parameter, 0) + 1
            if told[one.parameter] <= _TOLD:
                self.add_error(f"{PARAMETER}{one.parameter}", one.words)
        for parameter in self.manifest.parameters:
            value = str(typed.get(parameter.name) or "")
            if parameter.type != "address" or not value or re.fullmatch(r"/[^/\s].*", value):
                continue
            try:
                checked(self.manifest, value)
            except Refused as refused:
                self.add_error(f"{PARAMETER}{parameter.name}", str(refused))

    def _parameters(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        return {
            one.name: value
            for one in self.manifest.parameters
            if (value := fields.plain(cleaned.get(f"{PARAMETER}{one.name}"))) is not None
        }

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
            parameters=self._parameters(found),
            fallback=fallback.chosen(found),
        )

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


def initial_of(
    connection: Connection, manifest: Manifest, held: Mapping[str, Any]
) -> dict[str, Any]:
    """The form's values as they hold now; ``held`` as ``operations.content_of`` has it."""
    return {
        "place": places.known(
            manifest, connection.base_url, connection.environment, connection.parameters
        ),
        "label": connection.label,
        "environment": connection.environment,
        "base_url": connection.base_url,
        "zone": connection.zone,
        "entity": held["entity"],
        **{name: held[name] for name in ("fallback", "fallback_after") if name in held},
        **{f"{PARAMETER}{name}": value for name, value in connection.parameters.items()},
    }


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
