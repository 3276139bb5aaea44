"""How long a sandbox is at work: from when its application is served until it is not."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.applications import Starlette

Work = Callable[[], Awaitable[None]]
Lifespan = Callable[[Starlette], contextlib.AbstractAsyncContextManager[None]]


def ends_with(*closes: Work, begins: Work | None = None) -> Lifespan:
    """
    The lifespan of an application that ``begins`` something when it is served, and at its end
    closes what it had opened, one after the other; one that fails keeps no other from it.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if begins is not None:
            await begins()
        async with contextlib.AsyncExitStack() as ending:
            for close in reversed(closes):
                ending.push_async_callback(close)
            yield

    return lifespan
