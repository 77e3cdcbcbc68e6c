"""Which arms send a prompt to the same model whatever the load is."""

from pipeline.params import LoadtestParams

__all__ = ["choosing_by_prompt"]

# fused prices the queue, passthrough leaves the model to who is free.
_SEE_THE_LOAD = ("fused", "passthrough")


def choosing_by_prompt(loadtest: LoadtestParams) -> frozenset[str]:
    """The arms whose choice of a model rests on the prompt alone, or on nothing.

    Prompts come in random order, so which of them a model gets does not change as long as nobody
    sends it other ones when it is busy. Prices of latency and of balance do, and filters.
    """
    balancing = {name for name, weights in loadtest.weights.items() if weights.balance > 0}
    return frozenset(
        name
        for name, arm in loadtest.arms.items()
        if arm.router not in _SEE_THE_LOAD and arm.filter is None and arm.weights not in balancing
    )
