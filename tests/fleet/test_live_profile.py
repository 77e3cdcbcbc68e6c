"""`routebalance fleet profile` against an emulated instance, from the sweep to the file."""

import asyncio
from pathlib import Path

import polars as pl
import pytest

from pipeline.errors import EndpointError, RouteBalanceError, UnknownNameError
from pipeline.fleet.live import Asking, fit_rows, live_limits, profile_server, read_live
from pipeline.fleet.live._profile import served_model
from pipeline.fleet.server import Emulator, Settings
from pipeline.fleet.steptime import TierProfile, read_profile, write_profile
from pipeline.fleet.telemetry import MetricsSample, Probe
from tests.fleet.serving import small_fleet

# Every iteration takes 4 ms.
STEP = {"w": 4.0, "c": 0.0, "e": 0.0, "f": 0.0001, "d": 0.0, "q": 0.0}


def asking(folder: Path, model: str | None = None) -> Asking:
    return Asking(
        model=model, seconds=1.0, passes=2, rates=(8.0,), max_num_seqs=8, max_batched_tokens=2048,
        rows=folder / "rows.parquet",
    )  # fmt: skip


async def profiled(folder: Path, model: str | None = None) -> TierProfile:
    fleet = small_fleet(step=STEP, max_batched_tokens=2048)
    async with Emulator(fleet, Settings(speed=1.0, seed=7), "127.0.0.1", 0) as emulator:
        found, _ = await profile_server(emulator.urls["small-0"], asking(folder, model))
        return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("profile")


@pytest.fixture(scope="module")
def profile(folder: Path) -> TierProfile:
    return asyncio.run(profiled(folder))


def test_a_profile_says_what_was_measured(profile: TierProfile, folder: Path) -> None:
    assert (profile.label, profile.model) == ("emulated", "emu-small")
    # From /metrics.
    assert profile.kv_tokens == 16_000
    assert (profile.max_num_seqs, profile.max_batched_tokens) == (8, 2048)
    assert profile.rows["failed"] == 0
    settings = {f"closed-{width}" for width in (1, 2, 4, 8)} | {"open-8"}
    metrics = ("ttft", "tpot", "e2e")
    assert set(profile.errors) <= {f"{name} {metric}" for name in settings for metric in metrics}
    # A lone client may be too slow for one of its few requests to be held out.
    assert set(profile.errors) >= {f"closed-8 {metric}" for metric in metrics}
    write_profile(profile, folder / "tier.json")
    assert read_profile(folder / "tier.json") == profile


def test_a_sweep_repeats_every_setting(profile: TierProfile, folder: Path) -> None:
    rows = read_live(folder / "rows.parquet")
    runs = [f"closed-{width}" for width in (1, 2, 4, 8)] + ["open-8"]
    named = [f"{run}, pass {number}" for number in (1, 2) for run in runs]
    assert rows["run"].unique(maintain_order=True).to_list() == named
    assert rows["label"].unique().to_list() == ["emulated"]
    closed = rows.filter(pl.col("clients").is_not_null())
    assert closed["run"].str.starts_with(pl.format("closed-{},", closed["clients"])).all()


def test_saved_rows_give_the_same_profile(profile: TierProfile, folder: Path) -> None:
    rows, sample = read_live(folder / "rows.parquet"), MetricsSample(kv_tokens=16_000)
    limits = live_limits(asking(folder), sample)
    again, _ = fit_rows(rows, limits, profile.model, sample, profile.command)
    assert again == profile


def test_a_cache_that_is_not_stated_is_unknown(profile: TierProfile, folder: Path) -> None:
    rows, limits = read_live(folder / "rows.parquet"), live_limits(asking(folder), None)
    again, _ = fit_rows(rows, limits, profile.model, None, profile.command)
    assert again.kv_tokens is None
    assert any("taken as unbounded" in note for note in again.notes)


@pytest.mark.parametrize(
    ("models", "name", "says"),
    [
        ({"tiny": 2048, "small": None}, None, "give the model's name; the server offers tiny, sm"),
        ({}, None, "the server offers none"),
        ({"tiny": 2048, "small": None}, "smal", "did you mean 'small'"),
        (None, None, "no list here; no page there"),
    ],
)
def test_a_model_that_cannot_be_chosen_is_one_sentence(
    models: dict[str, int | None] | None, name: str | None, says: str
) -> None:
    probed = Probe(True, models=models, problems=("no list here", "no page there"))
    with pytest.raises(RouteBalanceError, match=says):
        served_model(probed, name, "http://host")


def test_a_model_is_chosen_by_name_or_by_being_alone() -> None:
    assert served_model(Probe(True, models={"tiny": 1}), None, "http://host") == "tiny"
    assert served_model(Probe(True, models={"tiny": 1, "small": 2}), "small", "") == "small"


def test_an_unknown_model_names_the_one_that_is_there(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="emu-small"):
        asyncio.run(profiled(tmp_path, "emu-smal"))


def test_nobody_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(EndpointError, match="cannot be reached"):
        asyncio.run(profile_server("http://127.0.0.1:9", asking(tmp_path)))
