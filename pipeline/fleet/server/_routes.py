"""The routes of one emulated instance, those of a vLLM server."""

import asyncio
import json
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from typing import cast

from aiohttp import HttpVersion11, web

from pipeline.fleet.server._bodies import (
    ChatBody,
    CompletionBody,
    DetokenizeBody,
    TokenizeBody,
    parse_body,
)
from pipeline.fleet.server._events import Answer, whole_answer
from pipeline.fleet.server._problem import ApiError
from pipeline.fleet.server._service import Service
from pipeline.fleet.server._ticket import Ticket
from pipeline.fleet.server._tokens import decode, encode

__all__ = ["VERSION", "make_app"]

VERSION = "0.33.0+emulated"

_MAX_BODY = 64 * 2**20
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(service: Service) -> web.Application:
    """Return the application that serves one instance."""
    routes = _Routes(service)
    app = web.Application(client_max_size=_MAX_BODY, middlewares=[_worded])
    app.add_routes(
        [
            web.get("/health", routes.health),
            web.get("/ping", routes.health),
            web.post("/ping", routes.health),
            web.get("/version", routes.version),
            web.get("/load", routes.load),
            web.get("/metrics", routes.metrics),
            web.get("/emulator", routes.emulator),
            web.get("/v1/models", routes.models),
            web.post("/v1/completions", routes.completions),
            web.post("/v1/chat/completions", routes.chat),
            web.post("/tokenize", routes.tokenize),
            web.post("/detokenize", routes.detokenize),
        ]
    )
    return app


@web.middleware
async def _worded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a refusal as the OpenAI API does."""
    try:
        return await handler(request)
    except ApiError as error:
        return _json(error.body.encode(), error.status)
    except web.HTTPRequestEntityTooLarge:
        too_long = ApiError(413, f"the body is too long; {_MAX_BODY} bytes are accepted")
        return _json(too_long.body.encode(), too_long.status)
    except web.RequestPayloadError:
        unread = ApiError(400, "the body is not what its headers say, or ends early")
        return _json(unread.body.encode(), unread.status)
    except ConnectionResetError:  # the client left before there was anything to cancel
        raise asyncio.CancelledError from None


class _Routes:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def health(self, request: web.Request) -> web.Response:
        """200 while the engine is up, 503 while it is not; empty."""
        self._service.pacer.catch_up()
        return web.Response(status=200 if self._service.pacer.up else 503)

    async def version(self, request: web.Request) -> web.Response:
        """The vLLM whose surface this is, marked as emulated."""
        return _json(json.dumps({"version": VERSION}).encode())

    async def load(self, request: web.Request) -> web.Response:
        """Requests in flight, as with vLLM's --enable-server-load-tracking."""
        self._service.check_up()
        return _json(json.dumps({"server_load": self._service.pacer.in_flight}).encode())

    async def metrics(self, request: web.Request) -> web.Response:
        """Counters, gauges and histograms in the text format."""
        self._service.check_up()
        return web.Response(body=self._service.metrics(), headers={"Content-Type": _METRICS_TYPE})

    async def emulator(self, request: web.Request) -> web.Response:
        """What a real server does not have: the lag of the whole process, and its cost."""
        service = self._service
        counts = service.lags.counts()
        said = {
            "label": "emulated",
            "instance": service.spec.name,
            "tier": service.spec.tier_name,
            "speed": service.settings.speed,
            "engine_s": service.clock.now(),
            "cpu_s": time.process_time(),
            "replies": service.said,
            "lag_counts": {i: count for i, count in enumerate(counts) if count},
        }
        return _json(json.dumps(said).encode())

    async def models(self, request: web.Request) -> web.Response:
        """The one model."""
        self._service.check_up()
        name = self._service.spec.tier.model
        card = {
            "id": name,
            "object": "model",
            "created": self._service.began,
            "owned_by": "routebalance-emulated",
            "root": name,
            "parent": None,
            "max_model_len": self._service.max_model_len,
        }
        return _json(json.dumps({"object": "list", "data": [card]}).encode())

    async def completions(self, request: web.Request) -> web.StreamResponse:
        """Complete a prompt."""
        body = parse_body(CompletionBody, await request.read())
        return await self._answer(request, *self._service.completion(body))

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """Answer a conversation."""
        body = parse_body(ChatBody, await request.read())
        return await self._answer(request, *self._service.chat(body))

    async def tokenize(self, request: web.Request) -> web.Response:
        """Cut a text into tokens."""
        ids = encode(parse_body(TokenizeBody, await request.read()).rendered)
        said = {
            "count": len(ids),
            "max_model_len": self._service.max_model_len,
            "tokens": ids,
            "token_strs": None,
        }
        return _json(json.dumps(said).encode())

    async def detokenize(self, request: web.Request) -> web.Response:
        """Join tokens to a text."""
        body = parse_body(DetokenizeBody, await request.read())
        try:
            text = decode(body.tokens)
        except ValueError as error:
            raise ApiError(400, f"tokens: {error}") from None
        return _json(json.dumps({"prompt": text}).encode())

    async def _answer(
        self, request: web.Request, ticket: Ticket, answer: Answer
    ) -> web.StreamResponse:
        response: web.StreamResponse | None = None
        if ticket.events is not None:
            response = await _open_stream(request, ticket)
        self._service.pacer.submit(ticket)
        try:
            served = await ticket.ended
        except asyncio.CancelledError:
            self._service.pacer.cancel(ticket)
            raise
        if not served:
            _reset(request)
        if response is None:
            return _json(whole_answer(answer, ticket.reply.pieces, ticket.reason))
        return response


async def _open_stream(request: web.Request, ticket: Ticket) -> web.StreamResponse:
    """Send the headers; from then on the pacer writes chunks to the connection itself.

    The server's own `write` is a coroutine with several calls below it, which is most of what a
    token would cost. It still closes the body and keeps the connection for the next request.
    """
    if request.version < HttpVersion11:
        raise ApiError(400, "stream: a stream goes in chunks, which need HTTP/1.1")
    headers = {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-cache",
    }
    response = web.StreamResponse(headers=headers)
    response.enable_chunked_encoding()
    await response.prepare(request)
    # A transport of uvloop is no subclass of asyncio's, though it has all of its methods.
    ticket.transport = cast(asyncio.WriteTransport | None, request.transport)
    return response


def _reset(request: web.Request) -> None:
    """Drop the connection as a crashed process does: the peer gets a reset, not an end."""
    transport = request.transport
    if transport is None:
        return
    peer = transport.get_extra_info("socket")
    if peer is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _json(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")
