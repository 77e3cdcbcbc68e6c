"""One call over HTTP, from its sending to the end of its answer."""

import time
from types import TracebackType
from typing import Self

import aiohttp
import numpy as np
import orjson

from pipeline.fleet.telemetry import base_url
from pipeline.loadtest.generator._call import Call, Sent, Target
from pipeline.loadtest.generator._heard import Heard, Piece, hear_document, hear_stream

__all__ = ["Exchange"]

_TRACE_HEADER = "x-routebalance-trace"

# Below the 5 s after which uvicorn hangs up on an idle connection.
_KEEPALIVE_S = 3.0
_REFUSED = (429, 503)
# A trace is one header of a few kilobytes; an answer's reason needs no more of a page of HTML.
_HEADER_BYTES = 65_536
_REASON_CHARACTERS = 300


class Exchange:
    """Connections to a target; use it as an asynchronous context.

    Args:
        target: where the calls go.
        began: the start of the run on the monotonic clock, s.
        keep_text, keep_times: what of the answers to keep beside times and counts.

    Raises:
        EndpointError: the URL is not one of a server.
    """

    def __init__(self, target: Target, began: float, keep_text: bool, keep_times: bool) -> None:
        self._url = base_url(target.url) + target.path
        self._target, self._began = target, began
        self._keep_text, self._keep_times = keep_text, keep_times

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEPALIVE_S),
            timeout=aiohttp.ClientTimeout(total=self._target.timeout_s),
            headers={"Content-Type": "application/json", **self._target.headers},
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=_HEADER_BYTES,
            max_field_size=_HEADER_BYTES,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    async def ask(self, call: Call, scheduled: float) -> Sent:
        """Send one call and follow its answer; whatever the server does, the result says it."""
        issued = self.now
        sent = Sent(call.number, scheduled, issued, issued)
        pieces: list[Piece] = []
        try:
            # A redirect is no answer: following it would time two exchanges as one.
            post = self._session.post(self._url, data=call.body, allow_redirects=False)
            async with post as response:
                sent.first_byte, sent.http = self.now, response.status
                sent.trace = _trace(response)
                async for data in response.content.iter_any():
                    pieces.append((self.now, data))  # noqa: PERF401, kept when the stream breaks
        except TimeoutError:
            sent.outcome, sent.reason = "timeout", f"no end within {self._target.timeout_s:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            sent.outcome, sent.reason = "failed", str(error) or type(error).__name__
        sent.done = self.now
        if sent.http is not None:
            self._hear(sent, pieces, response.content_type)
        sent.reason = self._shown(sent.reason)
        return sent

    def _hear(self, sent: Sent, pieces: list[Piece], content_type: str) -> None:
        """Fill in what the answer said, and how it ended unless that is known already."""
        streamed = content_type == "text/event-stream"
        if streamed:
            heard = hear_stream(pieces, self._keep_text, self._keep_times)
        else:
            heard = hear_document(b"".join(data for _, data in pieces), self._keep_text)
        if sent.http != 200:
            said = f": {heard.error}" if heard.error else ""
            sent.outcome = "refused" if sent.http in _REFUSED else "failed"
            sent.reason = f"HTTP {sent.http}{said}"
        elif sent.outcome == "ok" and heard.error:
            sent.outcome, sent.reason = "failed", heard.error
        _fill(sent, heard)

    def _shown(self, reason: str | None) -> str | None:
        """The reason without what stands in the headers: some servers repeat the key."""
        if reason is None:
            return None
        for value in self._target.headers.values():
            for part in value.split():
                reason = reason.replace(part, "***")
        return reason[:_REASON_CHARACTERS]


def _trace(response: aiohttp.ClientResponse) -> dict[str, object] | None:
    told = response.headers.get(_TRACE_HEADER)
    if told is None:
        return None
    try:
        trace = orjson.loads(told)
    except orjson.JSONDecodeError:
        return None
    return trace if isinstance(trace, dict) else None


def _fill(sent: Sent, heard: Heard) -> None:
    sent.first_token, sent.last_token = heard.first_token, heard.last_token
    sent.tokens, sent.prompt_tokens = heard.tokens, heard.prompt_tokens
    sent.text = heard.text
    sent.token_s = None if heard.times is None else np.array(heard.times)
