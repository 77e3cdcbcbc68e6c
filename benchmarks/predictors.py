"""How good the predictors are on real data, on prompts that they never saw.

    python -m benchmarks.predictors --train DIR --test DIR

Trains every candidate on the prompts, labels and sampled lengths of one folder and judges it on
those of another one of the same schema (data/external/README.md); one folder may be both, and a
part of it is then held out by group. Quality is judged on ladders of models (`_ladders.py`) by what
routing with it is worth, beside always asking the best single model and beside the per-dataset
mean; lengths on ten sampled answers per prompt and model. Every number is of recorded answers.

The last line is JSON: `ladders` (name -> candidate -> numbers; `auto` is the one that the
validation split selects), `length` (model -> pinball, knn_pinball, coverage90), `transfer` (mixed
pools: each data set judged by what was learned without it) and `claims`, the targets in words.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks._ladders import LADDERS, SMALL, pools
from benchmarks._length import length_results
from benchmarks._quality import AUTO, judge_ladders, read_pool, transfer
from benchmarks._report import finish
from pipeline.files import content_hash
from pipeline.params import load_params
from pipeline.progress import track

SEED = 1
CACHE = Path(".cache/benchmarks")
LENGTHS = "castillo"  # the data set whose answers were sampled ten times
BATCH, ECE = 64, 0.03


def main() -> None:
    parser = argparse.ArgumentParser(description="Quality and length predictors on real data.")
    parser.add_argument("--train", type=Path, required=True, help="folder to learn from")
    parser.add_argument("--test", type=Path, required=True, help="folder to judge on")
    parser.add_argument("--small", action="store_true", help="two ladders, no lengths")
    parser.add_argument("--ladders", default="", help="names, separated by commas; default all")
    options = parser.parse_args()
    asked = [name for name in options.ladders.split(",") if name]
    names = list(SMALL) if options.small else asked or list(LADDERS)
    params = load_params(Path("params.yaml"))
    folders = {options.train, options.test}
    wanted = {dataset for name in names for dataset in LADDERS[name].datasets}
    encode = embedder(folders, wanted if options.small else wanted | {LENGTHS})
    ladders: dict[str, dict[str, Any]] = {}
    left_out: dict[str, Any] = {}
    quality = params.quality
    for datasets, group in pools(names).items():
        pool = read_pool(options.train, options.test, datasets, group, encode)
        ladders |= judge_ladders(pool, group, quality, SEED)
        for name in group:
            print_ladder(name, ladders[name])
        if len(datasets) > 1:
            left_out[group[0]] = transfer(pool, group[0], quality, SEED)
            for without, told in left_out[group[0]].items():
                print_ladder(f"{group[0]} without {without}, judged on it", told)
    claims = claimed(ladders)
    lengths: dict[str, Any] = {"models": {}, "selected": None}
    if not options.small:
        lengths = length_results(options.train, options.test, encode, params.length, SEED)
        print_lengths(lengths)
        claims += claimed_lengths(lengths)
    for line in claims:
        print(line)
    finish(
        {
            "ladders": ladders,
            "mixed": [name for name in names if LADDERS[name].mixed],
            "length": {name: of_length(one) for name, one in lengths["models"].items()},
            "length_selected": lengths["selected"],
            "transfer": left_out,
            "claims": claims,
        }
    )


def embedder(folders: set[Path], datasets: set[str]) -> Callable[[list[str]], NDArray[np.float32]]:
    """Embeddings of the prompts of some data sets, made once by the encoder that serves.

    They are kept on disk, because they take longer than everything else here.
    """
    wanted = pl.concat([pl.read_parquet(folder / "prompts.parquet") for folder in sorted(folders)])
    texts = wanted.filter(pl.col("dataset").is_in(datasets))["prompt_text"].unique().sort()
    path = CACHE / f"{content_hash(texts.to_list())[:32]}.npy"
    if not path.exists():
        from pipeline.encoder import load_encoder

        encoder, order = load_encoder(), texts.str.len_chars().arg_sort().to_numpy()
        made = np.empty((len(texts), 384), dtype=np.float32)
        starts = range(0, len(texts), BATCH)
        for start in track(starts, len(starts), f"embed {len(texts)} prompts, batches"):
            rows = order[start : start + BATCH]
            made[rows] = encoder.encode(texts[rows].to_list())
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, made)
    vectors = np.load(path)
    place = {text: row for row, text in enumerate(texts)}
    return lambda asked: vectors[[place[text] for text in asked]]


def print_ladder(name: str, told: dict[str, Any]) -> None:
    first = told[AUTO]
    print(f"\n{name}: {first['n']} prompts, auto is {first['selected']}")
    print(
        f"{'':13}{'regret':>7}{'APGR':>7}{'  equal cost - best single':<28}"
        f"{'  - per-dataset mean':<26}{'  half cost - mixture':<26}"
        f"{'closed':>7}{'Brier':>7}{'ECE':>6}{'AUC':>7}"
    )
    for candidate, one in told.items():
        equal, half = one["quality_at_equal_cost"], one["quality_at_half_cost"]
        closed = one["gap_closed"]["estimate"]
        print(
            f"{candidate:13}{one['regret']:7.3f}{one['apgr']:7.3f}"
            f"  {ends(equal['vs_best_single']):26}  {ends(equal['vs_dataset_mean']):24}"
            f"  {ends(half['vs_best_single']):24}"
            f"{'-' if closed is None else format(closed, '.2f'):>7}"
            f"{one['brier']:7.3f}{one['ece']:6.3f}{one['auc_within_prompt']:7.3f}"
        )


def ends(found: dict[str, Any] | None) -> str:
    """An estimate with its interval."""
    if found is None or found["estimate"] is None:
        return "-"
    if found["low"] is None:
        return f"{found['estimate']:+.3f}"
    return f"{found['estimate']:+.3f} [{found['low']:+.3f}, {found['high']:+.3f}]"


def print_lengths(told: dict[str, Any]) -> None:
    print(f"\nlengths, auto is {told['selected']}; prompts by split {told['prompts']}")
    print(
        f"{'':28}{'pinball':>9}{'k-NN':>8}{'saved':>7}{'  coverage at .9':<22}{'width':>8}  noise"
    )
    for name, one in told["models"].items():
        row = of_length(one)
        low, high = one["coverage"][1:]
        noise = one.get("noise_share", (None,))[0]
        print(
            f"{name:28}{row['pinball']:9.1f}{row['knn_pinball']:8.1f}"
            f"{1 - row['pinball'] / row['knn_pinball']:7.1%}"
            f"  {row['coverage90']:.3f} [{low:.3f}, {high:.3f}]{one['width'][0]:8.0f}"
            f"  {'-' if noise is None else format(noise, '.3f')}"
        )


def of_length(one: dict[str, Any]) -> dict[str, Any]:
    """What is compared of a model's lengths."""
    return {
        "pinball": one["pinball"][0],
        # The better of k-NN with and without calibration, which stretches rare tails too far.
        "knn_pinball": min(one["pinball_of"]["knn"], one["knn_raw"]),
        "coverage90": one["coverage"][0],
        "limit_error": one["limit_error"][0],
    }


