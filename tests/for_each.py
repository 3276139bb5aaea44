"""One test for many values, where each of them takes less time than a test of its own costs."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any


def for_each(
    names: str | tuple[str, ...], values: Iterable[Any], *, ids: Callable[[Any], str] = str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """
    Like ``pytest.mark.parametrize``, as one test: it goes through all ``values`` and then fails
    with each error, which says for which value it is. Fixtures are those of the whole test.
    """
    asked = (names,) if isinstance(names, str) else names
    wanted = list(values)

    def made(test: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(test)
        rest = [one for name, one in signature.parameters.items() if name not in asked]

        @functools.wraps(test)
        def through_all(*args: Any, **fixtures: Any) -> None:
            assert wanted, "There is nothing to go through."
            errors: list[Exception] = []
            for value in wanted:
                given = (value,) if isinstance(names, str) else value
                try:
                    test(*args, **fixtures, **dict(zip(asked, given, strict=True)))
                except Exception as error:
                    error.add_note(f"for {', '.join(ids(one) for one in given)}")
                    errors.append(error)
            if errors:
                raise ExceptionGroup(f"{len(errors)} of {len(wanted)}", errors)

        through_all.__signature__ = signature.replace(parameters=rest)  # type: ignore[attr-defined]  # as pytest reads it
        del through_all.__wrapped__  # type: ignore[attr-defined]  # pytest would ask for its names
        return through_all

    return made
