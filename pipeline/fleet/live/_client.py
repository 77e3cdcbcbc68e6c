"""A lean client of one OpenAI-compatible server: it streams, and notes when every token came."""

import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

import aiohttp

from pipeline.errors import EndpointError, UnknownNameError
from pipeline.fleet.live._reply import Reply, StreamError
from pipeline.fleet.live._sse import SseParser

__all__ = ["Answered", "Client", "Model", "Outcome"]

Outcome = Literal["ok", "refused", "broken", "timeout"]


@dataclass(frozen=True, slots=True)
class Model:
    """A model that the server offers; its context length in tokens where the server states it."""

    name: str
    max_model_len: int | None
    owned_by: str

    @property
    def label(self) -> str:
        """`emulated` where it says so itself, else `live`."""
        return "emulated" if self.owned_by == _EMULATED else "live"


@dataclass(slots=True)
class Answered:
    """One request: when it was sent (s, monotonic clock), what came back and how it ended."""

    sent: float
    reply: Reply = field(default_factory=Reply)
    outcome: Outcome = "ok"
    reason: str | None = None


class Client:
    """Connections to one server; use it as an asynchronous context.

    Args:
        url: base URL, with or without `/v1`.
        timeout_s: most seconds that one request may take.
    """

    def __init__(self, url: str, timeout_s: float = 120.0) -> None:
        self.url = url.rstrip("/").removesuffix("/v1")
        self._timeout_s = timeout_s

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

    async def models(self) -> list[Model]:
        """Return what `/v1/models` lists.

        Raises:
            EndpointError: nobody answers, or not as an OpenAI-compatible server.
        """
        body = await self._json("/v1/models")
        try:
            return [
                Model(str(card["id"]), card.get("max_model_len"), str(card.get("owned_by", "")))
                for card in body["data"]
            ]
        except (KeyError, TypeError, AttributeError) as error:
            raise EndpointError(f"{self.url}/v1/models: {_EXPECTED}") from error

    async def model(self, name: str | None) -> Model:
        """Return the model of that name, or the only one.

        Raises:
            EndpointError: no server, no models, or several and no name given.
            UnknownNameError: no such model there.
        """
        models = await self.models()
        names = [model.name for model in models]
        if name is None and len(models) != 1:
            listing = ", ".join(names) or "none"
            raise EndpointError(f"{self.url}: give the model's name; the server offers {listing}")
        for model in models:
            if name in (None, model.name):
                return model
        raise UnknownNameError("model", str(name), names, f"{self.url}/v1/models")

    async def metrics(self) -> str | None:
        """Return the text of `/metrics`, or None where the server has none."""
        try:
            async with self._session.get(f"{self.url}/metrics") as response:
                return await response.text() if response.status == 200 else None
        except (aiohttp.ClientError, TimeoutError):
            return None

    async def ask(self, model: str, prompt: str, output_tokens: int) -> Answered:
        """Stream one completion of exactly so many tokens, as far as the server obeys.

        It never raises for what the server does: the outcome says it.
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
        answered = Answered(time.monotonic())
        try:
            async with self._session.post(f"{self.url}/v1/completions", json=body) as response:
                if response.status != 200:
                    return _ended(answered, "refused", f"HTTP {response.status}")
                await _follow(response, answered.reply)
        except (TimeoutError, aiohttp.ServerTimeoutError):
            return _ended(answered, "timeout", f"no end within {self._timeout_s:g} s")
        except (aiohttp.ClientError, StreamError) as error:
            return _ended(answered, "broken", str(error) or type(error).__name__)
        if not answered.reply.finished or not answered.reply.counts:
            return _ended(answered, "broken", "the stream ended early")
        if answered.reply.output_tokens is None:
            return _ended(answered, "broken", "the server sent no usage")
        return answered

    async def _json(self, path: str) -> dict[str, Any]:
        try:
            async with self._session.get(self.url + path) as response:
                if response.status != 200:
                    raise EndpointError(
                        f"{self.url}{path}: HTTP {response.status}, but {_EXPECTED}"
                    )
                body = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise EndpointError(f"{self.url}: cannot be reached ({reason})") from error
        except ValueError as error:
            raise EndpointError(f"{self.url}{path}: not JSON, but {_EXPECTED}") from error
        if not isinstance(body, dict):
            raise EndpointError(f"{self.url}{path}: {_EXPECTED}")
        return body


# Below the 5 s after which uvicorn hangs up on an idle connection.
_KEEPALIVE_S = 3.0
_EMULATED = "routebalance-emulated"
_EXPECTED = "an OpenAI-compatible server is expected, whose /v1/models lists what it serves"


async def _follow(response: aiohttp.ClientResponse, reply: Reply) -> None:
    parser = SseParser()
    async for data in response.content.iter_any():
        at = time.monotonic()
        for event in parser.feed(data):
            reply.absorb(event, at)


def _ended(answered: Answered, outcome: Outcome, reason: str) -> Answered:
    answered.outcome, answered.reason = outcome, reason
    return answered
