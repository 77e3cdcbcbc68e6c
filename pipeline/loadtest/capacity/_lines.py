"""A capacity in lines, for the shell."""

from collections.abc import Iterator

from pipeline.loadtest.capacity._capacity import Capacity, SeedCapacity

__all__ = ["capacity_lines"]


def capacity_lines(capacity: Capacity) -> Iterator[str]:
    """Yield the curve, the bracket of every seed, the capacity and how far it can be trusted."""
    yield f"{'rate':>10} {'seeds':>6} {'attainment':>11}   {capacity.label}"
    for rate, seeds, share in capacity.curve.iter_rows():
        yield f"{rate:10g} {seeds:6d} {share:11.3f}"
    for one in capacity.seeds:
        yield f"seed {one.seed}: {_bracket(one)}"
    yield f"{_said(capacity)}; {capacity.cells} cells"
    wide = sum(None not in (one.low, one.high) and not one.closed for one in capacity.seeds)
    if wide:
        yield (
            f"of {wide} of {len(capacity.seeds)} seeds not every rate in the bracket was tried, so "
            "the capacity may be higher; more --budget-cells look closer"
        )


def _bracket(one: SeedCapacity) -> str:
    if one.low is None:
        return f"no rate down to {one.high:g} requests/s meets it"
    if one.high is None:
        return f"every rate up to {one.low:g} requests/s meets it"
    return f"{one.low:g} requests/s meets it, {one.high:g} does not"


def _said(capacity: Capacity) -> str:
    told = capacity.estimate
    if told.estimate is None:
        return f"capacity: unknown ({told.method})"
    if told.low is None:
        return f"capacity: {told.estimate:.3g} requests/s, no interval ({told.method})"
    return (
        f"capacity: {told.estimate:.3g} requests/s, {told.level:.0%} interval {told.low:.3g} to "
        f"{told.high:.3g} ({told.method})"
    )
