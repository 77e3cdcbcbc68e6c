"""The top of the page: gains with intervals, verdicts, and what routing by content is worth."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from pipeline.params import Params
from pipeline.reporting.page._context import Gain, Headline, Verdict
from pipeline.reporting.page._format import estimate_text
from pipeline.reporting.page._inputs import ReportInputs
from pipeline.reporting.page._origin import SPLIT, labels_of
from pipeline.reporting.predictors import routing_verdict

__all__ = ["headline", "middle_rate"]

# metric: name, unit, factor to it, and +1 where more is better
_SHOWN = {
    "quality": ("Quality", "of 0 to 1", 1.0, 1),
    "e2e_s": ("Mean E2E", "s", 1.0, -1),
    "cost_usd": ("Cost", "USD per 1000 requests", 1000.0, -1),
}
_GOALS = {"quality": "quality", "e2e_s": "E2E", "cost_usd": "cost", "utility": "utility"}


def middle_rate(params: Params) -> float:
    """Return the rate that stands for the steady traffic where only one is shown."""
    rates = sorted(params.loadtest.rates)
    return rates[len(rates) // 2]


def headline(inputs: ReportInputs, params: Params) -> Headline:
    """Say what the first system gains over the baseline, and what the contrasts answered."""
    tables = inputs.tables
    return Headline(
        gains=list(_gains(tables, params)),
        verdicts=[
            Verdict(
                row["question"], row["answer"], row["supported"], row["refuted"],
                row["inconclusive"],
            )
            for row in tables["answers"].iter_rows(named=True)
        ],
        sentences=[*_volume(tables["hypervolume"], params), routing_verdict(tables["scores"])],
        badges=[
            labels_of(tables["cells"]), f"{SPLIT} split", _data(inputs.card),
        ],
    )  # fmt: skip


def _data(card: dict[str, Any]) -> str:
    """Source and data sets of the prompts."""
    return f"{card['source']}: {', '.join(one['dataset'] for one in card['datasets'])}"


def _gains(tables: dict[str, pl.DataFrame], params: Params) -> Iterator[Gain]:
    """One per arm that the first system chose for some goal; all its arms where none was chosen."""
    system, points = next(iter(params.frontier.systems.items()))
    rate, baseline = middle_rate(params), params.frontier.baseline
    here = pl.col("rate") == rate
    chosen = tables["chosen"].filter(here & (pl.col("system") == system))
    goals: dict[str, list[str]] = {}
    for goal, arm in chosen.select("goal", "arm").unique(maintain_order=True).iter_rows():
        goals.setdefault(arm, []).append(_GOALS[goal])
    for arm in sorted(goals, key=lambda name: "utility" not in goals[name]) or points:
        rows = tables["differences"].filter(here & (pl.col("arm") == arm))
        found = {row["metric"]: row for row in rows.iter_rows(named=True)}
        if not set(_SHOWN) <= set(found):
            continue
        why = f", chosen for {' and '.join(goals[arm])} on validation" if arm in goals else ""
        yield Gain(
            f"{arm} ({system}{why})",
            f"minus {baseline} at {rate:g} requests/s",
            [_item(found[metric], *_SHOWN[metric]) for metric in _SHOWN],
        )


def _item(
    row: dict[str, Any], name: str, unit: str, scale: float, sign: int
) -> tuple[str, str, str, str]:
    point, interval = _with_interval(row, scale).partition(" ")[::2]
    low, high = row["low"], row["high"]
    if low is None or high is None or low <= 0 <= high:
        side = "open"
    else:
        side = "better" if sign * low > 0 else "worse"
    plus = "" if row["estimate"] is None or row["estimate"] <= 0 else "+"
    return f"{name}, {unit}", f"{plus}{point}", interval, side


def _with_interval(row: dict[str, Any], scale: float = 1.0) -> str:
    ends = [row[name] for name in ("estimate", "low", "high")]
    return estimate_text(*(None if end is None else scale * end for end in ends))


def _volume(table: pl.DataFrame, params: Params) -> Iterator[str]:
    rate, system = middle_rate(params), next(iter(params.frontier.systems))
    rows = list(table.filter(pl.col("rate") == rate).iter_rows(named=True))
    own = [row for row in rows if row["system"] == system and row["against"] is None]
    gaps = [row for row in rows if row["against"] == system]
    if own:
        told = "; ".join(f"{row['system']} minus {system} {_with_interval(row)}" for row in gaps)
        yield (
            f"Hypervolume at {rate:g} requests/s, as a share of the declared box of quality, E2E "
            f"and cost: {system} {_with_interval(own[0])}{f'; {told}' if told else ''}."
        )
