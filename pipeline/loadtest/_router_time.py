"""What one batch costs the router on this machine, and the line that a simulated router takes."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ParamsError
from pipeline.loadtest._grid import Bench
from pipeline.loadtest._setup import Setup, set_up
from pipeline.loadtest._wall_beliefs import Beliefs, PromptReader, decide
from pipeline.loadtest._wall_open import prompt_reader, prompt_texts
from pipeline.params import ArmParams, DecisionParams
from pipeline.streams import stream

__all__ = [
    "SIZES",
    "Encoder",
    "RouterTime",
    "cost_block",
    "fit_cost",
    "machine",
    "router_times",
    "time_lines",
    "time_sizes",
]

Encoder = Literal["minilm", "deberta_small"]
Work = Callable[[list[int]], object]

SIZES = (1, 2, 4, 8, 16, 32)

_IN_FLIGHT = 60  # requests in the ledger: 12/s at 5 s each
_SECONDS = 20.0  # of one measurement, all sizes together
_LEAST, _MOST = 5, 100  # times that every size is measured


@dataclass(frozen=True)
class RouterTime:
    """Time of a batch by its size.

    Attributes:
        name: what was timed; a preset of loadtest.router.costs where `costs` says so.
        means_ms: by size.
        costs: whether it is to be used as that preset, or stands there to compare with.
    """

    name: str
    means_ms: Mapping[int, float]
    costs: bool = False

    @property
    def fit(self) -> DecisionParams:
        """The line through the means."""
        return fit_cost(self.means_ms)


def fit_cost(means_ms: Mapping[int, float]) -> DecisionParams:
    """Fit base + per_request * size by least squares of the relative error; neither is below 0.

    The relative error, because a router that keeps up decides about one or two requests at a time,
    and the time of large batches would drown theirs. One size alone gives no line: all of it is
    base then.

    Args:
        means_ms: time of a batch, ms, above 0, by its size.
    """
    size, taken = np.array(list(means_ms), float), np.array(list(means_ms.values()))
    weight = taken**-2.0
    middle, level = (float(weight @ values / weight.sum()) for values in (size, taken))
    around = size - middle
    spread = float(weight @ around**2)
    slope = float(weight @ (around * taken)) / spread if spread > 0 else 0.0
    base = level - slope * middle
    if slope < 0:
        base, slope = level, 0.0
    elif base < 0:
        base, slope = 0.0, float(weight @ (size * taken) / (weight @ size**2))
    return DecisionParams(base_ms=base, per_request_ms=slope)


def router_times(bench: Bench, encoder: Encoder) -> Iterator[RouterTime]:
    """Yield the time of batches of the project's own test prompts, one measurement after another.

    minilm: whole decisions of an arm that reads prompts (`encode`), the same from embeddings that
    are there, and those of an arm that reads none (`simple`). deberta_small: scores of a classifier
    of that shape (`classifier`); its weights are drawn, so what it says means nothing.

    Raises:
        ParamsError: no arm reads prompts with learned latency, or every arm reads them.
        SchemaError, ModelError: an earlier stage's file is absent or unusable.
    """
    texts = prompt_texts(bench.workloads["test"])
    yield from (_decisions(bench, texts) if encoder == "minilm" else _classifier(bench, texts))


def time_lines(times: RouterTime) -> Iterator[str]:
    """Yield a header, the means in ms under their sizes, and the line through them."""
    yield f"{times.name}: {times.fit.base_ms:.3f} ms + {times.fit.per_request_ms:.3f} ms a request"
    yield "  size    " + " ".join(f"{size:8d}" for size in times.means_ms)
    yield "  mean    " + " ".join(f"{taken:8.2f}" for taken in times.means_ms.values())
    fitted = (times.fit.base_ms + times.fit.per_request_ms * size for size in times.means_ms)
    yield "  fitted  " + " ".join(f"{taken:8.2f}" for taken in fitted)


def cost_block(times: list[RouterTime]) -> Iterator[str]:
    """Yield the lines of YAML that go under loadtest.router."""
    yield "costs:"
    for one in times:
        if one.costs:
            base, each = one.fit.base_ms, one.fit.per_request_ms
            yield f"  {one.name}: {{base_ms: {base:.3g}, per_request_ms: {each:.3g}}}"


def time_sizes(work: Work, prompts: int, sizes: tuple[int, ...] = SIZES) -> dict[int, float]:
    """Mean time in ms of a batch, by size; the sizes take turns, so that all see every weather.

    The mean over prompts of every length, because it is what decides whether a router keeps up.

    Args:
        work: does a batch of these prompts, given by row.
        prompts: number of prompts to draw from; larger sizes are left out.
        sizes: to time.
    """
    rng = stream(0, "router time")
    taken: dict[int, list[float]] = {size: [] for size in sizes if size <= prompts}
    for size in taken:
        work(list(range(size)))
    began = time.perf_counter()
    for turn in range(_MOST):
        if turn >= _LEAST and time.perf_counter() - began > _SECONDS:
            break
        for size, times in taken.items():
            rows = [int(row) for row in rng.choice(prompts, size, replace=False)]
            start = time.perf_counter()
            work(rows)
            times.append(time.perf_counter() - start)
    return {size: 1e3 * float(np.mean(times)) for size, times in taken.items()}


def _decisions(bench: Bench, texts: list[str]) -> Iterator[RouterTime]:
    reads = _arm(bench, lambda arm: arm.reads_prompt and arm.latency == "learned", "reads prompts")
    blind = _arm(bench, lambda arm: not arm.reads_prompt, "reads no prompt")
    reader = prompt_reader(bench, bench.params.arms[reads])
    n = len(texts)
    yield RouterTime("encode", time_sizes(_decision(bench, reads, texts, reader), n), True)
    known = dict(zip(texts, reader.encode(texts), strict=True))
    ready = replace(reader, encode=lambda asked: np.array([known[text] for text in asked]))
    yield RouterTime(
        f"{reads} without its encoder", time_sizes(_decision(bench, reads, texts, ready), n)
    )
    yield RouterTime("simple", time_sizes(_decision(bench, blind, texts, reader), n), True)


def _arm(bench: Bench, fits: Callable[[ArmParams], bool], what: str) -> str:
    for name, arm in bench.params.arms.items():
        if fits(arm):
            return name
    raise ParamsError(f"loadtest.arms: no arm {what}, so there is nothing to time")


def _decision(bench: Bench, arm: str, texts: list[str], reader: PromptReader) -> Work:
    setup = set_up(arm, bench.rig())
    _fill(setup)
    beliefs = Beliefs(setup, texts, reader)
    return lambda rows: decide(setup, beliefs, rows)


def _fill(setup: Setup) -> None:
    """Put requests into the ledger, half of them before their first token."""
    instances = len(setup.fleet.names)
    for request in range(_IN_FLIGHT):
        setup.keeper.dispatched(request, request % instances, 100.0, 150.0, -1.0)
        if request % 2:
            setup.keeper.first_token(request, -0.5)


def _classifier(bench: Bench, texts: list[str]) -> Iterator[RouterTime]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)  # as a router reads prompts; more of them wait for each other
    score = _deberta_small(texts, len(bench.fleet.models))
    try:
        yield RouterTime("classifier", time_sizes(score, len(texts), SIZES[:5]), True)
        together = _side_by_side(score, len(texts), workers=2)
        yield RouterTime("classifier_shared", {1: together}, True)
    finally:
        torch.set_num_threads(before)


def _deberta_small(texts: list[str], labels: int) -> Work:
    """A classifier of the shape of DeBERTa-v3-small, which scores prompts by their row.

    Prompts are as long as WordPiece counts them, two markers included, and cut at 512 tokens.
    """
    import torch
    from transformers import DebertaV2Config, DebertaV2ForSequenceClassification

    from pipeline.minilm import count_tokens

    config = DebertaV2Config(
        vocab_size=128_100,
        hidden_size=768,
        num_hidden_layers=6,
        num_attention_heads=12,
        intermediate_size=3072,
        max_position_embeddings=512,
        type_vocab_size=0,
        layer_norm_eps=1e-7,
        relative_attention=True,
        position_buckets=256,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=False,
        num_labels=labels,
    )
    model = DebertaV2ForSequenceClassification(config).eval()
    lengths = [min(tokens + 2, 512) for tokens in count_tokens(texts)]
    words = torch.randint(1, config.vocab_size, (512,))

    def score(rows: list[int]) -> object:
        longest = max(lengths[row] for row in rows)
        mask = torch.tensor([[int(i < lengths[row]) for i in range(longest)] for row in rows])
        with torch.inference_mode():
            return model(input_ids=words[:longest] * mask, attention_mask=mask).logits

    return score


def _side_by_side(score: Work, prompts: int, workers: int) -> float:
    """Mean time in ms of one prompt, while so many threads score one prompt each."""
    order = stream(0, "side by side").permutation(prompts).tolist()

    def one(worker: int) -> list[float]:
        times = []
        for row in (order * 2)[worker : worker + 40]:
            start = time.perf_counter()
            score([row])
            times.append(time.perf_counter() - start)
        return times

    with ThreadPoolExecutor(workers) as pool:
        taken: list[list[float]] = list(pool.map(one, range(workers)))
    # The first ones load code, and at the end one of them may be alone.
    middle: NDArray[np.float64] = np.array(taken)[:, 5:35]
    return 1e3 * float(np.mean(middle))


def machine() -> dict[str, int]:
    """Cores of this machine, and how many threads PyTorch takes."""
    import torch

    return {"cores": os.cpu_count() or 1, "torch_threads": torch.get_num_threads()}
