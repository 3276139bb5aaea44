"""Where personal data can stand: every column that its app's ``classes.py`` calls personal."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from revops.kernel.privacy import PERSONAL, parse

ERASED: Final = "[erased]"
SHORTEST: Final = 4
# People of the console are ended by deactivating them; the trail's details are erased by itself.
_ELSEWHERE: Final = frozenset({"accounts", "revops.audit"})


class TooShort(ValueError):
    """So short a text would be found in the middle of everything."""


@dataclass(frozen=True, slots=True)
class Place:
    """
    A column; ``length`` is that of a ``varchar``, ``key`` the table's primary key, ``numbered``
    when that is a number, so that the table can be walked in parts. ``stamped``: rows say when they
    changed, and others follow by that (a warehouse).
    """

    table: str
    key: str
    column: str
    form: Literal["text", "json", "bytes"]
    length: int | None = None
    numbered: bool = False
    stamped: bool = False

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


def places() -> Iterator[Place]:
    """All of them, in the order of the apps and models."""
    for config in apps.get_app_configs():
        if config.name in _ELSEWHERE:
            continue
        try:
            classes = parse(importlib.import_module(f"{config.name}.classes").CLASSES)
        except ModuleNotFoundError:
            continue
        for model in config.get_models():
            for field in model._meta.local_concrete_fields:
                if classes.get(model.__name__, {}).get(field.name) in PERSONAL:
                    yield _place(model, field)


def _place(model: type[models.Model], field: models.Field[object, object]) -> Place:
    if isinstance(field, ArrayField):
        raise TypeError(f"{model.__name__}.{field.name}: personal data do not go into arrays.")
    form: Literal["text", "json", "bytes"] = (
        "json" if isinstance(field, models.JSONField)
        else "bytes" if isinstance(field, models.BinaryField) else "text"
    )  # fmt: skip
    key = model._meta.pk
    assert key is not None  # every model has one
    return Place(
        model._meta.db_table, str(key.column), str(field.column), form,
        getattr(field, "max_length", None) if form == "text" else None,
        numbered=isinstance(key, models.IntegerField | models.AutoField),
        stamped=any(one.name == "updated_at" for one in model._meta.local_concrete_fields),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Terms:
    """What stands for a person: an e-mail address, a name, a telephone number, as written."""

    texts: tuple[str, ...]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Terms:
        """Raises TooShort."""
        found = tuple(dict.fromkeys(" ".join(text.split()) for text in texts if text.strip()))
        short = [text for text in found if len(text) < SHORTEST]
        if short or not found:
            raise TooShort(f"Give at least one text, each of {SHORTEST} characters or more.")
        return cls(found)

    def _variants(self) -> list[str]:
        """As they are, and as JSON may have written them."""
        found = list(self.texts)
        for text in self.texts:
            found += [json.dumps(text, ensure_ascii=plain)[1:-1] for plain in (True, False)]
        return list(dict.fromkeys(found))

    def pattern(self) -> str:
        """For PostgreSQL's ``~*``: whole words, so that “Pat Lee” is not found in “Pat Leeds”."""
        return "|".join(_whole(text, _escaped(text)) for text in self._variants())

    def bytes_pattern(self) -> str:
        """The same over ``encode(…, 'escape')``, which writes octets above 127 as ``\\303``."""
        return "|".join(
            _escaped("".join(_octet(octet) for octet in text.encode())) for text in self._variants()
        )

    def cut(self, text: str) -> str:
        """The text without them."""
        choices = "|".join(_whole(text, re.escape(text)) for text in self._variants())
        return re.sub(choices, ERASED, text, flags=re.IGNORECASE)

    def stand_in(self, text: str) -> bool:
        return self.cut(text) != text


def _octet(octet: int) -> str:
    if octet == 0x5C:
        return "\\\\"
    return chr(octet) if octet < 128 else f"\\{octet:03o}"


def _escaped(text: str) -> str:
    return "".join(sign if sign.isalnum() or sign == " " else f"\\{sign}" for sign in text)


def _whole(text: str, pattern: str) -> str:
    """Not a part of a longer word or address; PostgreSQL and Python read this alike."""
    before = r"(?<![\w.+-])" if "@" in text else r"(?<!\w)"
    return f"{before if text[0].isalnum() else ''}{pattern}(?!\\w|[.-]\\w)"
