"""Polling /metrics of a fleet: the edge around `Link`, with sockets and a clock."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import aiohttp

from pipeline.errors import EndpointError
from pipeline.fleet.telemetry._http import base_url, fetch
from pipeline.fleet.telemetry._link import Link, PollRule
from pipeline.fleet.telemetry._metrics import parse_metrics
from pipeline.fleet.telemetry._observed import Observed
from pipeline.fleet.telemetry._sample import MetricsSample
from pipeline.streams import stream

__all__ = ["FleetReader", "Reader"]

_LOOKS_S = 0.005

Parse = Callable[[str, str], MetricsSample]


class Reader:
    """Polls one endpoint, for as long as `run` is not cancelled.

    Args:
        name: of the instance.
        url: of its server.
        session: connections are shared by the readers of a fleet.
        rule: how often, how patiently.
        seed: of the jitter; every name has its own stream.
        clock: seconds that never run back; the event loop's in production.
        parse: from a page and where it comes from to what it says.

    Raises:
        EndpointError: the URL is malformed.
    """

    def __init__(
        self,
        name: str,
        url: str,
        session: aiohttp.ClientSession,
        rule: PollRule,
        seed: int,
        clock: Callable[[], float],
        parse: Parse = parse_metrics,
    ) -> None:
        self.name, self.link = name, Link(next_poll=clock())
        self.sample: MetricsSample | None = None
        self._url = f"{base_url(url)}/metrics"
        self._session, self._rule, self._clock = session, rule, clock
        self._parse = parse
        self._draws = stream(seed, "telemetry", name)

    async def run(self) -> None:
        """Poll for ever."""
        while True:
            await asyncio.sleep(self.link.next_poll - self._clock())
            await self.poll()

    async def poll(self) -> None:
        """Poll once; a failure is noted, not raised."""
        sent = self._clock()
        try:
            answer = await fetch(self._session, self._url, self._rule.timeout)
            if answer.status != 200:
                raise EndpointError(f"{self._url} answered HTTP {answer.status}")
            self.sample = self._parse(answer.text, self._url)
        except EndpointError as error:
            draw = float(self._draws.random())
            self.link = self.link.failed(sent, self._clock(), str(error), self._rule, draw)
        else:
            self.link = self.link.answered(sent, self._clock(), self._rule)

    def observed(self, now: float) -> Observed:
        """The instance as it is known at `now`, a time of the reader's clock."""
        link = self.link
        return Observed(
            name=self.name,
            state=link.state(now, self._rule),
            sample=self.sample,
            age_s=link.age(now),
            failures=link.failures,
            since=link.since,
            error=link.error,
        )


class FleetReader:
    """Polls every endpoint of a fleet while the `async with` block lasts.

    Args:
        endpoints: base URL by instance name.
        rule: how often, how patiently.
        seed: of the jitter.
        parse: `parse_state` where nobody asks for more than a router needs.

    Raises:
        EndpointError: on entering, if a URL is malformed.
    """

    def __init__(
        self,
        endpoints: Mapping[str, str],
        rule: PollRule,
        seed: int,
        parse: Parse = parse_metrics,
    ) -> None:
        self._endpoints, self._rule, self._seed = dict(endpoints), rule, seed
        self._parse = parse
        self._open = AsyncExitStack()
        self._readers: list[Reader] = []

    async def __aenter__(self) -> Self:
        clock = asyncio.get_running_loop().time
        async with AsyncExitStack() as opening:
            session = await opening.enter_async_context(aiohttp.ClientSession())
            self._readers = [
                Reader(name, url, session, self._rule, self._seed, clock, self._parse)
                for name, url in self._endpoints.items()
            ]
            group = await opening.enter_async_context(asyncio.TaskGroup())
            tasks = [group.create_task(reader.run()) for reader in self._readers]
            for task in tasks:
                opening.callback(task.cancel)
            self._open = opening.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._open.aclose()

    async def all_asked(self) -> None:
        """Wait until every endpoint has answered once, or failed to."""
        while any(one.sample is None and not one.link.failures for one in self._readers):
            await asyncio.sleep(_LOOKS_S)

    def view(self, now: float) -> list[Observed]:
        """Every instance as it is known at `now`, a time of the event loop, in declared order."""
        return [reader.observed(now) for reader in self._readers]
