"""How everybody is at this moment, for /admin/state and for Prometheus."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from pipeline.fleet.telemetry import FleetReader
from pipeline.gateway._health import Ward
from pipeline.gateway._log import TraceLog
from pipeline.gateway._meters import Gauge
from pipeline.gateway._router import Router

__all__ = ["Status"]


class Status:
    """The present of a gateway, read and not changed."""

    def __init__(self, router: Router, ward: Ward, telemetry: FleetReader, log: TraceLog) -> None:
        self._router, self._ward, self._telemetry, self._log = router, ward, telemetry, log

    def open(self) -> bool:
        """Whether a request would find anybody."""
        now = time.monotonic()
        states = [one.state for one in self._telemetry.view(now)]
        return bool(self._ward.open(np.array(states) != "unreachable", now).any())

    def shown(self) -> dict[str, Any]:
        """What decides, how much is under way, and how every instance is."""
        now, router, fleet = time.monotonic(), self._router, self._router.fleet
        believed = router.ledger.view(now).queue
        instances = [
            {
                "name": one.name,
                "tier": fleet.tiers[i],
                "model": fleet.models[i],
                "health": "out" if self._ward.out(i) else "in",
                "telemetry": one.state,
                "in_flight": router.flying[i],
                "queue_believed": float(believed[i]),
            }
            for i, one in enumerate(self._telemetry.view(now))
        ]
        return router.parts.choice.shown() | {
            "contents": dict(router.parts.contents),
            "waiting": router.waiting,
            "in_flight": sum(router.flying),
            "instances": instances,
        }

    def gauges(self) -> Iterator[Gauge]:
        """The same in numbers, with the ledger's error where the telemetry answers."""
        now, router = time.monotonic(), self._router
        believed = router.ledger.view(now).queue
        yield Gauge("waiting", "Requests that wait for a decision.", router.waiting)
        yield Gauge("trace_lines_lost", "Lines that could not be written.", self._log.lost)
        for i, one in enumerate(self._telemetry.view(now)):
            yield Gauge("in_flight", "Requests on an instance.", router.flying[i], one.name)
            out = int(self._ward.out(i))
            yield Gauge("instance_out", "Whether failures put it out.", out, one.name)
            times = self._ward.evictions[i]
            yield Gauge("evictions", "How often they have.", times, one.name)
            if one.age_s is not None:
                yield Gauge("telemetry_age_seconds", "Of its last answer.", one.age_s, one.name)
            told = one.sample
            if one.failures == 0 and told is not None and told.running is not None:
                error = float(believed[i]) - told.running - (told.waiting or 0)
                meaning = "Sequences believed there less those that it reported."
                yield Gauge("ledger_error", meaning, error, one.name)
