"""A folder with every public set in small, and a cache that ends with the test."""

from pathlib import Path

import polars as pl
import pytest

from tests.workload.hub.hub_files import MAKERS, write_jsonl


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `datasets` keeps of the files goes away with the test."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """Every set with 40 rows; half of them as parquet, half as lines of JSON."""
    folder = tmp_path / "mirror"
    for number, (name, make) in enumerate(MAKERS.items()):
        if number % 2:
            write_jsonl(folder / name / "part.jsonl", make(40))
        else:
            (folder / name).mkdir(parents=True)
            pl.DataFrame(make(40)).write_parquet(folder / name / "part.parquet")
    return folder
