"""Instances of any make: keys, redirects, errors inside a stream, answers that are none."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp import web

from pipeline.gateway import Access, HealthRule
from tests.fleet.serving import small_fleet
from tests.gateway.gateway_rig import CHAT, Answer, make_gateway, sse

KEY = "upstream-key-0815"
TOKEN = b'data: {"choices": [{"delta": {"content": "one"}}]}\n\n'
HEARD = web.AppKey("heard", asyncio.Event)  # the client got a first piece
Ask = Callable[..., Awaitable[Answer]]
Script = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


def against(
    script: Script, work: Callable[[Callable[..., Awaitable[Answer]]], Awaitable[None]]
) -> None:
    """Run a test against a gateway whose three instances all are one scripted server."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await script(request, await request.json())

    async def run() -> None:
        app = web.Application()
        app[HEARD] = asyncio.Event()
        app.router.add_post("/v1/chat/completions", handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        served = small_fleet()
        fleet = served.model_copy(update={"endpoints": dict.fromkeys(served.instance_names, url)})
        options: dict[str, Any] = {
            "access": Access(upstream_key=KEY),
            "rule": HealthRule(failures=100),
        }
        try:
            async with (
                make_gateway(fleet, **options) as gateway,
                aiohttp.ClientSession() as session,
            ):

                async def ask(**more: Any) -> Answer:
                    app[HEARD].clear()
                    asked = {"messages": [{"role": "user", "content": "?"}]} | more
                    headers = {"Authorization": "Bearer of-the-client"}
                    post = session.post(gateway.url + CHAT, json=asked, headers=headers)
                    async with post as response:
                        first = await response.content.readany()
                        app[HEARD].set()
                        body = first + await response.read()
                        return Answer(response.status, response.headers, body)

                await asyncio.wait_for(work(ask), 20)
                assert gateway.router.ledger.in_flight == 0
        finally:
            await runner.cleanup()

    asyncio.run(run())


async def stream_of(request: web.Request, *parts: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for part in parts:
        await response.write(part)
    return response


def test_the_instances_get_the_gateways_key_and_the_rest_of_the_body() -> None:
    seen: list[tuple[str, dict[str, Any]]] = []

    async def script(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        seen.append((request.headers["Authorization"], body))
        return await stream_of(request, TOKEN, b"data: [DONE]\n\n")

    async def work(ask: Ask) -> None:
        beside = {"temperature": 0.5, "tools": [{"type": "function"}], "seed": 3}
        options = {"continuous_usage_stats": True}
        told = await ask(stream=True, stream_options=options, routebalance={}, **beside)
        assert told.body == TOKEN + b"data: [DONE]\n\n"
        ((key, body),) = seen
        assert key == f"Bearer {KEY}"
        assert "routebalance" not in body
        assert body["model"] in ("emu-small", "emu-large")
        assert body["stream_options"] == {"include_usage": True}
        assert beside.items() <= body.items()

    against(script, work)


def test_an_error_inside_a_stream_is_told_without_the_key() -> None:
    said = f'data: {{"error": {{"message": "no memory for {KEY}"}}}}\n\n'.encode()

    async def script(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        begun = [TOKEN] if body["messages"][0]["content"] == "late" else []
        response = await stream_of(request, *begun)
        if begun:
            await request.app[HEARD].wait()
        await response.write(said)
        return response

    async def work(ask: Ask) -> None:
        early = await ask(stream=True)
        assert (early.status, early.code) == (502, "upstream_failed")
        assert "it reported an error: no memory for ***" in early.json["error"]["message"]
        late = await ask(stream=True, messages=[{"role": "user", "content": "late"}])
        assert late.status == 200
        first, last = sse(late.body)
        assert first == TOKEN.removeprefix(b"data: ").strip()
        assert b"no memory for ***" in last
        assert KEY.encode() not in early.body + late.body

    against(script, work)


def test_answers_that_are_none_are_failures_and_the_clients_errors_are_its_own() -> None:
    async def script(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        kind = body["messages"][0]["content"]
        if kind == "redirect":
            raise web.HTTPFound("http://127.0.0.1:9/elsewhere")
        if kind == "early":
            return await stream_of(request, TOKEN)
        told = {
            "bad": web.Response(status=400, text='{"error": {"code": "own"}}'),
            "html": web.Response(text="<html>", content_type="text/html"),
            "locked": web.Response(status=401),
            "full": web.Response(status=429),
        }
        return told[kind]

    async def work(ask: Ask) -> None:
        async def of(kind: str, stream: bool) -> Answer:
            return await ask(messages=[{"role": "user", "content": kind}], stream=stream)

        for stream in (True, False):
            for kind in ("redirect", "html", "locked", "full"):
                assert ((await of(kind, stream)).status, kind) == (502, kind)
            own = await of("bad", stream)
            assert (own.status, own.code) == (400, "own")
        cut = sse((await of("early", True)).body)[-1]
        assert b"the stream ended early" in cut

    against(script, work)
