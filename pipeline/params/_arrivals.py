"""How requests arrive: one section per process, told apart by the key `process`."""

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from pipeline.errors import ParamsError
from pipeline.params._section import Count, Positive, Section, refuse_unknown

__all__ = [
    "ArrivalParams",
    "ClosedParams",
    "DiurnalParams",
    "DiurnalStateParams",
    "GammaParams",
    "PoissonParams",
    "RampParams",
    "ReferenceGammaParams",
    "ReferenceSquareParams",
    "SquareParams",
    "TraceParams",
]

NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class PoissonParams(Section):
    """Independent exponential gaps at the named rate."""

    process: Literal["poisson"] = "poisson"


class GammaParams(Section):
    """Independent gamma gaps of mean 1 / rate and CV 1 / sqrt(burstiness); 1 is Poisson.

    Below 1 the gaps are burstier than Poisson, above 1 more regular: the sense in which vLLM's
    benchmark uses the word.
    """

    process: Literal["gamma"] = "gamma"
    burstiness: float = Field(ge=0.01, le=1e6, description="shape of the gamma distribution")


class SquareParams(Section):
    """Poisson at a rate that switches by time between high and low, high first.

    The levels are multiples of the named rate, or rates in themselves. In the second form the
    named rate has to be what they average to, so that a load point never carries a wrong name.
    """

    process: Literal["square"] = "square"
    high_multiple: Positive | None = Field(default=None, description="times the named rate")
    low_multiple: NonNegative | None = Field(default=None, description="times the named rate")
    rates: tuple[Positive, NonNegative] | None = Field(
        default=None, strict=False, description="[high, low], requests/s"
    )
    period_s: Positive = Field(description="one high and one low phase together")
    high_share: float = Field(default=0.5, gt=0, lt=1, description="of the period that is high")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        multiples = [self.high_multiple, self.low_multiple]
        given = [multiple for multiple in multiples if multiple is not None]
        if len(given) != (2 if self.rates is None else 0):
            raise ValueError("give either high_multiple and low_multiple, or rates [high, low]")
        high, low = self.rates or given
        if high <= low:
            raise ValueError(f"high must be above low, got high {high:g} and low {low:g}")
        return self

    def levels(self, rate: float) -> tuple[float, float]:
        """The rates of the high and of the low phase at the named rate, all in requests/s.

        Raises:
            ParamsError: the levels are rates in themselves and do not average to `rate`.
        """
        if self.high_multiple is not None and self.low_multiple is not None:
            return self.high_multiple * rate, self.low_multiple * rate
        assert self.rates is not None
        high, low = self.rates
        mean = self.high_share * high + (1 - self.high_share) * low
        if abs(mean - rate) > 1e-6 * mean:
            raise ParamsError(
                f"arrivals: a square wave of {high:g} and {low:g} requests/s averages {mean:g}, "
                f"so {mean:g} is the one rate that names it, got {rate:g}"
            )
        return high, low


class RampParams(Section):
    """Poisson at a rate that moves in a straight line, and stays where it ends."""

    process: Literal["ramp"] = "ramp"
    from_multiple: NonNegative = Field(description="times the named rate, at the start")
    to_multiple: Positive = Field(description="times the named rate, at the end")
    over_s: Positive = Field(description="how long it moves")


class DiurnalStateParams(Section):
    """One state of the day: how busy it is against the others, and how long it lasts."""

    level: NonNegative = Field(description="relative rate; only ratios between states matter")
    dwell_s: Positive = Field(description="mean of the exponential stay")


class DiurnalParams(Section):
    """A Markov-modulated Poisson process whose states follow one another in the order given.

    Levels are scaled so that the stationary mean rate is the named one.
    """

    process: Literal["diurnal"] = "diurnal"
    states: dict[str, DiurnalStateParams] = Field(min_length=2)

    @model_validator(mode="after")
    def _someone_arrives(self) -> Self:
        if not any(state.level for state in self.states.values()):
            raise ValueError("at least one state needs a level above 0")
        return self


class TraceParams(Section):
    """Replay the times of a parquet file, and its prompt and output lengths where it has them."""

    process: Literal["trace"] = "trace"
    file: str = Field(min_length=1, description="parquet file, relative to the folder of data")
    column: str = Field(default="timestamp_s", min_length=1, description="seconds or datetimes")
    scale: Literal["rate", "none"] = Field(
        default="rate", description="stretch the replayed part to the named rate, or keep its time"
    )
    tick_s: Positive | None = Field(
        default=None, description="stamps are quantised to so many seconds; spread them inside"
    )
    start: Literal["first", "random"] = Field(
        default="first", description="replay from the first row, or from a row drawn per seed"
    )


class ClosedParams(Section):
    """So many users, each of whom thinks, sends a request, and waits for its end."""

    process: Literal["closed"] = "closed"
    users: Count
    think_s: NonNegative = Field(description="mean time between an answer and the next request")
    think: Literal["exponential", "constant"] = "exponential"


class ReferenceGammaParams(Section):
    """The reference's client: gamma gaps, then all times rescaled to end at n / rate.

    Not a renewal process: the count of the whole run has no variance left. Kept to repeat
    published runs, never to size anything.
    """

    process: Literal["reference_gamma"] = "reference_gamma"
    burstiness: float = Field(ge=0.05, le=1e6, description="shape of the gamma distribution")


class ReferenceSquareParams(Section):
    """The reference's square wave: the rate switches by request index, then all is rescaled.

    The named peak is not what is offered; `rescaled_levels` in pipeline.workload.arrivals says
    what is.
    """

    process: Literal["reference_square"] = "reference_square"
    rates: tuple[Positive, Positive] = Field(strict=False, description="[high, low], requests/s")
    phase_s: Positive = Field(default=30.0, description="nominal; a phase has rate * phase_s rows")


_Process = (
    PoissonParams
    | GammaParams
    | SquareParams
    | RampParams
    | DiurnalParams
    | TraceParams
    | ClosedParams
    | ReferenceGammaParams
    | ReferenceSquareParams
)


def _refuse_unknown_process(value: Any) -> Any:
    """Say the nearest process: pydantic's own message for a wrong tag does not."""
    names = [get_args(part.model_fields["process"].annotation)[0] for part in get_args(_Process)]
    if isinstance(value, str):
        raise ValueError(f"a section is accepted, for example the line process: {value}")
    if isinstance(value, dict):
        if "process" not in value:
            raise ValueError(f"process is missing; accepted: {', '.join(names)}")
        refuse_unknown("arrival process", [str(value["process"])], names)
    return value


ArrivalParams = Annotated[
    _Process, Field(discriminator="process"), BeforeValidator(_refuse_unknown_process)
]
