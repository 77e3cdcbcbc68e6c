"""Profile of a tier: one instance under open-loop load, from idle to busy."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.fleet._sequence import Sequence
from pipeline.fleet._snapshot import Telemetry
from pipeline.fleet._tier import make_instance
from pipeline.fleet.steptime import step_time
from pipeline.params import ProfileParams, TierParams
from pipeline.rows import PROFILE
from pipeline.streams import stream

__all__ = ["profile_tier"]


@dataclass(frozen=True)
class _Requests:
    """Arrivals, s, and tokens of one run, all (n,)."""

    arrivals: NDArray[np.float64]
    prompt: NDArray[np.int64]
    predicted: NDArray[np.float64]
    output: NDArray[np.int64]


def profile_tier(name: str, tier: TierParams, params: ProfileParams, seed: int) -> pl.DataFrame:
    """Simulate the runs of one tier; return PROFILE rows labelled simulated.

    The offered rate of a run is a share of what the tier could serve with a full batch. State is
    read at dispatch, before the request is added, as the router reads it.
    """
    step = step_time(tier)
    context = params.prompt_tokens_mean + params.output_tokens_mean / 2
    capacity = step.decode_capacity(tier.max_num_seqs, context) / params.output_tokens_mean
    rows: list[dict[str, object]] = []
    parts = _parts(params.runs)
    for number, load in enumerate(params.loads):
        for repeat, part in enumerate(parts):
            run = number * params.runs + repeat
            rate = load * capacity
            asked = _draw(params, rate, stream(seed, "profile", name, run))
            head = {"tier": name, "run": run, "part": part, "rate": rate, "label": "simulated"}
            rows += [head | row for row in _run(tier, asked)]
    return PROFILE.frame(rows)


def _parts(runs: int) -> list[str]:
    """Parts of the runs at one load: of ten, five train, two calibrate, one selects and two test.

    Four runs are the least that have all of them.
    """
    fifth, tenth = max(1, runs // 5), max(1, runs // 10)
    held = ["calibration"] * fifth + ["validation"] * tenth + ["test"] * fifth
    return ["train"] * (runs - len(held)) + held


def _draw(params: ProfileParams, rate: float, rng: np.random.Generator) -> _Requests:
    n, error = params.requests, params.length_error_sigma
    sigma = float(np.sqrt(max(params.output_tokens_sigma**2 - error**2, 0.0)))
    predicted = _lognormal(rng, params.output_tokens_mean, sigma, n)
    # The prediction is a conditional mean: the actual length scatters around it.
    actual = predicted * _lognormal(rng, 1.0, error, n)
    prompt = _lognormal(rng, params.prompt_tokens_mean, params.prompt_tokens_sigma, n)
    return _Requests(
        arrivals=np.cumsum(rng.exponential(1 / rate, n)),
        prompt=np.maximum(1, prompt.round()).astype(np.int64),
        predicted=np.maximum(1.0, predicted),
        output=np.maximum(1, actual.round()).astype(np.int64),
    )


def _lognormal(rng: np.random.Generator, mean: float, sigma: float, n: int) -> NDArray[np.float64]:
    return mean * np.exp(rng.normal(-sigma * sigma / 2, sigma, n))


def _run(tier: TierParams, asked: _Requests) -> list[dict[str, object]]:
    engine = make_instance(tier)
    seen: list[tuple[Telemetry, Sequence]] = []
    for i, at in enumerate(asked.arrivals):
        engine.advance(float(at))
        sequence = Sequence(
            i, int(asked.prompt[i]), int(asked.output[i]), float(asked.predicted[i]), float(at)
        )
        seen.append((engine.telemetry(), sequence))
        engine.submit(sequence, float(at))
    engine.advance(np.inf)
    return [_row(state, sequence) for state, sequence in seen]


def _row(state: Telemetry, sequence: Sequence) -> dict[str, object]:
    assert sequence.first_token is not None
    assert sequence.done is not None
    gaps = sequence.output_tokens - 1
    return {
        "request_id": sequence.request_id,
        "running": state.running,
        "waiting": state.waiting,
        "pending_prefill_tokens": state.pending_prefill_tokens,
        "pending_decode_tokens": state.pending_decode_tokens,
        "context_tokens": state.context_tokens,
        "kv_utilisation": state.kv_utilisation,
        "prompt_tokens": sequence.prompt_tokens,
        "predicted_output_tokens": sequence.predicted_tokens,
        "output_tokens": sequence.output_tokens,
        "ttft_s": sequence.first_token - sequence.submitted,
        "tpot_s": (sequence.done - sequence.first_token) / gaps if gaps else None,
        "e2e_s": sequence.done - sequence.submitted,
    }
