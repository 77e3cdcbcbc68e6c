"""The cap on spending: never passed, never wasted on what is only held."""

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.spending import Spending, cost_usd


def test_cost_by_hand_and_the_unknown_stays_unknown() -> None:
    assert cost_usd(1_000_000, 500_000, 2.0, 4.0) == pytest.approx(4.0)
    assert cost_usd(10, 10, 0.0, 0.0) == 0.0
    for unknown in range(4):
        given_ = [1, 1, 1.0, 1.0]
        given_[unknown] = None
        assert cost_usd(*given_) is None


def test_without_a_cap_everything_fits() -> None:
    async def run() -> Spending:
        spending = Spending(None)
        assert await spending.hold(1e9)
        await spending.settle(1e9, 3.0)
        return spending

    ended = asyncio.run(run())
    assert (ended.spent_usd, ended.reached) == (3.0, False)


def test_one_that_does_not_fit_beside_others_waits_for_them() -> None:
    async def run() -> list[str]:
        spending, seen = Spending(1.0), []

        async def ask(name: str, pause_s: float) -> None:
            if await spending.hold(0.7):
                await asyncio.sleep(pause_s)
                await spending.settle(0.7, 0.1)
                seen.append(name)

        await asyncio.gather(ask("first", 0.01), ask("second", 0.0))
        assert spending.spent_usd == pytest.approx(0.2)
        return seen

    assert asyncio.run(run()) == ["first", "second"]


def test_the_cap_once_reached_refuses_all_that_wait() -> None:
    async def run() -> list[bool]:
        spending = Spending(1.0)
        assert await spending.hold(1.0)
        waiting = [asyncio.create_task(spending.hold(worst)) for worst in (0.5, 0.4, 0.01)]
        await asyncio.sleep(0)
        await spending.settle(1.0, 0.9)
        return await asyncio.gather(*waiting)

    assert asyncio.run(run()) == [False, False, False]


@given(
    st.lists(st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)), max_size=30),
    st.floats(0.1, 5.0),
    st.integers(0, 2**32),
)
def test_the_cap_is_never_passed(requests, cap: float, seed: int) -> None:
    rng = np.random.default_rng(seed)

    async def run() -> float:
        spending = Spending(cap)

        async def ask(worst: float, share: float) -> None:
            if await spending.hold(worst):
                for _ in range(rng.integers(0, 3)):
                    await asyncio.sleep(0)
                await spending.settle(worst, worst * share)

        await asyncio.gather(*(ask(*request) for request in requests))
        return spending.spent_usd

    assert asyncio.run(run()) <= cap * (1 + 1e-12)
