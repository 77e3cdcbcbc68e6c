"""Connections to the instances: an answer in pieces, every failure as one exception."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

import aiohttp

from pipeline.fleet.telemetry import base_url
from pipeline.gateway._patience import patience
from pipeline.gateway._retry import UpstreamError, failure_of_status
from pipeline.gateway._settings import Settings

__all__ = ["Answer", "Upstream"]

# Below the 5 s after which uvicorn hangs up on an idle connection.
_KEEPALIVE_S = 3.0
_CONNECT_S = 5.0
_LONGEST_QUOTE = 200
_TAIL_S = 0.5  # for the end of a body whose last event was there


class Answer:
    """The answer of an instance, whose headers are there.

    Attributes:
        status, content_type: of the answer; an error of the client's, or 200.
    """

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        settings: Settings,
        until: float,
        secret: str | None,
    ) -> None:
        self.status, self.content_type = response.status, response.headers.get("Content-Type", "")
        self._response, self._settings, self._until = response, settings, until
        self._secret = secret

    async def first_piece(self) -> bytes:
        """The next bytes, while nothing was passed on; empty at the end. Raises UpstreamError."""
        with _as_failures():
            async with patience(self._until):
                return await self._response.content.readany()

    async def piece(self) -> bytes:
        """The next bytes after that; empty at the end. Raises UpstreamError."""
        with _as_failures():
            async with patience(_now() + self._settings.between_s):
                return await self._response.content.readany()

    async def whole(self) -> bytes:
        """All of it. Raises UpstreamError."""
        with _as_failures():
            async with patience(self._until):
                return await self._response.read()

    async def finished(self) -> None:
        """Read the end of the body, so that the connection serves the next request."""
        with suppress(UpstreamError), _as_failures():
            async with asyncio.timeout(_TAIL_S):
                await self._response.read()

    def quoted(self, said: str) -> str:
        """Words of the instance, short and without the key that it was shown."""
        hidden = said if self._secret is None else said.replace(self._secret, "***")
        return hidden[:_LONGEST_QUOTE]

    def close(self) -> None:
        """Hang up unless it was read to its end: the instance stops working for nobody."""
        self._response.close()


class Upstream:
    """Connections to the instances of a fleet; use it as an asynchronous context.

    Args:
        urls: base URL of each, in fleet order.
        settings: how long is waited.
        key: sent to the instances as a bearer key; the keys of clients are never passed on.
    """

    def __init__(self, urls: list[str], settings: Settings, key: str | None = None) -> None:
        self._roots = [base_url(url) for url in urls]
        self._settings, self._key = settings, key
        self._headers = {"Content-Type": "application/json"}
        if key is not None:
            self._headers["Authorization"] = f"Bearer {key}"

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE_S),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def ask(self, instance: int, path: str, body: bytes, *, stream: bool) -> Answer:
        """Send a request and wait for the headers of its answer.

        Raises:
            UpstreamError: there are none, or they say that the instance failed.
        """
        settings = self._settings
        longest = settings.first_token_s if stream else settings.answer_s
        until = _now() + longest
        with _as_failures():
            async with patience(until):
                response = await self._session.post(
                    self._roots[instance] + path,
                    data=body,
                    headers=self._headers,
                    allow_redirects=False,
                )
        failure = failure_of_status(response.status)
        if failure is not None:
            response.close()
            raise failure
        return Answer(response, settings, until, self._key)


def _now() -> float:
    return asyncio.get_running_loop().time()


@contextmanager
def _as_failures() -> Iterator[None]:
    began = time.monotonic()
    try:
        yield
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise UpstreamError("unreachable", "it cannot be reached") from None
    except TimeoutError:
        waited = time.monotonic() - began
        raise UpstreamError("timeout", f"nothing came for {waited:.1f} s") from None
    except (aiohttp.ClientError, OSError) as error:
        raise UpstreamError("broken", f"the answer ended early ({type(error).__name__})") from None
