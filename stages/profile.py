"""Stage profile: how does each tier behave under load."""

import polars as pl

from pipeline.fleet import profile_tier
from pipeline.params import Params
from pipeline.progress import track
from pipeline.rows import PROFILE
from pipeline.schema import write_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    tiers = params.base.fleet.tiers
    rows = [
        profile_tier(name, tier, params.profile, params.base.seed)
        for name, tier in track(tiers.items(), len(tiers), "profile tiers")
    ]
    write_rows(pl.concat(rows), Paths.PROFILE, PROFILE)


if __name__ == "__main__":
    run_stage(main)
