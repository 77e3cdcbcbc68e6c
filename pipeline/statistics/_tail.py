"""When a percentile rests on too few values to be given an interval."""

from collections.abc import Iterable

from pipeline.statistics._arrays import open_share

__all__ = ["tail_reason"]


def tail_reason(sizes: Iterable[int], quantile: float, needed: int = 10) -> str | None:
    """Why a percentile of these runs gets no interval, or None when it does.

    A percentile with few values beyond it is one of the last order statistics: it moves with
    single requests, and no resample can show values that the run did not.

    Args:
        sizes: values in each run.
        quantile: which percentile, 0..1; below 0.5 "beyond" is below it.
        needed: values beyond it that every run must have.

    Raises:
        ValueError: `quantile` is outside 0..1.
    """
    open_share(quantile, "quantile")
    share = min(quantile, 1.0 - quantile)
    # 1 - 0.9 lies a little below 0.1, and 100 values have 10 beyond p90.
    beyond = min((int(size * share + 1e-9) for size in sizes), default=0)
    if beyond >= needed:
        return None
    return f"{beyond} requests beyond the percentile in a run, {needed} needed"
