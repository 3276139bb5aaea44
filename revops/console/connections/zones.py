"""A time zone as people type one."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms


class ZoneField(forms.CharField):
    """Cleaned to the name of a zone that there is, such as Europe/Berlin."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=64, **options)

    def clean(self, value: Any) -> str:
        zone: str = super().clean(value)
        if zone not in zoneinfo.available_timezones():
            raise forms.ValidationError(f"“{zone}” is no time zone; one is Europe/Berlin.")
        return zone
