"""Router time: the line through the means, and what is printed of it."""

import pytest
import yaml

from pipeline.loadtest import RouterTime, cost_block, fit_cost, time_lines
from pipeline.loadtest._router_time import time_sizes


def test_means_on_a_line_give_the_line() -> None:
    found = fit_cost({1: 10.0, 2: 12.0, 4: 16.0, 8: 24.0})
    assert found.base_ms == pytest.approx(8.0)
    assert found.per_request_ms == pytest.approx(2.0)


def test_the_line_has_the_least_relative_squares() -> None:
    # Times 3, 3, 6 weigh 4, 4, 1: mean size 5/3, mean time 10/3, slope 4/4.
    found = fit_cost({1: 3.0, 2: 3.0, 3: 6.0})
    assert found.per_request_ms == pytest.approx(1.0)
    assert found.base_ms == pytest.approx(5 / 3)


def test_neither_part_is_below_zero() -> None:
    # Times 1 and 4 want base -2: through the origin, slope (1 + 8/16) / (1 + 4/16).
    steep = fit_cost({1: 1.0, 2: 4.0})
    assert steep.base_ms == 0.0
    assert steep.per_request_ms == pytest.approx(1.2)
    falling = fit_cost({1: 5.0, 2: 4.0})
    assert falling.base_ms == pytest.approx((5 / 25 + 4 / 16) / (1 / 25 + 1 / 16))
    assert falling.per_request_ms == 0.0


def test_one_size_is_all_base() -> None:
    alone = fit_cost({1: 7.0})
    assert (alone.base_ms, alone.per_request_ms) == (7.0, 0.0)


def test_every_size_is_timed_on_different_prompts() -> None:
    seen: list[list[int]] = []
    means = time_sizes(seen.append, prompts=5, sizes=(1, 4, 8))
    assert list(means) == [1, 4]
    assert all(len(set(rows)) == len(rows) and max(rows) < 5 for rows in seen)
    assert len({tuple(rows) for rows in seen}) > 5


def test_the_block_holds_the_presets_and_reads_back() -> None:
    times = [
        RouterTime("encode", {1: 10.0, 2: 12.0}, costs=True),
        RouterTime("aside", {1: 1.0}),
        RouterTime("classifier_shared", {1: 31.2345}, costs=True),
    ]
    told = yaml.safe_load("\n".join(cost_block(times)))
    assert told == {
        "costs": {
            "encode": {"base_ms": 8.0, "per_request_ms": 2.0},
            "classifier_shared": {"base_ms": 31.2, "per_request_ms": 0.0},
        }
    }
    lines = list(time_lines(times[0]))
    assert lines[0] == "encode: 8.000 ms + 2.000 ms a request"
    assert lines[1].split() == ["size", "1", "2"]
    assert lines[3].split() == ["fitted", "10.00", "12.00"]
