"""One completion on its way: sent, its first token, every token after it, and how it ended."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

import aiohttp

from pipeline.fleet.live import Reply, SseParser, StreamError
from pipeline.fleet.telemetry import base_url

__all__ = ["Streamed", "Streams"]

# Below the 5 s after which uvicorn hangs up on an idle connection.
_KEEPALIVE_S = 3.0


@dataclass(slots=True)
class Streamed:
    """What came of one request.

    Attributes:
        sent: when it went out, s on the caller's clock; the reply's times are on it too.
        outcome: stopped where the caller ended the stream.
        reason: why it failed.
    """

    sent: float
    reply: Reply = field(default_factory=Reply)
    outcome: Literal["ok", "stopped", "failed"] = "ok"
    reason: str | None = None

    @property
    def tokens(self) -> int:
        """Output tokens that came, as the server states them where it served all of them."""
        if self.outcome == "ok" and self.reply.output_tokens is not None:
            return self.reply.output_tokens
        return self.reply.counts[-1] if self.reply.counts else 0


class Streams:
    """Connections to the servers of a fleet; use it as an asynchronous context.

    Args:
        urls: base URL of every instance, in fleet order.
        models: what each serves.
        clock: seconds that never run back.
        timeout_s: most seconds that one request may take.

    Raises:
        EndpointError: a URL is not that of a server.
    """

    def __init__(
        self, urls: list[str], models: list[str], clock: Callable[[], float], timeout_s: float
    ) -> None:
        self._urls = [f"{base_url(url)}/v1/completions" for url in urls]
        self._models, self._clock, self._timeout_s = models, clock, timeout_s

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE_S),
            timeout=aiohttp.ClientTimeout(total=self._timeout_s),
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
        self, instance: int, prompt: str, tokens: int, heard: Callable[[Reply], bool]
    ) -> Streamed:
        """Stream one completion of so many tokens, as far as the server obeys.

        It never raises for what the server does: the outcome says it.

        Args:
            instance: its number.
            prompt: text.
            tokens: most output tokens; the end of the answer is not left to the model.
            heard: called after every event that brought tokens; true ends the stream.
        """
        body = {
            "model": self._models[instance],
            "prompt": prompt,
            "max_tokens": tokens,
            "ignore_eos": True,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True, "continuous_usage_stats": True},
        }
        told = Streamed(self._clock())
        try:
            async with self._session.post(self._urls[instance], json=body) as response:
                if response.status != 200:
                    return _failed(told, f"HTTP {response.status}")
                if await self._follow(response, told.reply, heard):
                    # The server sees it and stops working for nobody.
                    response.close()
                    told.outcome = "stopped"
                    return told
        except TimeoutError:
            return _failed(told, f"no end within {self._timeout_s:g} s")
        except (aiohttp.ClientError, OSError, StreamError) as error:
            return _failed(told, str(error) or type(error).__name__)
        if not told.reply.finished or not told.reply.counts:
            return _failed(told, "the stream ended early")
        return told

    async def _follow(
        self, response: aiohttp.ClientResponse, reply: Reply, heard: Callable[[Reply], bool]
    ) -> bool:
        """Read the stream; return whether the listener ended it."""
        parser = SseParser()
        async for data in response.content.iter_any():
            at = self._clock()
            for event in parser.feed(data):
                before = len(reply.counts)
                reply.absorb(event, at)
                if len(reply.counts) > before and heard(reply):
                    return True
        return False


def _failed(told: Streamed, reason: str) -> Streamed:
    told.outcome, told.reason = "failed", reason
    return told
