"""Foreign keys point the same way as imports: down."""

from __future__ import annotations

from django.apps import apps
from django.db.models import Field, Model

from tests.architecture import house


def height_of(model: type[Model]) -> int | None:
    """The layer of a model's package; None for models that are not ours."""
    known = house.layers()
    parts = model.__module__.split(".")
    for length in range(len(parts), 0, -1):
        if (package := ".".join(parts[:length])) in known:
            return known[package]
    return None


def relations() -> list[tuple[type[Model], Field, type[Model]]]:
    return [
        (model, field, field.related_model)
        for model in apps.get_models()
        if height_of(model) is not None
        for field in model._meta.get_fields(include_hidden=True)
        if isinstance(field, Field) and field.is_relation and field.related_model
    ]


class TestForeignKeys:
    def test_follow_the_order_of_imports(self) -> None:
        wrong = [
            f"{model.__name__}.{field.name} → {target.__name__}"
            for model, field, target in relations()
            if (there := height_of(target)) is not None and there > (height_of(model) or 0)
        ]
        assert not wrong, "\n".join(wrong)

    def test_are_there_to_be_checked(self) -> None:
        assert len(relations()) >= 20

    def test_every_one_of_our_models_has_a_layer(self) -> None:
        ours = [
            model for model in apps.get_models() if model.__module__.split(".")[0] in house.PACKAGES
        ]
        assert [model.__module__ for model in ours if height_of(model) is None] == []

    def test_never_take_history_with_them(self) -> None:
        """Facts are kept: what a journal, command or event stands on cannot be deleted away."""
        kept = {"revops.ledger.models", "revops.delivery.models", "revops.events.models"}
        loose = [
            f"{model.__name__}.{field.name}"
            for model, field, _ in relations()
            if model.__module__ in kept
            and field.remote_field
            and getattr(field.remote_field.on_delete, "__name__", "") != "PROTECT"
            and not field.primary_key
        ]
        assert not loose, "\n".join(loose)
