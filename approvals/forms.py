"""What people type: a policy with its tiers, a delegation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from accounts.models import User
from accounts.roles import Role
from approvals import subjects
from approvals.policies import TierTerms
from revops.kernel.money import AmountInvalid, Money
from revops.mappings.models import LegalEntity

ROWS: Final = 5
STEPS: Final = 3
_FORMER: Final = "%Y-%m-%d"


class DelegationForm(forms.Form):
    """Days are whole ones of the giver's zone; the last one is included."""

    taker = forms.TypedChoiceField(label="Who decides for you", coerce=int)
    first_day = forms.DateField(label="From", widget=forms.DateInput({"type": "date"}))
    last_day = forms.DateField(label="Until", widget=forms.DateInput({"type": "date"}))
    reason = forms.CharField(label="Why", max_length=300)

    def __init__(self, giver: User, people: Mapping[int, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.giver = giver
        taker = self.fields["taker"]
        assert isinstance(taker, forms.TypedChoiceField)
        taker.choices = [("", "Choose a person"), *people.items()]
        for name, field in self.fields.items():
            field.widget.attrs["id"] = f"delegation-{name.replace('_', '-')}"

    def span(self) -> tuple[datetime, datetime]:
        """From the first moment of the first day to the first one after the last day."""
        zone = ZoneInfo(self.giver.zone)
        first, last = self.cleaned_data["first_day"], self.cleaned_data["last_day"]
        return (
            datetime.combine(first, time(), zone).astimezone(UTC),
            datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC),
        )


class PolicyForm(forms.Form):
    """What a policy is for, and from when."""

    subject = forms.ChoiceField(label="What is asked for")
    entity = forms.ChoiceField(label="Legal entity", required=False)
    reason = forms.SlugField(label="Reason", max_length=40, required=False)
    starts = forms.DateField(label="From", widget=forms.DateInput({"type": "date"}))
    expires_days = forms.IntegerField(label="Expires after, working days", initial=5)
    sample_percent = forms.IntegerField(label="Looked at afterwards, %", initial=10)
    note = forms.CharField(label="Why it changes", max_length=300, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        subject, entity = self.fields["subject"], self.fields["entity"]
        assert isinstance(subject, forms.ChoiceField)
        assert isinstance(entity, forms.ChoiceField)
        subject.choices = [(one.slug, one.label) for one in subjects.all()]
        known = LegalEntity.objects.order_by("name").values_list("code", "name")
        entity.choices = [("", "All legal entities"), *known]
        for name, field in self.fields.items():
            field.widget.attrs["id"] = f"policy-{name.replace('_', '-')}"


class TrialForm(forms.Form):
    """A request that is only being thought of."""

    trial_entity = forms.ChoiceField(label="Legal entity", required=False)
    trial_amount = forms.CharField(label="Amount", required=False, max_length=20)
    trial_currency = forms.CharField(label="Currency", required=False, max_length=3)
    trial_by = forms.TypedChoiceField(
        label="Asked by", required=False, coerce=int, empty_value=None
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        entity, by = self.fields["trial_entity"], self.fields["trial_by"]
        assert isinstance(entity, forms.ChoiceField)
        assert isinstance(by, forms.TypedChoiceField)
        known = LegalEntity.objects.order_by("name").values_list("code", "name")
        entity.choices = [("", "None"), *known]
        people = User.objects.filter(is_active=True).order_by("name").values_list("pk", "name")
        by.choices = [("", "Somebody else"), *people]
        for name, field in self.fields.items():
            field.widget.attrs["id"] = name.replace("_", "-")

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        text, currency = found.get("trial_amount", ""), found.get("trial_currency", "").upper()
        found["amount"] = None
        if text:
            try:
                found["amount"] = Money.parse(text.replace(",", ""), currency)
            except AmountInvalid as error:
                self.add_error("trial_amount", str(error))
        return found


def read_tiers(data: QueryDict) -> tuple[list[TierTerms], list[dict[str, Any]], list[str]]:
    """
    The tiers of the editor's rows: as terms, as they were typed, and what cannot be read. A row
    without steps and without limit is left out, unless it is the only one.
    """
    terms, typed, wrong = [], [], []
    for row in range(1, ROWS + 1):
        steps = [data.get(f"step-{row}-{step}", "") for step in range(1, STEPS + 1)]
        raw: dict[str, Any] = {
            "row": row,
            "used": data.get(f"used-{row}") == "yes",
            "up_to": data.get(f"up-to-{row}", "").strip(),
            "steps": steps,
            "due_days": data.get(f"due-{row}", "1").strip() or "1",
            "escalate_to": data.get(f"escalate-{row}", ""),
            "reauthenticate": data.get(f"proof-{row}") == "yes",
        }
        typed.append(raw)
        if not raw["used"]:
            continue
        limit, due = str(raw["up_to"]).replace(",", ""), str(raw["due_days"])
        if not (limit == "" or (limit.isascii() and limit.isdigit() and len(limit) < 16)):
            wrong.append(f"The limit of tier {row - 1} is no whole number.")
            continue
        if not (due.isascii() and due.isdigit() and len(due) < 3):
            wrong.append(f"Tier {row - 1} is due in a number of working days.")
            continue
        terms.append(
            TierTerms(
                row - 1,
                int(limit) if limit else None,
                tuple(step for step in steps if step),
                int(due),
                str(raw["escalate_to"]),
                bool(raw["reauthenticate"]),
            )
        )
    return terms, typed, wrong


def rows_of(tiers: list[TierTerms]) -> list[dict[str, Any]]:
    """A policy's tiers as the editor's rows."""
    known = {tier.number: tier for tier in tiers}
    rows = []
    for row in range(1, ROWS + 1):
        tier = known.get(row - 1)
        steps = list(tier.steps) if tier else []
        rows.append({
            "row": row,
            "used": tier is not None,
            "up_to": "" if tier is None or tier.up_to is None else str(tier.up_to),
            "steps": [*steps, *[""] * (STEPS - len(steps))][:STEPS],
            "due_days": str(tier.due_days if tier else 1),
            "escalate_to": tier.escalate_to if tier else "",
            "reauthenticate": bool(tier and tier.reauthenticate),
        })  # fmt: skip
    return rows


def role_choices(subject: str) -> list[tuple[str, str]]:
    """The roles of a step, and each pair of them of which either will do."""
    held = [role for role in Role if role.value in subjects.checkers(subject)]
    short = {role: role.label.split()[-1].capitalize() for role in held}
    pairs = [
        (f"{first.value}|{second.value}", f"{short[first]} or {short[second].lower()}")
        for index, first in enumerate(held)
        for second in held[index + 1 :]
    ]
    return [("", "Nobody"), *((role.value, short[role]) for role in held), *pairs]


def in_days(days: int, today: date) -> str:
    """A day from today, as a date box takes it."""
    return (today + timedelta(days=days)).strftime(_FORMER)
