"""
What people type to operate a connection. Instants are in their own zone.

The forms stand on one page, so that each makes ids of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.utils import timezone

from connectors.manifest import Manifest
from revops.console.connections.weekly import DAYS
from revops.console.connections.zones import ZoneField
from revops.delivery.gate import GateRow
from revops.delivery.weekly import Weekly
from revops.kernel import clock

FASTEST: Final = 1000
LONGEST_WINDOW: Final = timedelta(days=14)
_LOCAL: Final = "%Y-%m-%dT%H:%M"
_MORNING: Final = 8
_LENGTHS: Final = {
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
}
UNTIL: Final = {
    "": "Until somebody resumes",
    "30m": "In 30 minutes",
    "1h": "In 1 hour",
    "4h": "In 4 hours",
    "morning": "Tomorrow at 08:00",
}


class PauseForm(forms.Form):
    """``until`` is cleaned to an instant, None for *until somebody resumes*."""

    reason = forms.CharField(
        max_length=200,
        error_messages={
            "required": "Say why, so that others know.",
            "max_length": "Say it in at most 200 characters.",
        },
    )
    until = forms.ChoiceField(
        choices=list(UNTIL.items()),
        required=False,
        error_messages={"invalid_choice": "Choose one of the times."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"auto_id": "pause-%s"}))

    def clean_until(self) -> datetime | None:
        chosen = self.cleaned_data["until"]
        if chosen == "morning":
            morning = timezone.localtime(clock.now()) + timedelta(days=1)
            # Set on the wall clock: the day may be one with a change of the hour.
            naive = morning.replace(tzinfo=None, hour=_MORNING, minute=0, second=0, microsecond=0)
            return timezone.make_aware(naive)
        return clock.now() + _LENGTHS[chosen] if chosen else None


class LimitsForm(forms.Form):
    """``rate`` in postings a second, 0 for none; ``calls`` only where more than one is allowed."""

    rate = forms.IntegerField(
        min_value=0,
        max_value=FASTEST,
        error_messages={
            "required": "Type a whole number; 0 takes the limit away.",
            "invalid": "Type a whole number; 0 takes the limit away.",
            "min_value": "Type 0 or more.",
            "max_value": f"Type at most {FASTEST:,}.",
        },
    )
    calls = forms.IntegerField(
        min_value=1,
        error_messages={
            "required": "Type a whole number.",
            "invalid": "Type a whole number.",
            "min_value": "Type 1 or more: to stop sending, pause it.",
        },
    )

    def __init__(self, manifest: Manifest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"auto_id": "limits-%s"}))
        self.most = 1 if manifest.one_writer else manifest.max_in_flight
        if self.most == 1:
            del self.fields["calls"]

    def clean_calls(self) -> int:
        calls: int = self.cleaned_data["calls"]
        if calls > self.most:
            raise forms.ValidationError(f"Type at most {self.most}: the system allows no more.")
        return calls


class WindowForm(forms.Form):
    """A maintenance window."""

    since = forms.DateTimeField(
        input_formats=[_LOCAL],
        error_messages={"required": "Say when it begins.", "invalid": "Say when it begins."},
    )
    until = forms.DateTimeField(
        input_formats=[_LOCAL],
        error_messages={"required": "Say when it ends.", "invalid": "Say when it ends."},
    )
    note = forms.CharField(
        max_length=200,
        required=False,
        error_messages={"max_length": "Say it in at most 200 characters."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"auto_id": "window-%s"}))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if until and until <= clock.now():
            self.add_error("until", "It is over already: type a later end.")
        elif since and until and until <= since:
            self.add_error("until", "It must end after it begins.")
        elif since and until and until - since > LONGEST_WINDOW:
            self.add_error("until", f"At most {LONGEST_WINDOW.days} days: pause instead.")
        return cleaned


class WeeklyForm(forms.Form):
    """A window that comes each week; ``window`` is it when the form is valid."""

    day = forms.TypedChoiceField(
        choices=list(enumerate(DAYS)), coerce=int, initial=6,
        error_messages={"required": "Choose a day.", "invalid_choice": "Choose a day."},
    )  # fmt: skip
    since = forms.TimeField(
        input_formats=["%H:%M"],
        error_messages={"required": "Say when it begins.", "invalid": "Say when it begins."},
    )
    until = forms.TimeField(
        input_formats=["%H:%M"],
        error_messages={"required": "Say when it ends.", "invalid": "Say when it ends."},
    )
    zone = ZoneField(error_messages={"required": "Say whose clock it goes by."})
    note = forms.CharField(
        max_length=200,
        required=False,
        error_messages={"max_length": "Say it in at most 200 characters."},
    )

    window: Weekly

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"auto_id": "weekly-%s"}))

    @property
    def chosen_day(self) -> int:
        """What the list of days stands on."""
        value = str(self["day"].value())
        return int(value) if value.isascii() and value.isdigit() else 6

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        since, until = (
            timedelta(hours=at.hour, minutes=at.minute)
            for at in (cleaned["since"], cleaned["until"])
        )
        # An end that is not after the beginning is one of the next day.
        length = (until - since) % timedelta(days=1)
        if not length:
            self.add_error("until", "It must end at another time than it begins.")
        else:
            minutes = length // timedelta(minutes=1)
            self.window = Weekly(cleaned["day"], cleaned["since"], minutes, cleaned["zone"])
        return cleaned


def limits_of(gate: GateRow) -> dict[str, int]:
    """The form's values as they hold now."""
    return {"rate": gate.rate, "calls": gate.max_in_flight}


def window_of(gate: GateRow, note: str) -> dict[str, str]:
    """The announced window, or nothing when there is none any more."""
    if not (gate.window_from and gate.window_to and gate.window_to > clock.now()):
        return {}
    return {
        "since": timezone.localtime(gate.window_from).strftime(_LOCAL),
        "until": timezone.localtime(gate.window_to).strftime(_LOCAL),
        "note": note,
    }
