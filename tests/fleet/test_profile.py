"""Which runs of a profile are for what."""

from pathlib import Path

import pytest

from pipeline.fleet import profile_tier
from pipeline.params import load_params
from pipeline.rows import SPLITS


@pytest.mark.parametrize(
    ("runs", "counts"), [(4, (1, 1, 1, 1)), (5, (2, 1, 1, 1)), (10, (5, 2, 1, 2))]
)
def test_every_load_has_runs_of_every_part(root: Path, runs: int, counts: tuple[int, ...]) -> None:
    params = load_params(root / "params.yaml")
    asked = params.profile.model_copy(update={"runs": runs, "requests": 20, "loads": (0.1, 0.5)})
    rows = profile_tier("7b_a30", params.base.fleet.tiers["7b_a30"], asked, 1)
    runs_of = rows.unique("run").group_by("rate", "part").len()
    for _, found in runs_of.group_by("rate"):
        assert dict(found.select("part", "len").iter_rows()) == dict(
            zip(SPLITS, counts, strict=True)
        )
