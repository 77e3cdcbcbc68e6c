"""A gateway in front of emulated instances in this process, and a client of it."""

import asyncio
import json
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UnknownNameError
from pipeline.fleet import Fleet
from pipeline.fleet.server import Emulator
from pipeline.fleet.server import Settings as Served
from pipeline.gateway import Choice, Gateway, Loaded, Maker
from pipeline.loadtest import PromptReader
from pipeline.params import ArmParams, FleetParams, LoadtestParams, load_params
from pipeline.predictors import LengthModel, Prompts, QualityModel
from pipeline.predictors.learners import Knn
from pipeline.scheduling import Estimator
from tests.fleet.serving import small_fleet

__all__ = ["ARMS", "CHAT", "Answer", "Rig", "behind", "make_gateway", "make_reader", "sse"]

MODELS = ["emu-small", "emu-large"]
CHAT = "/v1/chat/completions"

_FUSED = {"router": "fused", "dispatcher": "shortest_queue", "weights": "uniform"}
ARMS: dict[str, dict[str, Any]] = {
    "fused": _FUSED | {"latency": "static"},
    "queue": {"router": "passthrough", "dispatcher": "shortest_queue"},
    "turns": {"router": "passthrough", "dispatcher": "round_robin"},
    "large": {"router": "single", "model": "emu-large", "dispatcher": "shortest_queue"},
    "strict": _FUSED | {"latency": "static", "filter": {"mode": "strict"}},
    "clamped": {"router": "passthrough", "dispatcher": "round_robin", "budget": "clamp"},
    "stopped": {"router": "passthrough", "dispatcher": "round_robin", "budget": "stop"},
    "pair": _FUSED | {"latency": "static", "batching": "concurrent"},
    "timed": _FUSED | {"latency": "static", "batching": "published"},
    "strict_pair": _FUSED
    | {"latency": "static", "filter": {"mode": "strict"}, "batching": "concurrent"},
    "oracle": {"router": "query_oracle", "dispatcher": "shortest_queue"},
    "late": {"router": "passthrough", "dispatcher": "random",
             "telemetry": {"period_s": 0.1, "delay_s": 1.0}},
}  # fmt: skip


def encode(texts: list[str]) -> NDArray[np.float32]:
    """Unit rows that depend on the text alone, (n, 8)."""
    rows = [np.random.default_rng(list(text.encode()) or [0]).standard_normal(8) for text in texts]
    unit: NDArray[np.float32] = np.array([row / np.linalg.norm(row) for row in rows], np.float32)
    return unit


def make_reader(fleet: FleetParams) -> PromptReader:
    """Predictors of drawn labels and lengths."""
    rng = np.random.default_rng(4)
    rows = encode([f"text {i}" for i in range(60)])
    train, rest = Prompts(rows[:30]), Prompts(rows[30:])
    labels, tokens = rng.random((60, 2)), rng.integers(20, 60, (60, 2)).astype(float)
    quality = QualityModel(Knn(5), 0.9).fit(MODELS, train, labels[:30], rest, labels[30:])
    length = LengthModel(Knn(5), 0.9).fit(MODELS, train, tokens[:30], rest, tokens[30:])
    return PromptReader(encode, Estimator(quality, length, fleet.prices))


def loadtest_params(root: Path) -> LoadtestParams:
    told = load_params(root / "params.yaml").loadtest
    arms = {name: ArmParams.model_validate(arm) for name, arm in ARMS.items()}
    return told.model_copy(update={"arms": arms})


def make_gateway(fleet: FleetParams, arm: str = "queue", **options: Any) -> Gateway:
    """A gateway whose predictors are drawn, in the versions 1 and champion."""
    reader = make_reader(fleet)

    def load(arm: ArmParams, choice: Choice) -> Loaded:
        for kind, version in choice.predictors.items():
            if version not in ("1", "champion"):
                raise UnknownNameError("version", version, ["1", "champion"], kind)
        return Loaded(reader if arm.reads_prompt else None, None, "emu-small")

    laid_out, params = Fleet.of(fleet), loadtest_params(Path(__file__).parents[2])
    return Gateway(Maker(params, laid_out, load, 7), laid_out, Choice(arm), **options)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])

    @property
    def trace(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.headers["x-routebalance-trace"])
        return told


@dataclass
class Rig:
    """A running gateway, its instances, and connections to both."""

    gateway: Gateway
    emulator: Emulator
    session: aiohttp.ClientSession

    async def post(self, path: str, body: Any, **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.send(path, raw, **headers)

    async def send(self, path: str, data: bytes | AsyncIterable[bytes], **headers: str) -> Answer:
        return await self._done(
            self.session.post(self.gateway.url + path, data=data, headers=headers)
        )

    async def get(self, path: str, **headers: str) -> Answer:
        return await self._done(self.session.get(self.gateway.url + path, headers=headers))

    async def chat(self, text: str = "How many?", **more: Any) -> Answer:
        """A conversation of one turn, 5 tokens unless said otherwise."""
        body = {"model": "auto", "messages": [{"role": "user", "content": text}], "max_tokens": 5}
        return await self.post(CHAT, body | more)

    async def direct(self, instance: str, **body: Any) -> bytes:
        """What an instance itself answers."""
        url = self.emulator.urls[instance] + CHAT
        async with self.session.post(url, json=body) as response:
            return await response.read()

    async def metrics(self) -> str:
        return (await self.get("/metrics")).body.decode()

    async def _done(self, asked: Any) -> Answer:
        async with asked as response:
            return Answer(response.status, response.headers, await response.read())


def behind(
    work: Callable[[Rig], Awaitable[None]],
    fleet: FleetParams | None = None,
    arm: str = "queue",
    served: Mapping[str, Any] | None = None,
    **options: Any,
) -> None:
    """Run a test against a gateway; nothing is left in its ledger, and nothing under way."""
    declared = fleet or small_fleet()

    async def run() -> None:
        settings = Served(**({"speed": 50.0, "seed": 7} | dict(served or {})))
        async with Emulator(declared, settings, "127.0.0.1", 0) as emulator:
            known = declared.model_copy(update={"endpoints": emulator.urls})
            gateway = make_gateway(known, arm, **options)
            async with gateway, aiohttp.ClientSession() as session:
                await asyncio.wait_for(work(Rig(gateway, emulator, session)), 30)
                await until(lambda: gateway.relay.under_way == 0)
                assert gateway.router.ledger.in_flight == 0
                assert sum(gateway.router.flying) == 0

    asyncio.run(run())


async def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something holds; fail where it does not in time."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)


def sse(stream: bytes) -> list[bytes]:
    """The data of every event."""
    return [part.removeprefix(b"data: ") for part in stream.split(b"\n\n") if part]
