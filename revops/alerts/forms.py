"""The boxes of a rule. Whether it can be kept is said by ``operations.rules.problems``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from django import forms

from accounts.authority import ALL
from accounts.models import User
from accounts.queries import scope_of
from revops.alerts import measures
from revops.alerts.measures import Unit
from revops.alerts.models import Rule
from revops.alerts.operations.rules import Draft
from revops.alerts.queries import listing
from revops.kernel.money import AmountInvalid, Money, minor_digits
from revops.mappings.models import LegalEntity

_TIME: Final = re.compile(r"^(\d{1,6})\s*(min|h|d)?$", re.IGNORECASE)
_MINUTES: Final = {"min": 1, "h": 60, "d": 1_440}
_GROUPS: Final = {
    Unit.MONEY: "Money", Unit.MINUTES: "How long something waits", Unit.COUNT: "How many",
}  # fmt: skip
_HOURS: Final = [("", "none"), *((str(hour), f"{hour:02d}:00") for hour in range(24))]
_MOST: Final = 2**62


def minutes_of(text: str) -> int:
    """``90``, ``90 min``, ``4 h`` or ``2 d``. Raises ValueError."""
    found = _TIME.match(text.strip())
    if found is None:
        raise ValueError("Write a time such as 30 min, 4 h or 2 d.")
    return int(found[1]) * _MINUTES[(found[2] or "min").lower()]


class RuleForm(forms.Form):
    name = forms.CharField(label="Name", max_length=120)
    measure = forms.ChoiceField(label="What is measured")
    entity = forms.ChoiceField(label="Legal entity", required=False)
    comparison = forms.ChoiceField(
        label="Fires when it is", choices=[("more", "more than"), ("least", "at least")]
    )
    limit = forms.CharField(label="This much", max_length=30)
    currency = forms.ChoiceField(label="Currency", required=False)
    for_minutes = forms.CharField(label="For", max_length=12, required=False)
    closes_within = forms.IntegerField(
        label="Period ends within, days", required=False, min_value=0, max_value=366
    )
    owner = forms.ChoiceField(label="Who is told")
    escalate_to = forms.ChoiceField(label="Who is told next", required=False)
    escalate_after = forms.CharField(label="Unless taken on within", max_length=12, required=False)
    mail = forms.BooleanField(label="Also by e-mail", required=False)
    chat = forms.BooleanField(label="Also in the chat", required=False)
    quiet_from = forms.ChoiceField(label="Quiet from", choices=_HOURS, required=False)
    quiet_until = forms.ChoiceField(label="Quiet until", choices=_HOURS, required=False)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        entities = list(LegalEntity.objects.order_by("name"))
        people = listing.people()
        self._entities = {one.code: one for one in entities}
        self._people = {str(one.pk): one for one in people}
        of_all = [("", "All legal entities")] if scope_of(person, "alerts.view") is ALL else []
        named = [(str(one.pk), one.name) for one in people]
        self._offer("measure", _choices_of_measures())
        self._offer("entity", [*of_all, *((one.code, one.name) for one in entities)])
        currencies = sorted({one.functional_currency for one in entities})
        self._offer("currency", [("", "no money"), *((one, one) for one in currencies)])
        self._offer("owner", named)
        self._offer("escalate_to", [("", "nobody"), *named])
        for name, field in self.fields.items():
            field.widget.attrs["id"] = name.replace("_", "-")

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        for name in ("for_minutes", "escalate_after"):
            text = found.get(name) or ""
            try:
                found[name] = minutes_of(text) if text.strip() else None
            except ValueError as error:
                self.add_error(name, str(error))
        if "limit" in found and "measure" in found:
            try:
                found["limit"] = self._limit(found)
            except (ValueError, AmountInvalid) as error:
                self.add_error("limit", str(error))
        return found

    def _limit(self, found: Mapping[str, Any]) -> int:
        """In minor units, minutes, or a number. Raises ValueError with a sentence."""
        text = str(found["limit"]).replace(",", "").strip()
        unit = measures.get(found["measure"]).unit
        if unit is Unit.MINUTES:
            return minutes_of(text)
        if unit is Unit.MONEY:
            if not found.get("currency"):
                raise ValueError("Choose the currency of this amount.")
            try:
                value = Money.parse(text, found["currency"]).minor
            except AmountInvalid:
                digits = minor_digits(found["currency"])
                raise ValueError(f"Write an amount with at most {digits} decimals.") from None
        elif text.isascii() and text.isdigit():
            value = int(text)
        else:
            raise ValueError("Write a whole number.")
        if not 0 <= value < _MOST:
            raise ValueError("The limit is zero or more.")
        return value

    def draft(self) -> Draft:
        """The rule that the boxes say; only of a form that is valid."""
        found = self.cleaned_data
        money = measures.get(found["measure"]).unit is Unit.MONEY
        return Draft(
            name=" ".join(found["name"].split()),
            measure=found["measure"],
            threshold=found["limit"],
            owner=self._people[found["owner"]],
            legal_entity=self._entities.get(found.get("entity") or ""),
            at_least=found["comparison"] == "least",
            currency=found["currency"] if money else "",
            for_minutes=found["for_minutes"] or 0,
            closes_within=found["closes_within"],
            escalate_to=self._people.get(found.get("escalate_to") or ""),
            escalate_after=found["escalate_after"],
            mail=found["mail"],
            chat=found["chat"],
            quiet_from=_hour(found["quiet_from"]),
            quiet_until=_hour(found["quiet_until"]),
        )

    def _offer(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


def initial_of(rule: Rule) -> dict[str, Any]:
    """The boxes as they would have been filled in to make this rule."""
    known = measures.MEASURES.get(rule.measure)
    unit = known.unit if known else Unit.COUNT
    limit = str(rule.threshold)
    if unit is Unit.MONEY:
        limit = str(Money(rule.threshold, rule.currency).decimal)
    elif unit is Unit.MINUTES:
        limit = _time(rule.threshold)
    return {
        "name": rule.name, "measure": rule.measure,
        "entity": rule.legal_entity.code if rule.legal_entity else "",
        "comparison": "least" if rule.at_least else "more", "limit": limit,
        "currency": rule.currency, "for_minutes": _time(rule.for_minutes),
        "closes_within": rule.closes_within, "owner": str(rule.owner_id),
        "escalate_to": str(rule.escalate_to_id or ""),
        "escalate_after": _time(rule.escalate_after or 0), "mail": rule.mail, "chat": rule.chat,
        "quiet_from": "" if rule.quiet_from is None else str(rule.quiet_from),
        "quiet_until": "" if rule.quiet_until is None else str(rule.quiet_until),
    }  # fmt: skip


def _choices_of_measures() -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (label, [(one.slug, one.label) for one in measures.all() if one.unit is unit])
        for unit, label in _GROUPS.items()
    ]


def _time(minutes: int) -> str:
    if not minutes:
        return ""
    for word in ("d", "h"):
        if minutes % _MINUTES[word] == 0:
            return f"{minutes // _MINUTES[word]} {word}"
    return f"{minutes} min"


def _hour(text: str) -> int | None:
    return int(text) if text else None