def claimed(ladders: dict[str, Any]) -> list[str]:
    """Every target of quality, and by how much it is met or missed."""
    chosen = {name: told[AUTO] for name, told in ladders.items()}
    equal = {name: one["quality_at_equal_cost"] for name, one in chosen.items()}
    references = ("vs_best_single", "vs_dataset_mean")

    def ladders_where(holds: Callable[[dict[str, Any] | None], bool], every: bool) -> str:
        found = [
            name
            for name, told in equal.items()
            if (all if every else any)(holds(told[reference]) for reference in references)
        ]
        return ", ".join(found) or "nowhere"

    below = ladders_where(lambda found: edge(found, "high") < 0, False)
    above = ladders_where(lambda found: edge(found, "low") > 0, True)
    mixed = ", ".join(name for name in chosen if LADDERS[name].mixed) or "none"
    gains = [one["apgr"] - ladders[name]["knn"]["apgr"] for name, one in chosen.items()]
    kept = [name for name, one in chosen.items() if one["ece"] <= ECE]
    broken = [n for n, one in chosen.items() if edge(one["ece_interval"], "low") > ECE]
    return [
        f"auto significantly below best single or per-dataset mean at equal cost: {below}",
        f"auto significantly above both at equal cost: {above}; mixed pools: {mixed}",
        f"APGR of auto less k-NN's, median over {len(gains)} ladders: {np.median(gains):+.3f}",
        f"ECE of auto at most {ECE} on {len(kept)} of {len(chosen)} ladders, significantly above "
        f"on {', '.join(broken) or 'none'}",
    ]


def claimed_lengths(lengths: dict[str, Any]) -> list[str]:
    """Every target of length, and by how much it is met or missed."""
    models = {name: of_length(one) for name, one in lengths["models"].items() if name != "all"}
    covered = [name for name, one in models.items() if 0.88 <= one["coverage90"] <= 0.92]
    saved = {name: 1 - one["pinball"] / one["knn_pinball"] for name, one in models.items()}
    enough = [name for name, share in saved.items() if share >= 0.15]
    return [
        f"length intervals of .9 cover .88 to .92 for {len(covered)} of {len(models)} models",
        f"length pinball at least 15 % under k-NN for {len(enough)} of {len(models)} models, "
        f"median {np.median(list(saved.values())):.1%}",
    ]


def edge(found: dict[str, Any] | None, end: str) -> float:
    """One end of an interval; 0, which claims nothing, where there is none."""
    return 0.0 if found is None or found[end] is None else float(found[end])


if __name__ == "__main__":
    main()
