"""The gateway: a router, its instances, and a port."""

import asyncio
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from pipeline.errors import EndpointError, ParamsError
from pipeline.fleet import Fleet
from pipeline.fleet.telemetry import FleetReader, PollRule, base_url, parse_state, probe_fleet
from pipeline.gateway._app import make_app
from pipeline.gateway._health import HealthRule, Ward
from pipeline.gateway._keys import Access
from pipeline.gateway._log import TraceLog
from pipeline.gateway._meters import Meters
from pipeline.gateway._parts import Choice, Maker
from pipeline.gateway._problem import GatewayError
from pipeline.gateway._relay import Relay
from pipeline.gateway._router import Router
from pipeline.gateway._settings import Settings
from pipeline.gateway._status import Status
from pipeline.gateway._swap import changed
from pipeline.gateway._ticket import Ticket
from pipeline.gateway._trace import log_line
from pipeline.gateway._upstream import Upstream
from pipeline.scheduling import Ledger, make_keeper

__all__ = ["Gateway"]

# Asking an instance takes half a millisecond of the loop that also passes the streams on.
_POLL_S = 0.2
_PROBE_S = 3.0
_SHUTDOWN_S = 0.5
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_SETTINGS, _RULE, _OPEN = Settings(), HealthRule(), Access()


class Gateway:
    """An OpenAI-compatible endpoint in front of a fleet; use it as an asynchronous context.

        async with Gateway(maker, fleet, Choice("fused_uniform"), port=8080) as gateway:
            gateway.url

    Args:
        maker: makes the parts that decide.
        fleet: the instances; every one has an endpoint.
        choice: what decides at first.
        settings: limits.
        rule: when an instance is out.
        access: keys; without any everybody is let in.
        host, port: where to listen; port 0 takes a free one.
        trace_log: file for a line per request.
        seed: of the polls' jitter.

    Raises:
        ParamsError: an instance has no endpoint, or the host is not the loopback and nobody would
            be asked for a key.
    """

    def __init__(
        self,
        maker: Maker,
        fleet: Fleet,
        choice: Choice,
        *,
        settings: Settings = _SETTINGS,
        rule: HealthRule = _RULE,
        access: Access = _OPEN,
        host: str = "127.0.0.1",
        port: int = 0,
        trace_log: Path | None = None,
        seed: int = 0,
    ) -> None:
        if host not in _LOOPBACK and not access.keys:
            raise ParamsError(
                f"host {host} is open to others and no key is asked for; name the variable that "
                "holds the keys with --key-variable, or listen on 127.0.0.1"
            )
        self.settings, self.fleet = settings, fleet
        self.began, self.url = int(time.time()), ""
        self.label: str | None = None  # live or emulated; None where nobody says or not all agree
        self._maker, self._choice, self._endpoints = maker, choice, _endpoints(fleet)
        self._place, self._access = (host, port), access
        self._ward = Ward(len(fleet.names), rule)
        self._log, self._seed = TraceLog(trace_log), seed
        self._draining = False
        self._swapping, self._empty = asyncio.Lock(), asyncio.Event()

    async def __aenter__(self) -> Self:
        """Make the parts ready, hear of the instances, and listen.

        Raises:
            RouteBalanceError: the choice cannot be made, or the address cannot be listened on.
        """
        parts = await asyncio.to_thread(self._maker.make, self._choice)
        async with AsyncExitStack() as opening:
            opening.enter_context(self._log)
            telemetry = FleetReader(
                self._endpoints, PollRule(period=_POLL_S), self._seed, parse_state
            )
            await opening.enter_async_context(telemetry)
            urls = list(self._endpoints.values())
            upstream = Upstream(urls, self.settings, self._access.upstream_key)
            await opening.enter_async_context(upstream)
            ledger, clock = make_keeper(parts.arm, self.fleet), time.monotonic
            assert isinstance(ledger, Ledger)  # an arm without one needs what no server tells
            settings, ward = self.settings, self._ward
            self.router = Router(self.fleet, parts, ledger, telemetry, ward, settings, clock)
            self.relay = Relay(self.router, upstream, ward, settings, clock, self._ended)
            self.status = Status(self.router, ward, telemetry, self._log)
            self.meters = Meters(self.status.gauges, self.fleet)
            await telemetry.all_asked()
            self.label = await _label(self._endpoints)
            self.url = await self._listen(opening)
            # Last, as a group wraps the errors of what is opened inside it.
            group = await opening.enter_async_context(asyncio.TaskGroup())
            opening.callback(group.create_task(self.router.run()).cancel)
            self._open = opening.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    def check_open(self) -> None:
        """Raise GatewayError while nothing is taken in."""
        if self._draining:
            wait = self.settings.drain_s
            raise GatewayError(503, "draining", "the gateway is shutting down", retry_after_s=wait)

    def check_ready(self) -> None:
        """Raise GatewayError where a request would find nobody."""
        self.check_open()
        if not self.status.open():
            wait = self._ward.back_in_s(time.monotonic())
            raise GatewayError(
                503, "no_instance", "no healthy instance is there", retry_after_s=wait
            )

    async def swap(self, raw: bytes) -> None:
        """Replace what decides, between batches: all that a body asks for, or nothing.

        Raises:
            RouteBalanceError: it is not understood, or what it asks for cannot be made.
        """
        async with self._swapping:
            choice = changed(self.router.parts.choice, raw)
            self.router.swap(await asyncio.to_thread(self._maker.make, choice))

    def drain(self) -> None:
        """Take nothing in any more."""
        self._draining = True
        self._notice()

    async def drained(self) -> bool:
        """Drain, and wait until what is under way has ended, at most `drain_s`; whether it has."""
        self.drain()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.settings.drain_s):
                await self._empty.wait()
        return self._empty.is_set()

    def state(self) -> dict[str, Any]:
        """What decides, how much is under way, and how every instance is."""
        return self.status.shown() | {"label": self.label, "draining": self._draining}

    async def _listen(self, opening: AsyncExitStack) -> str:
        host, port = self._place
        app = make_app(self, self._access)
        runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_S
        )
        await runner.setup()
        opening.push_async_callback(runner.cleanup)
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            reason = error.strerror or str(error)
            raise EndpointError(f"cannot listen on {host}:{port} ({reason})") from error
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{runner.addresses[0][1]}"

    def _ended(self, ticket: Ticket) -> None:
        arm = self.router.parts.choice.arm
        self.meters.ended(ticket, arm)
        self._log.write(log_line(ticket, arm, self.fleet))
        self._notice()

    def _notice(self) -> None:
        if self._draining and not self.relay.under_way:
            self._empty.set()


def _endpoints(fleet: Fleet) -> dict[str, str]:
    """Base URL by instance name, in fleet order."""
    found = fleet.params.endpoints
    missing = [name for name in fleet.names if name not in found]
    if missing:
        raise ParamsError(f"endpoints: {missing[0]} has none; every instance needs one")
    return {name: base_url(found[name]) for name in fleet.names}


async def _label(endpoints: dict[str, str]) -> str | None:
    """What stands behind the instances that answer."""
    probes = await probe_fleet(endpoints, _PROBE_S)
    labels = {probe.label for probe in probes.values() if probe.reached}
    return labels.pop() if len(labels) == 1 else None
