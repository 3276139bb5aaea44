"""What an administrator fills in: somebody new, a role, what is needed in an emergency."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms

from accounts.models import EntityGroup
from accounts.roles import LENT_IN_EMERGENCY, Role
from revops.mappings.models import LegalEntity

_ALL = ("", "All legal entities")


class InviteForm(forms.Form):
    name = forms.CharField(max_length=120, label="Name")
    email = forms.EmailField(max_length=254, label="E-mail")


class GrantForm(forms.Form):
    """A role and where; ``scope`` gives (entity, group) of what was chosen."""

    role = forms.ChoiceField(label="Role", choices=[(role.value, role.label) for role in Role])
    where = forms.ChoiceField(label="Legal entities", required=False)
    until = forms.DateField(
        label="Last day", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    reason = forms.CharField(
        label="Why", max_length=300, widget=forms.Textarea(attrs={"rows": 2}), strip=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        entities = LegalEntity.objects.order_by("name").values_list("code", "name")
        groups = EntityGroup.objects.order_by("name").values_list("pk", "name")
        field = self.fields["where"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            _ALL,
            *((f"entity:{code}", name) for code, name in entities),
            *((f"group:{number}", f"{name} (group)") for number, name in groups),
        ]

    @property
    def scope(self) -> tuple[str, EntityGroup | None]:
        kind, _, value = self.cleaned_data["where"].partition(":")
        if kind == "group":
            return "", EntityGroup.objects.get(pk=int(value))
        return (value, None) if kind == "entity" else ("", None)

    @property
    def until_instant(self) -> datetime | None:
        """The first instant, in UTC, at which the role no longer counts."""
        day = self.cleaned_data["until"]
        if day is None:
            return None
        return datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC)


class EmergencyForm(forms.Form):
    actions = forms.MultipleChoiceField(
        label="What you need",
        choices=list(LENT_IN_EMERGENCY.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    minutes = forms.IntegerField(
        label="For how many minutes", min_value=1, max_value=60, initial=30
    )
    reason = forms.CharField(
        label="What happened", max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class GroupForm(forms.Form):
    """``group`` is the number of the one that changes; empty for a new one."""

    group = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(label="Name", max_length=120)
    entities = forms.MultipleChoiceField(
        label="Legal entities", widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(label="Why", max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["entities"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list(LegalEntity.objects.order_by("name").values_list("code", "name"))
