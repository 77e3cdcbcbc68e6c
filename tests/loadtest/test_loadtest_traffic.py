"""Traffic with prompts, faults or a change of its own."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pipeline.errors import DataError, ParamsError
from pipeline.fleet import Fleet
from pipeline.loadtest import Cell, Rig, Workload, run_cell
from pipeline.params import STEADY, LoadtestParams, Params, TrafficParams, parse_params

ARM = "shortest_queue"
UPDATE = {"after": 0.25, "model": "emu-7b", "answers_like": "emu-3b"}


def rig_of(params: Params, workloads: dict[str, Workload], **shape: object) -> Rig:
    """A rig with one traffic, `other`, beside the steady one."""
    told = {"arrivals": {"process": "poisson"}, "rates": [12.0], "arms": [ARM], **shape}
    traffic = {"other": TrafficParams.model_validate(told)}
    loadtest = params.loadtest.model_copy(update={"traffic": traffic})
    return Rig(loadtest, Fleet.of(params.base.fleet), workloads, None, 7)


def served(rig: Rig, traffic: str = "other") -> pl.DataFrame:
    return run_cell(Cell(ARM, 12.0, 1, traffic), rig)


def test_an_updated_model_answers_like_the_other_one_from_then_on(
    params: Params, workload: Workload
) -> None:
    rows = served(rig_of(params, {"test": workload}, change=UPDATE))
    assert rows["changed"].to_list() == [i >= 30 for i in range(120)]
    place = {name: i for i, name in enumerate(workload.prompt_ids)}
    small, mid = 0, 1
    for row in rows.filter(pl.col("model") == "emu-7b").iter_rows(named=True):
        model = small if row["changed"] else mid
        prompt = place[row["prompt_id"]]
        assert row["output_tokens"] == workload.output_tokens[prompt, model]
        label = workload.quality[prompt, model]
        assert row["quality"] == (None if np.isnan(label) else label)
    untouched = rows.filter(pl.col("model") == "emu-14b")
    tokens = [workload.output_tokens[place[name], 2] for name in untouched["prompt_id"]]
    assert untouched["output_tokens"].to_list() == tokens


def test_a_shift_keeps_the_two_mixes_apart(params: Params, workload: Workload) -> None:
    datasets = ["toy" if i % 3 else "new" for i in range(50)]
    mixed = replace(workload, datasets=datasets)
    rows = served(rig_of(params, {"test": mixed}, change={"after": 0.5, "datasets": ["new"]}))
    before, after = (rows.filter(pl.col("changed") == late) for late in (False, True))
    assert before.height == after.height == 60
    assert before["dataset"].unique().to_list() == ["toy"]
    assert after["dataset"].unique().to_list() == ["new"]
    # Every prompt of a mix comes once before any comes again.
    assert after["prompt_id"][:17].n_unique() == 17
    with pytest.raises(DataError, match="not all and not none; they are toy"):
        served(rig_of(params, {"test": workload}, change={"after": 0.5, "datasets": ["new"]}))


def test_tuning_asks_the_prompts_of_validation(params: Params, workload: Workload) -> None:
    other = replace(workload, prompt_ids=[f"v{i}" for i in range(50)])
    rig = rig_of(params, {"test": workload, "validation": other}, split="validation")
    rows, steady = served(rig), served(rig, STEADY)
    assert rows["split"].unique().to_list() == ["validation"]
    assert all(name.startswith("v") for name in rows["prompt_id"])
    assert steady["split"].unique().to_list() == ["test"]
    assert not any(name.startswith("v") for name in steady["prompt_id"])


def test_faults_of_a_traffic_are_its_own(params: Params, workload: Workload) -> None:
    slow = [
        {"instance": name, "kind": "slow", "from_s": 0, "to_s": 1e6, "factor": 4}
        for name in params.base.fleet.instance_names
    ]
    rig = rig_of(params, {"test": workload}, faults=slow)
    calm = rig_of(params, {"test": workload})
    assert served(rig, STEADY).equals(served(calm, STEADY))
    times = [
        rows.select((pl.col("t_done") - pl.col("t_scheduled")).mean()).item()
        for rows in (served(rig), served(calm))
    ]
    assert times[0] > 3 * times[1]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"change": {"after": 0.5}}, "a change is of a model or of datasets"),
        ({"change": {"after": 0.5, "model": "emu-7b"}}, "model and answers_like go together"),
        ({"change": UPDATE | {"model": "emu-8b"}}, "did you mean 'emu-7b'"),
        (
            {"faults": [{"instance": "7b-0", "kind": "stall", "from_s": 0, "to_s": 1}]},
            "unknown instance in loadtest.traffic.burst.faults '7b-0'",
        ),
    ],
)
def test_a_wrong_traffic_is_told(params: Params, changes: dict[str, object], sentence: str) -> None:
    told = params.model_dump(by_alias=True)
    told["loadtest"]["traffic"]["burst"] |= changes
    with pytest.raises(ParamsError, match=sentence):
        parse_params(told)


def test_knobs_are_not_chosen_on_test(params: Params) -> None:
    told = params.model_dump(by_alias=True)
    told["frontier"]["tuning"] = "burst"
    with pytest.raises(ParamsError, match="burst is not on split validation"):
        parse_params(told)


def test_results_name_cells_that_are_run(params: Params) -> None:
    told = params.model_dump(by_alias=True)
    told["ablation"]["contrasts"]["steady"] |= {"traffic": "burst", "rates": [19.0]}
    with pytest.raises(ParamsError, match=r"ablation\.contrasts\.steady: burst has the rates 18"):
        parse_params(told)
    told["ablation"]["contrasts"]["steady"] |= {"rates": None, "better": "random"}
    with pytest.raises(ParamsError, match=r"unknown arm in ablation\.contrasts\.steady 'random'"):
        parse_params(told)


def test_every_shape_counts_its_requests(params: Params) -> None:
    told: LoadtestParams = params.loadtest
    assert told.requests_of(STEADY) == told.requests_of("burst") == told.requests
    assert (
        told.requests_of("model_update") == told.traffic["model_update"].requests != told.requests
    )
