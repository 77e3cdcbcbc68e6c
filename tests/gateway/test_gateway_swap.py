"""What decides is replaced in the midst of traffic: all that is asked, or nothing."""

import asyncio
from typing import Any

import pytest

from pipeline.errors import ParamsError, UnknownNameError
from pipeline.gateway._parts import Choice
from pipeline.gateway._swap import changed
from pipeline.params import WeightParams
from tests.gateway.gateway_rig import Rig, behind, until


def test_a_swap_in_mid_traffic_loses_nobody_and_keeps_the_ledger() -> None:
    async def work(rig: Rig) -> None:
        ledger, arms = rig.gateway.router.ledger, ["fused", "turns", "large", "queue"] * 2
        told: list[Any] = []
        stop = asyncio.Event()

        async def user() -> None:
            while not stop.is_set():
                told.append(await rig.chat(max_tokens=15, routebalance={"trace": True}))

        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(user())
            for arm in arms:
                swapped = await rig.post("/admin/config", {"arm": arm})
                assert (swapped.status, swapped.json["arm"]) == (200, arm)
                since = len(told)
                await until(lambda: any(one.trace["arm"] == arm for one in told[since:]))  # noqa: B023
            stop.set()
        assert {one.status for one in told} == {200}
        assert {one.trace["arm"] for one in told} == set(arms)
        assert sorted(one.trace["number"] for one in told) == list(range(len(told)))
        assert rig.gateway.router.ledger is ledger

    behind(work, arm="queue")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"arm": "fussed"}, "unknown arm 'fussed' in loadtest.arms; did you mean 'fused'?"),
        ({"arms": "fused"}, "unknown key 'arms'; did you mean 'arm'?"),
        ({"arm": "fused", "weights": "unifrom"}, "did you mean 'uniform'?"),
        ({"arm": "turns", "weights": "uniform"}, "arm turns has none"),
        ({"arm": "fused", "predictors": {"quality": "9"}}, "unknown version '9'"),
        ({"arm": "fused", "predictors": {"qualty": "1"}}, "did you mean 'quality'?"),
        ({"weights": {"quality": 0.5, "latency": 0.1, "cost": 0.1}}, "add up to 0.7, not to 1"),
        ({"arm": "oracle"}, "knows the answers beforehand"),
        ({"arm": "late"}, "only a simulated fleet does"),
        (["fused"], "valid dictionary"),
        (b"{", "not JSON"),
    ],
)
def test_what_is_not_understood_changes_nothing(body: Any, said: str) -> None:
    async def work(rig: Rig) -> None:
        parts, state = rig.gateway.router.parts, (await rig.get("/admin/state")).json
        told = await rig.post("/admin/config", body)
        assert (told.status, told.code) == (400, "invalid_config")
        assert said in told.json["error"]["message"]
        assert rig.gateway.router.parts is parts
        after = (await rig.get("/admin/state")).json
        assert [after[key] for key in ("arm", "weights", "predictors")] == [
            state[key] for key in ("arm", "weights", "predictors")
        ]

    behind(work, arm="queue")


def test_weights_decide_and_are_shown() -> None:
    async def work(rig: Rig) -> None:
        alone = {"quality": 0.0, "latency": 0.0, "cost": 1.0, "balance": 0.0}
        told = await rig.post(
            "/admin/config", {"weights": alone, "predictors": {"length": "champion"}}
        )
        assert told.json["weights"] == alone
        assert told.json["predictors"] == {
            "quality": "current", "length": "champion", "latency": "current",
        }  # fmt: skip
        trace = (await rig.chat(routebalance={"trace": True})).trace
        assert trace["score_quality"] == 0
        assert trace["score_cost"] < 0
        preset = await rig.post("/admin/config", {"weights": "quality"})
        assert preset.json["weights"] == "quality"
        assert (await rig.chat(routebalance={"trace": True})).trace["score_quality"] > 0

    behind(work, arm="fused")


def test_another_arm_comes_with_its_own_weights_and_the_rest_stays() -> None:
    weights = WeightParams(quality=1.0, latency=0.0, cost=0.0)
    old = Choice("fused", weights, {"quality": "3"})
    assert changed(old, b"{}") == old
    assert changed(old, b'{"arm": "fused"}') == old
    assert changed(old, b'{"arm": "turns"}') == Choice("turns", None, {"quality": "3"})
    assert changed(old, b'{"weights": "uniform"}') == Choice("fused", "uniform", {"quality": "3"})
    assert changed(old, b'{"predictors": {"length": "champion"}}').predictors == {
        "quality": "3", "length": "champion",
    }  # fmt: skip
    with pytest.raises(ParamsError, match="did you mean 'weights'"):
        changed(old, b'{"weigths": 1}')


def test_an_arm_that_nobody_declared_does_not_start() -> None:
    async def work(rig: Rig) -> None:
        raise AssertionError("it serves")

    with pytest.raises(UnknownNameError, match="did you mean 'queue'"):
        behind(work, arm="queeu")


def test_arms_with_more_workers_have_them_and_give_them_up() -> None:
    async def work(rig: Rig) -> None:
        router = rig.gateway.router
        for arm, workers in (("fused", 1), ("pair", 2), ("fused", 1)):
            assert (await rig.post("/admin/config", {"arm": arm})).status == 200
            told = await asyncio.gather(*(rig.chat() for _ in range(6)))
            assert [one.status for one in told] == [200] * 6
            assert workers <= len(router._workers) <= 2

    behind(work)
