"""How often the rule says yes where the truth is no, in simulated runs."""

import numpy as np
import pytest

from pipeline.params import AblationParams, ContrastParams
from pipeline.reporting.ablation._contrasts import improvement
from pipeline.reporting.ablation._verdicts import judge
from pipeline.reporting.rows import PromptPairs, RunPairs

MARGIN, REPEATS = 1.0, 400
# Where each kind of claim just fails to hold.
NULL = {"superior": 1.0, "noninferior": -1.0, "equivalent": 1.0}


def params(correction):
    claim = {"better": "new", "worse": "old", "metric": "utility", "margin": MARGIN}
    return AblationParams.model_validate(
        {
            "level": 0.95, "resamples": 200, "utility": "uniform",
            "families": {"only": {"question": "?", "correction": correction}},
            "contrasts": {"x": claim},
        }
    )  # fmt: skip


def runs(rng, truth):
    shared = rng.normal(0, 5, 5)
    return RunPairs(shared + rng.normal(truth, 1, 5), shared, 0)


def prompts(rng, truth):
    groups = np.repeat(np.arange(40), 2).astype(object)
    wobble = np.repeat(rng.normal(0, 1, 40), 2) + rng.normal(truth, 1, 80)
    return PromptPairs(wobble, np.zeros(80), groups, 0)


def verdicts(pairs, kind, rule, rng):
    contrast = ContrastParams(better="new", worse="old", metric="utility", margin=MARGIN, kind=kind)
    rows = [
        {"family": "only", "correction": rule.families["only"].correction, "kind": kind}
        | {"margin": MARGIN}
        | improvement(one, contrast, rule, rng)
        for one in pairs
    ]
    return [row["verdict"] for row in judge(rows, rule)]


@pytest.mark.parametrize("kind", list(NULL))
@pytest.mark.parametrize(("make", "repeats"), [(runs, REPEATS), (prompts, 150)])
def test_a_claim_that_just_fails_is_rarely_supported(kind, make, repeats):
    rng, rule = np.random.default_rng(5), params("none")
    said = [verdicts([make(rng, NULL[kind])], kind, rule, rng)[0] for _ in range(repeats)]
    assert said.count("supported") / repeats <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / repeats)


def test_a_family_of_claims_that_fail_is_rarely_supported_at_all():
    rng, rule = np.random.default_rng(6), params("holm")
    hits = sum(
        "supported" in verdicts([runs(rng, MARGIN) for _ in range(6)], "superior", rule, rng)
        for _ in range(REPEATS)
    )
    assert hits / REPEATS <= 0.05


def test_the_detectable_effect_is_found_with_the_declared_power():
    """Runs with a true improvement of the detectable size: about 80 in 100 are supported."""
    rng, rule = np.random.default_rng(7), params("none")
    shift = 3.74 / np.sqrt(5)  # noncentral t(4): 0.8 above the 0.975 quantile, spread 1
    said = [verdicts([runs(rng, MARGIN + shift)], "superior", rule, rng)[0] for _ in range(REPEATS)]
    assert said.count("supported") / REPEATS == pytest.approx(0.8, abs=0.06)
