"""Edit and retry: what an event says is corrected by a person, checked, agreed to and told anew."""

from __future__ import annotations
