"""One thread for training that is too small to share."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["one_thread"]


@contextmanager
def one_thread() -> Iterator[None]:
    """Let every library for linear algebra loaded so far use one thread inside the block.

    Threads add up partial sums in the order in which they end, so several give varying last bits;
    and on matrices as small as these, waiting for each other costs more than it saves.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    torch = sys.modules.get("torch")  # it holds a BLAS that threadpoolctl does not see
    before = torch.get_num_threads() if torch else 1
    with threadpool_limits(1):
        if torch:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(before)
