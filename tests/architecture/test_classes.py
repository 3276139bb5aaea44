"""Every stored field says what it holds, so that nothing personal is kept or shown by accident."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Field, Model

from revops.kernel.privacy import COMMON, PERSONAL, PII, PUBLIC, SECRET, TAX, Data, parse
from tests.architecture import house

# What can hold no words at all; whatever is not one of these has to be named.
WORDLESS = (
    models.AutoField, models.BooleanField, models.DateField, models.DecimalField,
    models.FloatField, models.ForeignKey, models.IntegerField, DateRangeField,
)  # fmt: skip
# A name that sounds like one of these is no business code, whatever somebody writes beside it.
SOUNDS = {
    PII: re.compile(r"email|phone|address|birth|street|contact|(?:^|_)(?:ip|body|reason|note)$"),
    SECRET: re.compile(r"password|ciphertext|(?:^|_)digest$"),
    TAX: re.compile(r"^tax_(?:id|key|number)|vat_"),
}
LONGEST_CODE = 200


def ours() -> list[type[Model]]:
    return [one for one in apps.get_models() if one.__module__.split(".")[0] in house.PACKAGES]


def declared(app: str) -> dict[str, dict[str, Data]]:
    try:
        return parse(importlib.import_module(f"{app}.classes").CLASSES)
    except ModuleNotFoundError:
        return {}


def fields(model: type[Model]) -> list[Field[Any, Any]]:
    return list(model._meta.local_concrete_fields)


def without_class(model: type[Model]) -> list[str]:
    known = declared(model._meta.app_config.name).get(model.__name__, {})
    return [
        f"{model._meta.app_config.name}.{model.__name__}.{field.name}"
        for field in fields(model)
        if field.name not in known and not isinstance(field, WORDLESS) and not _is_code(field)
    ]


def _is_code(field: Field[Any, Any]) -> bool:
    """One of the common codes: short, and no free text."""
    length = getattr(field, "max_length", None)
    return field.name in COMMON and length is not None and length <= LONGEST_CODE


class TestFields:
    def test_have_a_class_each(self) -> None:
        missing = [name for model in ours() for name in without_class(model)]
        assert not missing, "Say in the app's classes.py what these hold:\n" + "\n".join(missing)

    def test_are_there(self) -> None:
        assert sum(len(fields(model)) for model in ours()) > 700

    def test_that_are_named_exist(self) -> None:
        gone = []
        for app in {model._meta.app_config.name for model in ours()}:
            held = {one.__name__: one for one in ours() if one._meta.app_config.name == app}
            for model, known in declared(app).items():
                names = {field.name for field in fields(held[model])} if model in held else set()
                gone += [f"{app}.{model}.{name}" for name in known if name not in names]
        assert not gone, "\n".join(gone)

    def test_are_not_called_business_when_they_sound_personal(self) -> None:
        wrong = [
            f"{model.__name__}.{field.name} is {data.value}"
            for model in ours()
            for field in fields(model)
            if not isinstance(field, WORDLESS)
            for data in [
                declared(model._meta.app_config.name).get(model.__name__, {}).get(field.name)
            ]
            if data is not None
            for sound, pattern in SOUNDS.items()
            if pattern.search(field.name) and data not in (sound, *PERSONAL, SECRET)
        ]
        assert set(wrong) <= BY_DECISION, "\n".join(sorted(set(wrong) - BY_DECISION))

    @pytest.mark.parametrize("name", sorted(COMMON))
    def test_of_common_names_sound_like_nobody(self, name: str) -> None:
        assert not any(pattern.search(name) for pattern in SOUNDS.values())

    def test_that_are_public_are_few(self) -> None:
        public = [
            f"{model}.{name}"
            for app in {one._meta.app_config.name for one in ours()}
            for model, known in declared(app).items()
            for name, data in known.items()
            if data is PUBLIC
        ]
        assert public == []

    def test_without_a_class_would_be_caught(self) -> None:
        class Meta:
            app_label = "canonical"

        holds = {
            "__module__": "revops.canonical.models", "Meta": Meta,
            "nickname": models.CharField(max_length=40), "state": models.TextField(),
            "born": models.DateField(null=True), "kind": models.CharField(max_length=8),
        }  # fmt: skip
        try:
            made = type("Unclassified", (Model,), holds)
            found = [name.rpartition(".")[2] for name in without_class(made)]
        finally:
            apps.all_models["canonical"].pop("unclassified", None)
            apps.clear_cache()
        assert found == ["nickname", "state"]


# Reasons that are a code, or a sentence of a rule of ours, and nobody's own words.
BY_DECISION = {
    "Policy.reason is internal",
    "RatedLine.reason is internal",
    "RevenueSchedule.stop_reason is internal",
}
