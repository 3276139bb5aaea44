"""How the sandbox refuses: the same sentences as Tryton, which each door dresses in its own way."""

from __future__ import annotations


class UserError(Exception):
    """Tryton says no, and keeps nothing of the call."""


class AccessError(UserError):
    """The same, but the REST door for actions hides the sentence behind a 403 page."""


class Crash(Exception):
    """A fault of Tryton's own: 500 by REST, 200 with an error that is no UserError by JSON-RPC."""


class Page(Exception):
    """An HTML page with this status instead of an answer."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.text = text


LOCKED = 'could not obtain lock on row in relation "ir_sequence_strict"'


def domain(value: str, field: str, record: str, model: str) -> UserError:
    return UserError(
        f'The value "{value}" for field "{field}" in record "{record}" of "{model}" is not valid '
        "according to its domain."
    )


def unknown(value: object, field: str, model: str) -> UserError:
    return UserError(f'The value "{value}" for field "{field}" in "{model}" does not exist.')


def required(field: str, model: str, record: str = "") -> UserError:
    where = f'record "{record}" of "{model}"' if record else f'"{model}"'
    return UserError(f'A value is required for field "{field}" in {where}.')
