"""The routes of the gateway."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from pipeline.errors import RouteBalanceError, nearest
from pipeline.gateway._keys import Access, Keys
from pipeline.gateway._problem import GatewayError
from pipeline.gateway._request import read_request

if TYPE_CHECKING:
    from pipeline.gateway._gateway import Gateway

__all__ = ["make_app"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_OWNER = "routebalance"


def make_app(gateway: "Gateway", access: Access) -> web.Application:
    """Return the application of a gateway."""
    routes = _Routes(gateway)
    worded = _worder(access.keys, access.admin_keys or access.keys)
    app = web.Application(client_max_size=gateway.settings.max_body, middlewares=[worded])
    app.add_routes(
        [
            web.get("/health", routes.health),
            web.get("/ready", routes.ready),
            web.get("/metrics", routes.metrics),
            web.get("/v1/models", routes.models),
            web.post("/v1/chat/completions", routes.complete),
            web.post("/v1/completions", routes.complete),
            web.get("/admin/state", routes.state),
            web.post("/admin/config", routes.config),
            web.post("/admin/drain", routes.drain),
        ]
    )
    return app


def _worder(keys: Keys, admin_keys: Keys) -> Any:
    """Middleware: check the key, and word every refusal as the OpenAI API does."""

    @web.middleware
    async def worded(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            _check_key(request, keys, admin_keys)
            return await handler(request)
        except GatewayError as problem:
            return _refusal(problem)
        except web.HTTPRequestEntityTooLarge as error:
            return _refusal(GatewayError(413, "too_long", f"the body is too long: {error.text}"))
        except web.HTTPNotFound:
            return _refusal(GatewayError(404, "unknown_path", _no_path(request)))
        except web.HTTPMethodNotAllowed as error:
            allowed = ", ".join(sorted(error.allowed_methods))
            said = f"{request.method} is not accepted here; {allowed} is"
            return _refusal(GatewayError(405, "unknown_method", said))

    return worded


def _check_key(request: web.Request, keys: Keys, admin_keys: Keys) -> None:
    if request.path.startswith("/admin"):
        accepted = admin_keys
    elif request.path.startswith("/v1"):
        accepted = keys
    else:
        return
    if not accepted.accepts(request.headers.get("Authorization")):
        said = "no accepted key came with the request; Authorization: Bearer KEY is accepted"
        raise GatewayError(401, "invalid_key", said)


class _Routes:
    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway

    async def health(self, request: web.Request) -> web.Response:
        """The process is up."""
        return _json({"status": "up"})

    async def ready(self, request: web.Request) -> web.Response:
        """Whether requests would be served now."""
        self._gateway.check_ready()
        return _json({"status": "ready"})

    async def metrics(self, request: web.Request) -> web.Response:
        """Counters, gauges and histograms in the text format."""
        page = self._gateway.meters.page()
        return web.Response(body=page, headers={"Content-Type": _METRICS_TYPE})

    async def models(self, request: web.Request) -> web.Response:
        """`auto` and what is served."""
        names = ["auto", *self._gateway.fleet.params.models]
        cards = [
            {"id": name, "object": "model", "created": self._gateway.began, "owned_by": _OWNER}
            for name in names
        ]
        return _json({"object": "list", "data": cards})

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """Answer a prompt or a conversation."""
        came = time.monotonic()
        gateway = self._gateway
        models = gateway.fleet.params.models
        raw = await _body(request, gateway.settings.body_s)
        gateway.check_open()  # after the body: a drain may have begun while it came
        asked = read_request(raw, request.path)
        if asked.model is not None and asked.model not in models:
            hint = nearest(asked.model, ["auto", *models])
            said = f"no model {asked.model!r} is served here; {hint}"
            raise GatewayError(404, "model_not_found", said, param="model")
        return await gateway.relay.serve(request, asked, came)

    async def state(self, request: web.Request) -> web.Response:
        """What decides, and how everybody is."""
        return _json(self._gateway.state())

    async def config(self, request: web.Request) -> web.Response:
        """Swap arm, weights and predictors: all that is asked, or nothing."""
        raw = await _body(request, self._gateway.settings.body_s)
        try:
            await self._gateway.swap(raw)
        except RouteBalanceError as error:
            raise GatewayError(400, "invalid_config", str(error)) from None
        return _json(self._gateway.state())

    async def drain(self, request: web.Request) -> web.Response:
        """Take nothing in any more."""
        self._gateway.drain()
        return _json(self._gateway.state())


async def _body(request: web.Request, most_s: float) -> bytes:
    try:
        async with asyncio.timeout(most_s):
            return await request.read()
    except TimeoutError:
        said = f"the body did not come within {most_s:g} s"
        raise GatewayError(408, "slow_body", said) from None
    except web.RequestPayloadError as error:
        raise GatewayError(400, "invalid_body", f"the body cannot be read ({error})") from None


def _no_path(request: web.Request) -> str:
    known = [
        route.resource.canonical
        for route in request.app.router.routes()
        if route.resource is not None
    ]
    return f"{request.path} is not served here; {nearest(request.path, set(known))}"


def _refusal(problem: GatewayError) -> web.Response:
    return web.Response(
        status=problem.status,
        body=problem.body,
        content_type="application/json",
        headers=problem.headers,
    )


def _json(value: Any) -> web.Response:
    return web.Response(body=json.dumps(value).encode(), content_type="application/json")
