"""The whole page from tables that went through files, as the stage makes it."""

import json

import pytest

from pipeline import reporting
from pipeline.params import AblationParams, PublishedParams, load_params
from tests.reporting_rows import dataset_rows, fleet_rows

SCORES = {"brier": 0.2, "auc_within_prompt": 0.7, "ece": 0.05, "n": 40, "missing": 2}
LENGTH = {"pinball": 9.0, "coverage": 0.9, "coverage_low": 0.8, "coverage_high": 0.95, "n": 40}


def _metrics(auc):
    ours = SCORES | {"auc_within_prompt": auc}
    return {
        "quality": {"knn_calibrated": ours, "dataset_mean": SCORES | {"brier": 0.25}},
        "length": {"knn": {"m": LENGTH}},
        "latency": {
            "14b_v100.ttft_s": {"mape": 0.1, "n": 9},
            "3b.ttft_s": {"mape": 0.0947, "n": 9},
        },
        "judge": {"task_metric/squad_f1": {"rows": 40, "failed": 1, "mean": 0.5}},
        "dataset": {
            "quality_source": "task_metric",
            "rows_without_quality": 3,
            "mean_quality": {"m": 0.51239},
            "prompts_per_split": {"test": 10},
        },
        "embed": {"share_of_test_near_training": 0.00264201},
        "fidelity": {"clocks_agree": True},
    }


def _tables(seeds):
    rows = fleet_rows(("fused_uniform", "shortest_queue", "query_oracle"), (6.0, 12.0, 24.0), seeds)
    options = {"level": 0.95, "resamples": 200, "seed": 1}
    claim = {"better": "fused_uniform", "worse": "shortest_queue", "metric": "e2e_s", "margin": 0.1}
    contrasts = AblationParams.model_validate(
        {"level": 0.95, "resamples": 200, "contrasts": {"a_claim": claim}}
    )
    faster = {"faster": "fused_uniform", "slower": "shortest_queue", "ratio": 0.7}
    order = {"traffic": "steady", "rate": 12.0, **faster}
    published = PublishedParams.model_validate({"level": 0.95, "claims": {"an_order": order}})
    labels = {"m-small": (1.0, 0.0), "m-big": (0.0, 1.0)}
    cells = reporting.cell_table(rows, **options)
    return {
        "frontier/cells.csv": cells.write_csv(),
        "frontier/frontier.csv": reporting.frontier_table(cells).write_csv(),
        "frontier/mix.csv": reporting.mix_table(rows).write_csv(),
        "frontier/differences.csv": reporting.differences(
            rows, "shortest_queue", **options
        ).write_csv(),
        "frontier/references.csv": reporting.offline_references(
            dataset_rows({"test": labels, "validation": labels}),
            {"m-small": (1.0, 1.0), "m-big": (2.0, 2.0)},
            **options,
        ).write_csv(),
        "ablation/contrasts.csv": reporting.ablation_table(rows, contrasts, seed=1).write_csv(),
        "drift/errors.csv": reporting.drift_table(rows, level=0.95, resamples=200).write_csv(),
        "drift/state.csv": reporting.state_table(rows, level=0.95).write_csv(),
        "published/claims.csv": reporting.published_table(rows, published).write_csv(),
        "published/cells.csv": reporting.published_cells(rows, published).write_csv(),
        "fidelity/ladder.csv": "cell,published_s,simulated_s,label\na cell,2.0,2.1,simulated\n",
        "plots/reliability.csv": "model,predicted,observed,count\nm,0.2,0.3,5\n",
        "agreement.csv": "source_a,source_b,n,pearson,spearman\n",
    }


def _page(folder, root, *, seeds=(1, 2, 3), auc=0.8):
    entry = {"name": "q", "version": 1, "aliases": ["champion"], "model_sha256": "0" * 64}
    card = {"source": "generated", "datasets": [{"dataset": "d", "prompts": 10}]}
    files = _tables(seeds) | {
        f"metrics/{name}.json": json.dumps(value) for name, value in _metrics(auc).items()
    }
    files |= {"registry.json": json.dumps([entry]), "card.json": json.dumps(card)}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    params = load_params(root / "params.yaml")
    inputs = reporting.read_inputs(folder, folder / "card.json")
    figures = reporting.draw(inputs, params)
    return reporting.compose(inputs, params, figures, {"seed": 1}), figures


def test_sections_are_labelled_by_their_rows(tmp_path, root):
    context, figures = _page(tmp_path, root)
    badges = {section.title: (section.label, section.split) for section in context.tables}
    assert badges["Quality, latency and cost"] == ("simulated", "test")
    assert badges["Against references that read no prompt"] == ("emulated", "test")
    assert badges["Quality predictor against its baselines"] == ("emulated", "test")
    assert "arms simulated, references emulated, test split" in figures["cost_quality"]
    assert badges["Published orderings beside ours"] == ("simulated", "test")
    assert list(context.labels) == ["simulated", "emulated"]


def test_headline_has_intervals_and_verdicts(tmp_path, root):
    context, _ = _page(tmp_path, root)
    gain, claim, content = context.headline
    assert gain.startswith("At 12 requests/s, fused_uniform minus shortest_queue: quality ")
    assert gain.count("[") == 3
    assert claim.startswith(
        "A claim (improvement in mean E2E of fused_uniform over shortest_queue, margin 0.1 s): "
    )
    assert claim.count("[") == 3
    assert "k-NN on the prompt is ahead of the per-dataset mean" in content


@pytest.mark.parametrize(
    ("auc", "words"), [(0.6, "splits with"), (None, "AUC within prompt – against 0.700")]
)
def test_content_says_what_the_scores_say(tmp_path, root, auc, words):
    context, _ = _page(tmp_path, root, auc=auc)
    assert words in context.headline[-1]


def test_one_replication_makes_a_page_without_latency_intervals(tmp_path, root):
    context, _ = _page(tmp_path, root, seeds=(1,))
    page = reporting.render(context)
    assert "degenerate: one run" in page
    assert "inconclusive" in page
    assert ">nan" not in page.lower()


def test_counts_and_names_are_readable(tmp_path, root):
    context, _ = _page(tmp_path, root)
    page = reporting.render(context)
    facts = next(section for section in context.tables if section.title == "Splits and leakage")
    told = dict(facts.frame.iter_rows())
    assert told["mean quality, m"] == "0.512"
    assert told["rows without quality"] == "3"
    assert told["share of test near training"] == "0.00264"
    assert '<td class="text">14b_v100.ttft_s</td>' in page
