"""In which order the cells of a sweep are served, so that a drifting machine favours no arm."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from pipeline.loadtest._cell import Cell
from pipeline.streams import stream

__all__ = ["Order", "interleaved"]

Order = Literal["abba", "random"]


def interleaved(cells: Sequence[Cell], order: Order, seed: int) -> list[Cell]:
    """Return the cells seed by seed and rate by rate, all arms of these one after the other.

    abba: the arms go there under one seed and back under the next one, so that over two seeds every
    arm has been served at the same mean time. random: they are drawn anew for every rate and seed.

    Args:
        cells: of a sweep, in any order; arms go there in the order in which they first come.
        order: of the arms.
        seed: base seed of the draws.
    """
    blocks: dict[tuple[str, int, float], list[Cell]] = defaultdict(list)
    for cell in cells:
        blocks[cell.traffic, cell.seed, cell.rate].append(cell)
    rounds: dict[tuple[str, float], int] = defaultdict(int)
    told: list[Cell] = []
    for (traffic, run, rate), block in blocks.items():
        if order == "random":
            draw = stream(seed, "order", traffic, rate, run)
            block = [block[i] for i in draw.permutation(len(block))]
        elif rounds[traffic, rate] % 2:
            block = block[::-1]
        rounds[traffic, rate] += 1
        told += block
    return told
