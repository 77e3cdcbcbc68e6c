"""The fit of a live server, on rows that the engine itself produced with known coefficients."""

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.fleet import Instance, Limits, Sequence, StepTime
from pipeline.fleet.live import LIVE_REQUESTS, fit_live, mean_errors, measured_runs, simulated
from pipeline.fleet.live._gaps import fit_gaps, gaps_of

TRUTH = StepTime(
    (0.0,), (4.0,), 0.0, p=0.06, c=0.25, d=3e-4, q=2e-5, c_mixed=0.3, d_mixed=3e-4, b=1.0
)
LIMITS = Limits(200_000, 16, 2048)
OVERHEAD_S = 0.006
JITTER_S = 2e-4


def answered(name: str, rate: float, count: int, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of an open run at the engine's pace, every token some time later at the client."""
    engine = Instance(TRUTH, *LIMITS, record_tokens=True)
    sent = np.cumsum(rng.exponential(1 / rate, count))
    asked = lengths(count, rng)
    for number, at in enumerate(sent.tolist()):
        engine.submit(Sequence(number, *asked[number], 1.0, at), at)
    engine.advance(np.inf)
    return rows_of(engine, sent, asked, rng, run=name, rate=rate)


def answered_in_turn(name: str, clients: int, count: int, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of a closed run, in which the next request leaves when an answer has come back."""
    engine = Instance(TRUTH, *LIMITS, record_tokens=True)
    asked, sent, free = lengths(count, rng), [], [0.0] * clients
    while len(sent) < count:
        while not free:
            engine.advance(engine.next_event())
            free += [sequence.done + OVERHEAD_S for sequence in engine.take_finished()]
        at = free.pop(0)
        engine.submit(Sequence(len(sent), *asked[len(sent)], 1.0, at), at)
        sent.append(at)
    engine.advance(np.inf)
    # What the server sees OVERHEAD_S later was sent that much earlier.
    early = np.array(sent) - OVERHEAD_S
    return rows_of(engine, early - early[0], asked, rng, early[0], run=name, clients=clients)


def lengths(count: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    prompt, output = (
        np.exp(rng.uniform(np.log(low), np.log(high), count)).astype(int).tolist()
        for low, high in ((16, 1024), (8, 128))
    )
    return list(zip(prompt, output, strict=True))


def rows_of(
    engine: Instance,
    sent: NDArray[np.float64],
    asked: list[tuple[int, int]],
    rng: np.random.Generator,
    origin: float = -OVERHEAD_S,
    **setting: object,
) -> pl.DataFrame:
    """Rows of what an engine has served; its clock is `origin` behind that of the client."""
    came: list[list[float]] = [[] for _ in asked]
    for at, sequence, _ in engine.take_tokens():
        came[sequence.request_id].append(at - origin + float(rng.exponential(JITTER_S)))
    return LIVE_REQUESTS.frame(
        {"rate": None, "clients": None}
        | setting
        | {
            "request_id": number,
            "part": "test" if number % 5 == 4 else "fit",
            "scheduled_s": float(sent[number]),
            "sent_s": float(sent[number]),
            "prompt_tokens": prompt,
            "asked_tokens": output,
            "output_tokens": output,
            "token_s": sorted(came[number]),
            "token_count": list(range(1, output + 1)),
            "outcome": "ok",
            "reason": None,
            "label": "live",
        }
        for number, (prompt, output) in enumerate(asked)
    )


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    settings = (("lone", 0.5, 40), ("some", 4.0, 80), ("many", 9.0, 120), ("full", 13.0, 120))
    opened = [answered(name, rate, count, rng) for name, rate, count in settings]
    closed = [answered_in_turn(f"{clients} in turn", clients, 60, rng) for clients in (3, 8)]
    return pl.concat(opened + closed)


def pace(step: StepTime) -> NDArray[np.float64]:
    """Seconds of iterations of many shapes."""
    shapes = [(0, d, 300 * d) for d in (1, 2, 4, 8, 16)]
    shapes += [(p, d, 300 * d) for p in (32, 128, 512, 1000) for d in (1, 4, 12)]
    return np.array([step.seconds(p, d, s, p * p / 2) for p, d, s in shapes])


def test_gaps_alone_recover_the_iteration_time(rows: pl.DataFrame) -> None:
    found = fit_gaps(gaps_of(rows, LIMITS.max_batched_tokens))
    assert np.abs(pace(found) / pace(TRUTH) - 1).max() < 0.04


def test_the_fit_recovers_iteration_time_and_overhead(rows: pl.DataFrame) -> None:
    fit = fit_live(rows, LIMITS)
    assert np.abs(pace(fit.step) / pace(TRUTH) - 1).max() < 0.04
    # The way back includes the mean jitter.
    assert fit.overhead_s == pytest.approx(OVERHEAD_S + JITTER_S, abs=1e-3)
    for run in measured_runs(rows):
        errors = mean_errors(run, simulated(run, fit, LIMITS), run.held_out)
        assert max(map(abs, errors.values())) < 4, run.name


def test_held_out_requests_do_not_move_the_fit(rows: pl.DataFrame) -> None:
    later = pl.col("token_s").list.eval(pl.element() * 1.0 + pl.element().cum_count() * 1e-4)
    spoilt = rows.with_columns(
        token_s=pl.when(pl.col("part") == "test").then(later).otherwise(pl.col("token_s"))
    )
    kept, moved = (gaps_of(of, LIMITS.max_batched_tokens) for of in (rows, spoilt))
    assert np.array_equal(kept.ms, moved.ms)


def test_too_few_requests_are_refused(rows: pl.DataFrame) -> None:
    with pytest.raises(DataError, match="too few to fit"):
        fit_live(rows.head(20), LIMITS)


def test_a_server_that_sends_all_tokens_at_once_is_refused(rows: pl.DataFrame) -> None:
    at_once = rows.with_columns(
        token_s=pl.col("token_s").list.tail(1), token_count=pl.col("token_count").list.tail(1)
    )
    with pytest.raises(DataError, match="streams every token"):
        fit_live(at_once, LIMITS)


def test_a_run_with_many_failures_is_refused(rows: pl.DataFrame) -> None:
    failed = (pl.col("run") == "many") & (pl.col("request_id") < 10)
    broken = rows.with_columns(
        outcome=pl.when(failed).then(pl.lit("refused")).otherwise(pl.col("outcome")),
        reason=pl.when(failed).then(pl.lit("HTTP 503")).otherwise(pl.lit(None, pl.String)),
    )
    with pytest.raises(DataError, match=r"10 of 120 requests of run many failed \(HTTP 503\)"):
        fit_live(broken, LIMITS)
