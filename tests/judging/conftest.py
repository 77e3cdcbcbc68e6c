"""Rows to judge, and a scripted judge."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.journal import Journal
from pipeline.params import JudgeAuditParams, JudgeModelParams, JudgeParams
from pipeline.rows import PROMPTS, RESPONSES
from tests.stub_server import Reply, StubServer


@pytest.fixture
def stub() -> Iterator[Callable[[Callable[[int, dict[str, Any]], Reply]], StubServer]]:
    """Start servers by script; all are stopped at the end."""
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(StubServer(script))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "judge.sqlite") as opened:
        yield opened


@pytest.fixture
def prompt() -> Callable[..., dict[str, Any]]:
    def make(prompt_id: str = "p1", task: str = "number", reference: str | None = "4") -> Any:
        return {
            "prompt_id": prompt_id,
            "dataset": "d",
            "task": task,
            "group_id": prompt_id,
            "prompt_text": f"question {prompt_id}",
            "reference_text": reference,
            "category": None,
            "difficulty": None,
            "source": "generated",
            "licence": "CC0-1.0",
        }

    return make


@pytest.fixture
def response() -> Callable[..., dict[str, Any]]:
    def make(prompt_id: str = "p1", text: str | None = "4", **other: Any) -> Any:
        return {
            "prompt_id": prompt_id,
            "model": "m",
            "response_text": text,
            "status": "ok",
            "error": None,
            "prompt_tokens": 1,
            "prompt_tokens_source": "counted",
            "output_tokens": 1,
            "output_tokens_source": "counted",
            "recorded_quality": None,
            "recorded_quality_source": None,
            "label": "emulated",
        } | other

    return make


@pytest.fixture
def frames() -> Callable[..., tuple[pl.DataFrame, pl.DataFrame]]:
    return lambda prompts, responses: (PROMPTS.frame(prompts), RESPONSES.frame(responses))


@pytest.fixture
def llm() -> Callable[..., JudgeModelParams]:
    def make(server: StubServer, **other: Any) -> JudgeModelParams:
        return JudgeModelParams.model_validate(
            {
                "endpoint": server.url,
                "model": "stub-model",
                "concurrency": 4,
                "timeout_s": 5.0,
                "attempts": 3,
                "max_chars": 1000,
            }
            | other
        )

    return make


@pytest.fixture
def panel() -> Callable[..., JudgeParams]:
    """Settings of the stage with the given judges and nothing else."""

    def make(*, pairs: int = 0, max_usd: float | None = None, **judges: Any) -> JudgeParams:
        return JudgeParams(
            similarity=False,
            judges=judges,
            audit=JudgeAuditParams(position_pairs=pairs),
            max_usd=max_usd,
        )

    return make


@pytest.fixture
def scores() -> Callable[..., list[dict[str, Any]]]:
    """JUDGEMENTS rows of one source: a score for each prompt p0, p1, ... and model."""

    def make(source: str, given: list[float | None], model: str = "m", **other: Any) -> Any:
        return [
            {
                "prompt_id": f"p{i}",
                "model": model,
                "metric": "x",
                "quality_source": source,
                "score": score,
                "truncated": False,
                "repeat": 0,
                "verdict_key": f"{source} {model} {i}",
            }
            | other
            for i, score in enumerate(given)
        ]

    return make
