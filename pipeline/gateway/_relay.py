"""One request from its decision to its last byte: tried, passed on, and tried again."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import HttpVersion11, web

from pipeline.gateway._health import Ward
from pipeline.gateway._problem import GatewayError
from pipeline.gateway._request import Asked, encoded
from pipeline.gateway._retry import UpstreamError, may_retry, problem_of
from pipeline.gateway._router import Router
from pipeline.gateway._settings import Settings
from pipeline.gateway._spending import ending, limited, stop_of
from pipeline.gateway._sse import StreamWatch
from pipeline.gateway._ticket import Decided, Ticket
from pipeline.gateway._trace import HEADER, trace_header
from pipeline.gateway._upstream import Answer, Upstream

__all__ = ["Relay"]

_EVENTS = "text/event-stream"


class Relay:
    """Serves requests through a router.

    Args:
        router: decides.
        upstream: connections to the instances.
        ward: hears how they did.
        settings: limits.
        clock: the router's.
        ended: told of every request once, when it has ended.
    """

    def __init__(
        self,
        router: Router,
        upstream: Upstream,
        ward: Ward,
        settings: Settings,
        clock: Callable[[], float],
        ended: Callable[[Ticket], None],
    ) -> None:
        self._router, self._upstream, self._ward = router, upstream, ward
        self._settings, self._clock, self._ended = settings, clock, ended
        self._numbers = itertools.count()
        self.under_way = 0

    async def serve(self, request: web.Request, asked: Asked, came: float) -> web.StreamResponse:
        """Answer one request that was received at `came`; a problem is an answer as well."""
        ticket = Ticket(next(self._numbers), asked, came)
        self.under_way += 1
        try:
            response = await self._admitted(request, ticket)
        except GatewayError as problem:
            if ticket.failure is None:  # no instance had a part in it
                ticket.outcome = "refused"
            ticket.http = problem.status
            headers = problem.headers | self._trace(ticket)
            response = web.Response(
                status=problem.status,
                body=problem.body,
                content_type="application/json",
                headers=headers,
            )
        except (asyncio.CancelledError, ConnectionResetError):
            ticket.outcome = "cancelled"
            raise
        finally:
            self.under_way -= 1
            self._ended(ticket)
        return response

    async def _admitted(self, request: web.Request, ticket: Ticket) -> web.StreamResponse:
        admission, waiting = self._router.admission, self._router.waiting
        if not admission.admits(waiting):
            raise GatewayError(
                429,
                "overloaded",
                f"{waiting} requests wait already; come again after Retry-After",
                retry_after_s=admission.retry_after_s(waiting),
            )
        while True:
            decided = await self._decision(ticket)
            try:
                return await self._attempt(request, ticket, decided)
            except UpstreamError as failure:
                ticket.failure = failure
                ticket.outcome = "timeout" if failure.kind == "timeout" else "failed"
                ticket.barred.add(decided.instance)
                if not may_retry(ticket.attempts, self._settings.attempts):
                    raise self._told(ticket) from None

    async def _decision(self, ticket: Ticket) -> Decided:
        try:
            decided = await self._router.decide(ticket)
        except GatewayError:
            if ticket.failure is not None:  # nobody is left to try it on
                raise self._told(ticket) from None
            raise
        ticket.decided, ticket.attempts = decided, ticket.attempts + 1
        return decided

    def _told(self, ticket: Ticket) -> GatewayError:
        assert ticket.failure is not None
        assert ticket.decided is not None
        name = self._router.fleet.names[ticket.decided.instance]
        return problem_of(ticket.failure, ticket.attempts, name)

    async def _attempt(
        self, request: web.Request, ticket: Ticket, decided: Decided
    ) -> web.StreamResponse:
        """Send it to the chosen instance and pass the answer on. Raises UpstreamError."""
        answer: Answer | None = None
        ticket.first_token, ticket.done, ticket.tokens = None, None, 0
        ticket.dispatched = self._clock()
        verdict = self._left
        try:
            body = self._body(ticket.asked, decided)
            answer = await self._upstream.ask(
                decided.instance, ticket.asked.path, body, stream=ticket.asked.stream
            )
            if answer.status == 200 and ticket.asked.stream:
                response = await self._stream(request, ticket, decided, answer)
            else:
                response = await self._whole(ticket, decided, answer)
            verdict = self._answered if ticket.failure is None else self._failed
            return response
        except UpstreamError as failure:
            verdict = self._failed if failure.counts else self._left
            raise
        finally:
            if answer is not None:
                answer.close()
            verdict(decided)
            if ticket.done is None:
                ticket.done = self._clock()
            self._router.landed(decided, ticket.done, ticket.tokens)

    def _answered(self, decided: Decided) -> None:
        self._ward.answered(decided.instance)

    def _left(self, decided: Decided) -> None:
        self._ward.left(decided.instance, decided.at)

    def _failed(self, decided: Decided) -> None:
        self._ward.failed(decided.instance, self._clock(), decided.at)

    def _body(self, asked: Asked, decided: Decided) -> bytes:
        fleet = self._router.fleet
        body = asked.body | {"model": fleet.models[decided.instance]}
        body |= limited(asked, decided, fleet)
        if asked.stream:
            options = dict(body.get("stream_options") or {})
            if not asked.wants_usage:  # else every event would carry what nobody asked for
                options.pop("continuous_usage_stats", None)
            body["stream_options"] = options | {"include_usage": True}
        return encoded(body)

    async def _whole(self, ticket: Ticket, decided: Decided, answer: Answer) -> web.Response:
        """Pass on an answer that is not streamed, or the client's own error."""
        body = await answer.whole()
        if answer.status == 200:
            ticket.tokens = _output_tokens(body)
            self._first(ticket, decided)
        ticket.http, ticket.failure = answer.status, None
        ticket.outcome = "ok" if answer.status == 200 else "failed"
        headers = {"Content-Type": answer.content_type} | self._trace(ticket)
        return web.Response(status=answer.status, body=body, headers=headers)

    async def _stream(
        self, request: web.Request, ticket: Ticket, decided: Decided, answer: Answer
    ) -> web.StreamResponse:
        if not answer.content_type.startswith(_EVENTS):
            raise UpstreamError("broken", "it answered a stream without events")
        watch = StreamWatch(keeps_usage=ticket.asked.wants_usage)
        begun = await _beginning(answer, watch)
        self._first(ticket, decided)
        ticket.failure, ticket.outcome = None, "ok"
        headers = {
            "Content-Type": answer.content_type,
            "Cache-Control": "no-cache",
        } | self._trace(ticket)
        response = web.StreamResponse(headers=headers)
        if request.version >= HttpVersion11:
            response.enable_chunked_encoding()
        await response.prepare(request)
        ticket.http = 200
        await response.write(begun)
        await self._rest(response, ticket, decided, answer, watch)
        await response.write_eof()
        if ticket.outcome == "ok":
            await answer.finished()
        return response

    async def _rest(
        self,
        response: web.StreamResponse,
        ticket: Ticket,
        decided: Decided,
        answer: Answer,
        watch: StreamWatch,
    ) -> None:
        """Pass on what follows; a failure is an event, as the client has got a part already."""
        stop = stop_of(ticket.asked, decided, self._router.fleet)
        if watch.finished:  # all of it came with the first content
            ticket.done = self._clock()
        try:
            async for part in _following(answer, watch):
                if watch.finished:
                    ticket.done = self._clock()  # the rest of the way is the gateway's
                if part:
                    await response.write(part)
                if stop is not None and not watch.finished and stop(watch.tokens):
                    ticket.outcome = "stopped"
                    await response.write(ending(ticket.asked, decided, watch, self._router.fleet))
                    break
        except UpstreamError as failure:
            ticket.failure = failure
            ticket.outcome = "timeout" if failure.kind == "timeout" else "failed"
            problem = self._told(ticket)
            await response.write(b"data: " + problem.body + b"\n\n")
        finally:
            ticket.tokens = watch.tokens

    def _first(self, ticket: Ticket, decided: Decided) -> None:
        ticket.first_token = self._clock()
        self._router.ledger.first_token(decided.entry, ticket.first_token)

    def _trace(self, ticket: Ticket) -> dict[str, str]:
        if not ticket.asked.block.trace:
            return {}
        router = self._router
        return {HEADER: trace_header(ticket, router.parts.choice.arm, router.fleet)}


async def _beginning(answer: Answer, watch: StreamWatch) -> bytes:
    """The stream up to the event that brings the first content. Raises UpstreamError."""
    held = b""
    while not watch.opened:
        data = await answer.first_piece()
        held += watch.feed(data)
        _check(answer, watch, data)
    return held


async def _following(answer: Answer, watch: StreamWatch) -> AsyncIterator[bytes]:
    """What is to be passed on after it, until the end. Raises UpstreamError."""
    while not watch.finished:
        data = await answer.piece()
        yield watch.feed(data)
        _check(answer, watch, data)


def _check(answer: Answer, watch: StreamWatch, data: bytes) -> None:
    if watch.error is not None:
        raise UpstreamError("broken", f"it reported an error: {answer.quoted(watch.error)}")
    if not data and not watch.finished:
        raise UpstreamError("broken", "the stream ended early")


def _output_tokens(body: bytes) -> int:
    """Output tokens of a whole answer. Raises UpstreamError where it does not state them."""
    try:
        told: Any = json.loads(body)
        return int(told["usage"]["completion_tokens"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UpstreamError("broken", "its answer is none of a completion with usage") from None
