"""What is never split: the group of a prompt, or one run of the profile."""

import hashlib

import polars as pl

__all__ = ["seen_units", "with_units"]


def with_units(kind: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with a column `unit`; rows of one unit are all trained on, or none is.

    Quality and length: the group_id of DATASET rows. Latency: the hash of what a run of PROFILE
    rows holds, because another profile counts its runs from 1 again.
    """
    if kind != "latency":
        return rows.with_columns(unit=pl.col("group_id"))
    parts = rows.partition_by("tier", "run", as_dict=True, maintain_order=True)
    return pl.concat(
        part.with_columns(unit=pl.lit(f"{tier} {_digest(part)}"))
        for (tier, _), part in parts.items()
    )


def seen_units(kind: str, rows: pl.DataFrame) -> list[str]:
    """Sorted units of the rows that training, calibration and selection use: all but the test's.

    Args:
        kind: quality, length or latency.
        rows: DATASET or PROFILE rows of all parts.
    """
    part = "part" if kind == "latency" else "split"
    used = with_units(kind, rows).filter(pl.col(part) != "test")
    return sorted(set(used["unit"].to_list()))


def _digest(run: pl.DataFrame) -> str:
    numbers = run.sort("request_id").select(pl.selectors.numeric().exclude("run").cast(pl.Float64))
    return hashlib.sha256(numbers.to_numpy().tobytes()).hexdigest()[:16]
