"""The key that certificates are sealed with, and a legal entity with two months."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from revops.mappings.models import LegalEntity
from tests.factories import a_legal_entity, a_period


@pytest.fixture(autouse=True)
def _key(settings: Any) -> None:
    settings.REVOPS_AUDIT_KEY = base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def us() -> LegalEntity:
    entity = a_legal_entity("US-INC", zone="UTC")
    for month in (10, 11):
        a_period(entity, month=month)
    return entity
