"""The rule of promotion: what passes, what does not, and how often it is wrong."""

from collections.abc import Mapping

import numpy as np
import pytest

from pipeline.params import GateParams
from pipeline.registry import Check, check_losses, passes

GATE = GateParams.model_validate(
    {"target": {"metric": "a", "margin": 0.0}, "guards": [{"metric": "b", "margin": 0.1}]}
)
UNITS = {"a": "0 to 1", "b": "0 to 1"}
Losses = Mapping[str, np.ndarray]


def checked(champion: Losses, challenger: Losses, groups: list[str], seed: int = 0) -> list[Check]:
    return check_losses(
        champion, challenger, groups, GATE, UNITS,
        level=0.95, resamples=400, rng=np.random.default_rng(seed),
    )  # fmt: skip


def groups(n: int, size: int = 2) -> list[str]:
    return [f"g{i // size}" for i in range(n)]


def losses(rng: np.random.Generator, n: int, shift: float) -> Losses:
    return {name: rng.normal(1.0 + shift, 0.3, n) for name in ("a", "b")}


def test_a_clearly_better_challenger_passes() -> None:
    rng = np.random.default_rng(0)
    found = checked(losses(rng, 200, 0.0), losses(rng, 200, -0.3), groups(200))
    assert [check.verdict for check in found] == ["supported", "supported"]
    assert passes(found)
    target = found[0]
    assert (target.role, target.claim, target.improvement.clusters) == ("target", "superior", 100)
    assert target.champion is not None
    assert target.challenger is not None
    assert target.improvement.estimate == pytest.approx(target.champion - target.challenger)


def test_a_better_target_does_not_buy_a_broken_guard() -> None:
    rng = np.random.default_rng(1)
    old, new = losses(rng, 200, 0.0), losses(rng, 200, -0.3)
    found = checked(old, {**new, "b": old["b"] + 0.5}, groups(200))
    assert [check.verdict for check in found] == ["supported", "refuted"]
    assert not passes(found)


def test_the_same_answers_are_not_superior_and_not_inferior() -> None:
    old = losses(np.random.default_rng(2), 100, 0.0)
    target, guard = checked(old, old, groups(100))
    assert target.verdict == "inconclusive"
    assert guard.verdict == "supported"
    assert not passes([target, guard])


def test_too_few_clusters_decide_nothing() -> None:
    rng = np.random.default_rng(3)
    found = checked(losses(rng, 40, 0.0), losses(rng, 40, -0.3), ["one"] * 40)
    assert {check.verdict for check in found} == {"inconclusive"}


def test_unknown_losses_are_left_out_and_counted() -> None:
    rng = np.random.default_rng(4)
    old, new = losses(rng, 200, 0.0), losses(rng, 200, -0.3)
    gaps = {**new, "a": np.where(np.arange(200) < 60, np.nan, new["a"])}
    target, guard = checked(old, gaps, groups(200))
    assert (target.improvement.n, target.improvement.missing) == (140, 60)
    assert guard.improvement.n == 200
    assert target.champion == pytest.approx(old["a"][60:].mean())
    for check in (target, guard):
        assert check.verdict == "supported"


def test_nothing_checked_is_no_pass() -> None:
    assert not passes([])


def test_a_challenger_that_is_no_better_is_seldom_promoted() -> None:
    """One-sided, at most (1 - level) / 2 of equal challengers: the interval has to clear 0."""
    rng = np.random.default_rng(5)
    promoted = 0
    for seed in range(1000):
        shared = rng.normal(0.0, 0.3, 60).repeat(2)  # prompts of one group share their luck
        old, new = (losses(rng, 120, 0.0) for _ in range(2))
        gain = {name: new[name] + shared for name in new}
        promoted += passes(checked(old, gain, groups(120), seed))
    assert promoted / 1000 < 0.04
