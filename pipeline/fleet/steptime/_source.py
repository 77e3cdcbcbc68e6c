"""The step time of a tier, whichever way its parameters give it."""

from functools import singledispatch
from pathlib import Path

from pipeline.fleet._step import StepTime
from pipeline.fleet.steptime._estimate import estimate_step
from pipeline.fleet.steptime._profile import curve_step, read_profile
from pipeline.params import CurveStepParams, SimpleStepParams, StepParams, TierParams

__all__ = ["step_label", "step_time", "without_file"]


@singledispatch
def _of_form(params: object) -> StepTime:
    raise TypeError(f"{type(params).__name__} is no form of a step time")


@_of_form.register
def _roofline(params: StepParams) -> StepTime:
    return StepTime.roofline(**params.model_dump())


@_of_form.register
def _simple(params: SimpleStepParams) -> StepTime:
    return StepTime.simple(**params.model_dump())


@_of_form.register
def _curve(params: CurveStepParams) -> StepTime:
    return curve_step(params)


def step_time(tier: TierParams) -> StepTime:
    """Time of an iteration of this tier.

    Raises:
        DataError: its profile cannot be read, or holds what no profile holds.
    """
    if tier.profile is not None:
        return read_profile(Path(tier.profile)).step_time()
    if tier.estimate is not None:
        return estimate_step(tier.estimate.architecture, tier.estimate.hardware, tier.gpus)
    return _of_form(tier.step)


def step_label(tier: TierParams) -> str:
    """What stands behind the step time: given, estimated, fitted or live."""
    if tier.profile is not None:
        return read_profile(Path(tier.profile)).label
    return "estimated" if tier.estimate is not None else "given"


def without_file(tier: TierParams) -> TierParams:
    """The same tier with the coefficients of its profile, for where the file is not.

    Raises:
        DataError: its profile cannot be read, or holds what no profile holds.
    """
    if tier.profile is None:
        return tier
    return tier.model_copy(update={"step": read_profile(Path(tier.profile)).step, "profile": None})
