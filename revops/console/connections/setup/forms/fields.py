"""Fields of a form, made from a manifest's parameters."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

from django import forms

from connectors.manifest import Parameter

_LONGEST_VALUE: Final = 1_000
_LONGEST_JSON: Final = 60_000
# Where something is to be put in.
_OPEN: Final = re.compile(r"[<{]([a-z]+(?:[ _][a-z]+)*)[>}]")


class Lines(forms.CharField):
    """Browsers end lines in two characters: what was not changed would look changed."""

    def to_python(self, value: Any) -> str | None:
        text = super().to_python(value)
        return text.replace("\r\n", "\n") if text else text


def field(parameter: Parameter) -> forms.Field:
    """The field for a parameter, by its type."""
    common: dict[str, Any] = {
        "label": parameter.label,
        "required": parameter.required,
        "initial": parameter.default,
        "help_text": written(parameter.help),
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
            named = zip(parameter.choices, parameter.labels or parameter.choices, strict=True)
            return forms.ChoiceField(**common, choices=[*blank, *named])
        case "json":
            lines = forms.Textarea({"rows": 14, "spellcheck": "false", "class": "code"})
            return Lines(**common, max_length=_LONGEST_JSON, widget=lines)
        case _:
            return forms.CharField(**common, max_length=_LONGEST_VALUE)


def plain(value: Any) -> Any:
    """A value as it is kept: JSON has no days; what was left empty is not kept."""
    if isinstance(value, date):
        return value.isoformat()
    return None if value == "" else value


def written(text: str) -> str:
    """An address as people write it: ``{my_domain}`` and ``<my domain>`` are ``MY-DOMAIN``."""
    return _OPEN.sub(lambda found: re.sub(r"[ _]", "-", found[1]).upper(), text)
