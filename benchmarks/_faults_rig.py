"""Three emulated instances in processes of their own, and a gateway in another."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._faults_process import COMMAND, Served
from benchmarks._faults_till import serving_till
from pipeline.params import FleetParams, dump_fleet, load_params
from pipeline.stage import Paths

__all__ = ["PATIENCE_S", "QUEUE", "SERVES_PER_S", "TOKENS", "Rig", "open_rig"]

PATIENCE_S = 2.0  # of the gateway: for the first token, and between tokens
QUEUE = 24  # requests that may wait in it

TOKENS = 16  # of every answer
_INSTANCES, _SEATS, _STEP_MS = 3, 8, 40.0
SERVES_PER_S = _INSTANCES * _SEATS / (TOKENS * _STEP_MS * 1e-3)
# Every iteration takes as long, whatever is in it.
_TIER = {
    "step": {"w": _STEP_MS, "c": 0.0, "e": 0.0, "f": 0.0001, "d": 0.0, "q": 0.0},
    "kv_tokens": 16_000,
    "max_num_seqs": _SEATS,
    "max_batched_tokens": 256,
}


@dataclass
class Rig:
    """What runs, and the folder of its files."""

    folder: Path
    instances: dict[str, Served]
    gateway: Served

    @property
    def victim_name(self) -> str:
        """Its name."""
        return next(iter(self.instances))

    @property
    def victim(self) -> Served:
        """The instance that something happens to."""
        return next(iter(self.instances.values()))

    @property
    def tills(self) -> list[Path]:
        """What the instances wrote down."""
        return [self.folder / f"{name}.till" for name in self.instances]

    def ill(self, fault: str, *names: str) -> None:
        """Let something go wrong at these instances, by default the victim; empty: nothing."""
        for name in names or (self.victim_name,):
            (self.folder / f"{name}.fault").write_text(fault)


@contextmanager
def open_rig() -> Iterator[Rig]:
    """Start everything; whatever is left of it is ended."""
    fleet = _fleet()
    with TemporaryDirectory() as name, ExitStack() as opening:
        folder = Path(name)
        file = folder / "fleet.yaml"
        dump_fleet(fleet, file)
        instances = {}
        for one in fleet.instance_names:
            instances[one] = opening.enter_context(serving_till(file, one, folder))
            instances[one].stay()
        urls = {one: served.url for one, served in instances.items()}
        dump_fleet(fleet.model_copy(update={"endpoints": urls}), file)
        written = folder / "gateway.url"
        gateway = opening.enter_context(Served(_serve(file, written), written))
        yield Rig(folder, instances, gateway)


def _fleet() -> FleetParams:
    """Instances of the first tier of params.yaml, with other times."""
    told = load_params(Paths.PARAMS).base.fleet
    first = next(iter(told.tiers))
    values = told.model_dump(by_alias=True, exclude_none=True)
    values["tiers"][first] |= _TIER
    return FleetParams.model_validate(
        values | {"instances": {first: _INSTANCES}, "endpoints": {}, "faults": []}
    )


def _serve(fleet: Path, written: Path) -> list[str]:
    options = {
        "--fleet": fleet,
        "--arm": "shortest_queue",
        "--first-token": PATIENCE_S,
        "--between": PATIENCE_S,
        "--max-queue": QUEUE,
        "--max-in-flight": _INSTANCES * _SEATS,
        "--write": written,
        "--port": 0,
    }
    return [*COMMAND, "serve", *(str(part) for option in options.items() for part in option)]
