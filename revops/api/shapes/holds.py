"""
What the fields of answers hold: shown to a service that may see it, and a mask to others.

A field of an answer that can hold words is of one of these types, or named as a code in
``tests/api/test_masking.py``.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from pydantic import PlainSerializer

from revops.kernel.privacy import PII, TAX
from revops.kernel.sight import shown

Personal = Annotated[str, PII, PlainSerializer(partial(shown, data=PII), return_type=str)]
"""A name, or a sentence that may hold one."""

Tax = Annotated[str, TAX, PlainSerializer(partial(shown, data=TAX), return_type=str)]
"""A tax number or place."""

Content = Annotated[
    dict[str, Any], PII, PlainSerializer(partial(shown, data=PII), return_type=dict[str, Any])
]
"""Fields that somebody else decides the names of."""
