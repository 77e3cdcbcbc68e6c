"""Every instance of a fleet, served by one process; one port an instance."""

import asyncio
import gc
import signal
from collections.abc import Callable, Mapping
from typing import Self
from urllib.parse import urlsplit

from aiohttp import web

from pipeline.errors import EndpointError, ParamsError
from pipeline.fleet import Fleet, fault_events
from pipeline.fleet.server._clock import Clock
from pipeline.fleet.server._lag import LagRecord
from pipeline.fleet.server._replies import Recorded
from pipeline.fleet.server._routes import make_app
from pipeline.fleet.server._service import InstanceSpec, Service
from pipeline.fleet.server._settings import Settings
from pipeline.params import FleetParams

__all__ = ["Emulator", "run_emulator"]

# An open stream would hold a shutdown up for as long as its answer lasts.
_SHUTDOWN_S = 0.5


class Emulator:
    """A fleet on the wall clock; engine time begins when it is entered.

        async with Emulator(fleet, Settings(), "127.0.0.1", 8100) as emulator:
            emulator.urls["7b_a30-0"]

    Args:
        fleet: what to serve; an instance with an endpoint is served there.
        settings: how.
        host: address to listen on, for instances without an endpoint.
        port: of the first of these, the others follow; 0 lets the system choose each.
        recorded: answers by model and prompt text.
    """

    def __init__(
        self,
        fleet: FleetParams,
        settings: Settings,
        host: str,
        port: int,
        recorded: Mapping[str, Mapping[str, Recorded]] | None = None,
    ) -> None:
        self.urls: dict[str, str] = {}
        self._fleet, self._settings = fleet, settings
        self._places = _places(fleet, host, port)
        self._recorded = recorded or {}
        self._services: list[Service] = []
        self._runners: list[web.AppRunner] = []

    async def __aenter__(self) -> Self:
        """Listen on every port.

        Raises:
            EndpointError: an address cannot be listened on.
        """
        clock, lags = Clock(self._settings.speed), LagRecord()
        for spec in self._specs():
            service = Service(spec, self._settings, clock, lags)
            self._services.append(service)
            try:
                self.urls[spec.name] = await self._listen(service, *self._places[spec.name])
            except EndpointError:
                await self.close()
                raise
            service.pacer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop listening, and end what is in flight."""
        for service in self._services:
            service.pacer.close()
        for runner in self._runners:
            await runner.cleanup()

    def _specs(self) -> list[InstanceSpec]:
        laid_out = Fleet.of(self._fleet)
        faults = self._fleet.faults
        events = fault_events(faults, list(laid_out.names))
        return [
            InstanceSpec(
                name=name,
                tier_name=tier,
                tier=self._fleet.tiers[tier],
                faults=tuple(fault for fault in faults if fault.instance == name),
                events=[event for event in events if event.instance == index],
                recorded=self._recorded.get(model, {}),
            )
            for index, (name, tier, model) in enumerate(
                zip(laid_out.names, laid_out.tiers, laid_out.models, strict=True)
            )
        ]

    async def _listen(self, service: Service, host: str, port: int) -> str:
        runner = web.AppRunner(
            make_app(service),
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=_SHUTDOWN_S,
        )
        await runner.setup()
        self._runners.append(runner)
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            reason = error.strerror or str(error)
            raise EndpointError(
                f"{service.spec.name} cannot listen on {host}:{port} ({reason}); choose another "
                "address with --host and --port, or under endpoints"
            ) from error
        return f"http://{f'[{host}]' if ':' in host else host}:{runner.addresses[0][1]}"


def run_emulator(emulator: Emulator, started: Callable[[Emulator], None]) -> None:
    """Serve until SIGINT or SIGTERM; call `started` once every port is open.

    Raises:
        EndpointError: an address cannot be listened on.
    """
    import uvloop

    async def serve() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        async with emulator:
            # What lives from here to the end is not worth a collector's pause.
            gc.freeze()
            started(emulator)
            await stop.wait()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())


def _places(fleet: FleetParams, host: str, port: int) -> dict[str, tuple[str, int]]:
    """Host and port of every instance, by name."""
    names = fleet.instance_names
    if port and port + len(names) > 65_536:
        raise ParamsError(f"port {port} leaves no room for {len(names)} instances below 65536")
    places = {name: (host, port + i if port else 0) for i, name in enumerate(names)}
    for name, url in fleet.endpoints.items():
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname is None or parts.port is None:
            raise ParamsError(
                f"endpoints.{name}: {url!r} cannot be served; http://HOST:PORT is accepted"
            )
        places[name] = (parts.hostname, parts.port)
    return places
