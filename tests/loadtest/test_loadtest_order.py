"""Every cell is served once, and no arm always comes first."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from pipeline.loadtest import Cell
from pipeline.loadtest.served import Order, interleaved

ORDERS: tuple[Order, ...] = ("abba", "random")


def grid(arms: int, rates: int, seeds: int, traffic: tuple[str, ...] = ("steady",)) -> list[Cell]:
    return [
        Cell(f"arm{a}", 1.0 + r, s, shape)
        for shape in traffic
        for s in range(seeds)
        for r in range(rates)
        for a in range(arms)
    ]


@given(
    arms=st.integers(1, 5),
    rates=st.integers(1, 3),
    seeds=st.integers(1, 4),
    order=st.sampled_from(ORDERS),
)
def test_an_order_is_a_permutation_in_blocks_of_one_rate_and_seed(
    arms: int, rates: int, seeds: int, order: Order
) -> None:
    cells = grid(arms, rates, seeds, ("steady", "burst"))
    told = interleaved(cells, order, 1)
    assert sorted(told) == sorted(cells)
    blocks = [told[i : i + arms] for i in range(0, len(told), arms)]
    assert all(len({(c.traffic, c.rate, c.seed) for c in block}) == 1 for block in blocks)
    assert told == interleaved(cells, order, 1)


@given(arms=st.integers(2, 5), rates=st.integers(1, 3), pairs=st.integers(1, 3))
def test_there_and_back_every_arm_is_served_at_the_same_mean_place(
    arms: int, rates: int, pairs: int
) -> None:
    places: dict[str, list[int]] = defaultdict(list)
    for place, cell in enumerate(interleaved(grid(arms, rates, 2 * pairs), "abba", 1)):
        places[cell.arm].append(place % arms)
    assert len({sum(taken) for taken in places.values()}) == 1


def test_two_arms_go_there_and_back() -> None:
    told = interleaved(grid(2, 1, 4), "abba", 1)
    assert [cell.arm[-1] for cell in told] == list("01100110")


def test_a_drawn_order_depends_on_the_seed() -> None:
    cells = grid(4, 2, 3)
    told = interleaved(cells, "random", 1)
    assert told != interleaved(cells, "random", 2)
    assert told != cells
