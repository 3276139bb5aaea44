"""
The form of a connection: what may be typed into its fields (``layout``). Secrets have a form of
their own (``credentials``): they go in and never come out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.text import slugify

from connectors import registry
from connectors.egress import Refused
from connectors.manifest import Manifest, Place
from connectors.models import Connection
from revops.console.connections.setup import places, ways
from revops.console.connections.setup.address import checked
from revops.console.connections.setup.content import Setup
from revops.console.connections.setup.forms import fallback, fields
from revops.console.connections.setup.forms.layout import PARAMETER, SettingsFields

TAKEN_WORDS: Final = frozenset({"new"})
# Of all that is wrong with one field.
_TOLD: Final = 8


class SettingsForm(SettingsFields):
    """``setup`` is what a valid form holds."""

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
