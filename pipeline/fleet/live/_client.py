"""A lean client of one OpenAI-compatible server: it streams, and notes when every token came."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

import aiohttp

from pipeline.fleet.live._reply import Reply, StreamError
from pipeline.fleet.live._sse import SseParser
from pipeline.fleet.telemetry import base_url

__all__ = ["Answered", "Client", "Heard", "Outcome"]

Heard = Callable[[Reply], bool]

Outcome = Literal["ok", "stopped", "refused", "broken", "timeout"]


@dataclass(slots=True)
class Answered:
    """One request: when it was sent (s, monotonic clock), what came back and how it ended.

    The outcome is stopped where the caller ended the stream. The reason may quote the server.

    Attributes:
        done: when its end was seen, or its failure (s, the same clock).
        http: status of the answer; None where none came.
        retry_after: the header of that name, as it came.
        reached: whether there was a connection; without one nothing was sent.
    """

    sent: float
    reply: Reply = field(default_factory=Reply)
    outcome: Outcome = "ok"
    reason: str | None = None
    done: float = 0.0
    http: int | None = None
    retry_after: str | None = None
    reached: bool = True

    @property
    def tokens(self) -> int:
        """Output tokens that came, as the server states them where it served all of them."""
        if self.outcome == "ok" and self.reply.output_tokens is not None:
            return self.reply.output_tokens
        return self.reply.counts[-1] if self.reply.counts else 0


class Client:
    """Connections to one server; use it as an asynchronous context.

    Args:
        url: base URL, with or without `/v1`.
        timeout_s: most seconds that one request may take.
        needs_usage: whether `ask` takes an answer whose tokens the server did not count as broken.
        headers: sent with every request.

    Raises:
        EndpointError: it is not the URL of a server.
    """

    def __init__(
        self,
        url: str,
        timeout_s: float = 120.0,
        *,
        needs_usage: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.url = base_url(url)
        self._timeout_s, self._needs_usage, self._headers = timeout_s, needs_usage, headers

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE_S),
            timeout=aiohttp.ClientTimeout(total=self._timeout_s),
            headers=self._headers,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def ask(
        self, model: str, prompt: str, output_tokens: int, heard: Heard | None = None
    ) -> Answered:
        """Stream one completion of exactly so many tokens, as far as the server obeys.

        It never raises for what the server does: the outcome says it.

        Args:
            model: its name at the server.
            prompt: text.
            output_tokens: at most; the end of the answer is not left to the model.
            heard: called after every event that brought tokens; true ends the stream.
        """
        body = {
            "model": model,
            "prompt": prompt,
            "max_tokens": output_tokens,
            "ignore_eos": True,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True, "continuous_usage_stats": True},
        }
        answered = await self.post("/v1/completions", body, heard)
        if answered.outcome != "ok":
            return answered
        if not answered.reply.counts:
            return _ended(answered, "broken", "the stream ended early")
        if self._needs_usage and answered.reply.output_tokens is None:
            return _ended(answered, "broken", "the server sent no usage")
        return answered

    async def post(
        self, path: str, body: Mapping[str, Any], heard: Heard | None = None
    ) -> Answered:
        """Post a body that asks for a stream, and follow the stream to its `[DONE]`.

        It never raises for what the server does: the outcome says it.

        Args:
            path: below the base URL.
            body: JSON-able.
            heard: called after every event that brought tokens; true ends the stream.
        """
        answered = Answered(time.monotonic())
        try:
            await self._follow(answered, path, body, heard)
        except (TimeoutError, aiohttp.ServerTimeoutError):
            _ended(answered, "timeout", f"no end within {self._timeout_s:g} s")
        except aiohttp.ClientConnectorError as error:
            answered.reached = False
            _ended(answered, "broken", str(error))
        except (aiohttp.ClientError, OSError, StreamError) as error:
            _ended(answered, "broken", str(error) or type(error).__name__)
        answered.done = time.monotonic()
        return answered

    async def _follow(
        self, answered: Answered, path: str, body: Mapping[str, Any], heard: Heard | None
    ) -> None:
        async with self._session.post(f"{self.url}{path}", json=body) as response:
            answered.http = response.status
            answered.retry_after = response.headers.get("Retry-After")
            if response.status != 200:
                _ended(answered, "refused", f"HTTP {response.status}")
            elif await _stopped(response, answered.reply, heard):
                # The server sees it and stops working for nobody.
                response.close()
                _ended(answered, "stopped", "the caller had enough")
            elif not answered.reply.finished:
                _ended(answered, "broken", "the stream ended early")


# Below the 5 s after which uvicorn hangs up on an idle connection.
_KEEPALIVE_S = 3.0


async def _stopped(response: aiohttp.ClientResponse, reply: Reply, heard: Heard | None) -> bool:
    """Read the stream; return whether the listener ended it."""
    parser = SseParser()
    async for data in response.content.iter_any():
        at = time.monotonic()
        for event in parser.feed(data):
            before = len(reply.counts)
            reply.absorb(event, at)
            if heard is not None and len(reply.counts) > before and heard(reply):
                return True
    return False


def _ended(answered: Answered, outcome: Outcome, reason: str) -> Answered:
    answered.outcome, answered.reason = outcome, reason
    return answered
