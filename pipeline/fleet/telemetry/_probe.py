"""Asking one server who it is: /v1/models, /version, /health and /metrics."""

import asyncio
import json
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import aiohttp

from pipeline.errors import EndpointError
from pipeline.fleet.telemetry._http import Answer, base_url, fetch
from pipeline.fleet.telemetry._metrics import parse_metrics
from pipeline.fleet.telemetry._sample import MetricsSample

__all__ = ["Probe", "probe", "probe_fleet", "read_models"]

_MARK = "+emulated"


@dataclass(frozen=True, slots=True)
class Probe:
    """What a server says of itself. None is what it did not say.

    Attributes:
        reached: whether it answered at all.
        version: of vLLM.
        models: `max_model_len` (or None) by the name of each served model.
        sample: its metrics.
        problems: what went wrong while asking, as sentences.
    """

    reached: bool
    version: str | None = None
    models: Mapping[str, int | None] | None = None
    sample: MetricsSample | None = None
    problems: tuple[str, ...] = ()

    @property
    def label(self) -> Literal["live", "emulated"]:
        """Emulated where `routebalance fleet up` serves it, which its version says; else live."""
        return "emulated" if self.version and self.version.endswith(_MARK) else "live"


async def probe_fleet(endpoints: Mapping[str, str], timeout_s: float) -> dict[str, Probe]:
    """Ask every server at once; by instance name. No failure is raised, all are in the probes."""
    async with aiohttp.ClientSession() as session:
        asked = (probe(session, url, timeout_s) for url in endpoints.values())
        return dict(zip(endpoints, await asyncio.gather(*asked), strict=True))


async def probe(session: aiohttp.ClientSession, url: str, timeout_s: float) -> Probe:
    """Ask one server. A server that does not answer the first question is not asked the others."""
    try:
        root = base_url(url)
        first = await fetch(session, f"{root}/v1/models", timeout_s)
    except EndpointError as error:
        return Probe(reached=False, problems=(str(error),))
    metrics, health, version = await asyncio.gather(
        _settled(fetch(session, f"{root}/metrics", timeout_s)),
        _settled(fetch(session, f"{root}/health", timeout_s)),
        _settled(fetch(session, f"{root}/version", timeout_s)),
    )
    models, no_models = _read_models(first, f"{root}/v1/models")
    sample, no_sample = _read_sample(metrics, f"{root}/metrics")
    problems = (no_models, no_sample, _unhealthy(health, f"{root}/health"))
    said = tuple(problem for problem in problems if problem is not None)
    return Probe(True, _read_version(version), models, sample, said)


def read_models(text: str, where: str) -> dict[str, int | None]:
    """Return `max_model_len` by model name from the body of /v1/models.

    Raises:
        EndpointError: it is not the list of models of an OpenAI-compatible server.
    """
    try:
        cards = json.loads(text)["data"]
        return {_name(card): _length(card.get("max_model_len")) for card in cards}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise EndpointError(
            f"{where} does not list models, so the server is not OpenAI-compatible; "
            'JSON such as {"data": [{"id": NAME}]} is accepted'
        ) from None


def _name(card: Any) -> str:
    if not isinstance(card["id"], str):
        raise TypeError
    return card["id"]


def _length(value: Any) -> int | None:
    return value if isinstance(value, int) else None


async def _settled(asked: Awaitable[Answer]) -> Answer | EndpointError:
    try:
        return await asked
    except EndpointError as error:
        return error


def _read_models(answer: Answer, where: str) -> tuple[dict[str, int | None] | None, str | None]:
    if answer.status in (401, 403):
        return None, f"{where} answered HTTP {answer.status}: it wants an API key"
    if answer.status != 200:
        said = f"{where} answered HTTP {answer.status}, so the server is not OpenAI-compatible"
        return None, said if answer.status < 500 else f"{where} answered HTTP {answer.status}"
    try:
        return read_models(answer.text, where), None
    except EndpointError as error:
        return None, str(error)


def _read_sample(
    answer: Answer | EndpointError, where: str
) -> tuple[MetricsSample | None, str | None]:
    if isinstance(answer, EndpointError):
        return None, str(answer)
    if answer.status != 200:
        return None, f"{where} answered HTTP {answer.status}; the metrics of vLLM are accepted"
    try:
        return parse_metrics(answer.text, where), None
    except EndpointError as error:
        return None, str(error)


def _unhealthy(answer: Answer | EndpointError, where: str) -> str | None:
    # Only vLLM's own answer for a dead engine is bad news; other servers have no such page.
    if isinstance(answer, Answer) and answer.status == 503:
        return f"{where} answered HTTP 503: the engine is dead"
    return None


def _read_version(answer: Answer | EndpointError) -> str | None:
    if isinstance(answer, EndpointError) or answer.status != 200:
        return None
    try:
        version = json.loads(answer.text)["version"]
    except (ValueError, KeyError, TypeError):
        return None
    return version if isinstance(version, str) else None
