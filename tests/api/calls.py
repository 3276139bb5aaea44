"""Calling the API in tests as a service with some scopes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.test import Client

from accounts.operations import create_token
from accounts.tokens import SCOPES

PROBLEM = "application/problem+json"


class Caller:
    """A service: ``Caller("read:cases").get("/api/v1/cases/")``; all scopes when none is named."""

    def __init__(self, *scopes: str) -> None:
        self.token, self.text = create_token(name="tests", scopes=scopes or tuple(SCOPES))
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {self.text}"}

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, query, headers=self.headers)

    def post(self, path: str, body: Any, **extra: Any) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        extra.setdefault("content_type", "application/json")
        headers = self.headers | extra.pop("headers", {})
        return self.client.post(path, raw, headers=headers, **extra)

    def all_pages(self, path: str, **query: Any) -> Iterable[dict[str, Any]]:
        """Every row of a list, page after page."""
        answer = self.get(path, **query).json()
        for _ in range(1000):
            yield from answer["results"]
            if answer["next"] is None:
                return
            answer = self.client.get(answer["next"], headers=self.headers).json()
        raise AssertionError("The list does not end.")
