"""JSON without surprises for the API: see ``revops.kernel.strict_json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from revops.api import bodies
from revops.api.problems import Problem
from revops.kernel import strict_json


class StrictJSONParser(BaseParser):
    """Raises Problem: 400 with what is wrong with the JSON, 411, 413 or 415 for the body."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        assert parser_context is not None  # DRF always gives one
        try:
            # DRF hands on Django's own request as the stream.
            return strict_json.loads(bodies.read(parser_context["request"]._request))
        except bodies.BodyRefused as error:
            raise Problem(error.status, "", str(error)) from error
        except strict_json.JsonRefused as error:
            raise Problem(400, "json-refused", str(error)) from error
