"""Several judges side by side on one event loop, each with its own bound on concurrency."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.judging._case import Case, Verdict
from pipeline.judging._pairs import Pair
from pipeline.params import JudgeModelParams
from pipeline.spending import Spending

if TYPE_CHECKING:
    from pipeline.judging._endpoint import ChatEndpoint

__all__ = ["Panel", "Question", "Told", "panel_work", "with_pairs"]

Question = Case | Pair
Told = tuple[str, Verdict]  # the key of a question, and its verdict


@dataclass(frozen=True)
class Panel:
    """What to ask whom: a job that can run on its own, on another machine too.

    Attributes:
        judges: settings by name.
        questions: by the name of the judge; no two of a judge share a key.
        max_usd: what all of them together may spend; None for no cap.
    """

    judges: dict[str, JudgeModelParams]
    questions: dict[str, list[Question]]
    max_usd: float | None

    def by_judge(self) -> list["Panel"]:
        """One job per judge, each with an equal part of the cap."""
        share = None if self.max_usd is None else self.max_usd / len(self.questions)
        return [
            replace(self, judges={name: self.judges[name]}, questions={name: asked}, max_usd=share)
            for name, asked in self.questions.items()
        ]


def with_pairs(
    cases: Mapping[str, Sequence[Case]], pairs: Iterable[Pair]
) -> dict[str, list[Question]]:
    """Everything that is asked of each judge, by its name."""
    asked: dict[str, list[Question]] = {name: list(own) for name, own in cases.items()}
    for pair in pairs:
        asked[pair.judge].append(pair)
    return asked


def panel_work() -> Callable[[Panel], Iterator[Told]]:
    """The function of one job, for `pipeline.engine.run_jobs`."""
    return _ask_panel


@dataclass(frozen=True)
class _Answer:
    """A verdict on its way, and whether whoever asked for it has taken it."""

    told: Told
    taken: asyncio.Event


Answers = asyncio.Queue[_Answer | None]


def _ask_panel(panel: Panel) -> Iterator[Told]:
    """Yield the verdicts as they come; fewer than questions when the cap on spending was reached.

    Nobody is asked again before his last verdict has been taken, so that whoever keeps each at
    once can never lose more than `concurrency` of them.

    Raises EndpointError when a judge's key is not set, before anything is asked.
    """
    with asyncio.Runner() as runner:
        answers: Answers = asyncio.Queue()
        asking = runner.get_loop().create_task(_ask_all(panel, answers))
        while (answer := runner.run(answers.get())) is not None:
            yield answer.told
            answer.taken.set()
        runner.get_loop().run_until_complete(asking)


async def _ask_all(panel: Panel, answers: Answers) -> None:
    from pipeline.judging._endpoint import ChatEndpoint

    spending = Spending(panel.max_usd)
    try:
        async with AsyncExitStack() as stack:
            endpoints = [
                await stack.enter_async_context(ChatEndpoint(name, panel.judges[name], spending))
                for name in panel.questions
            ]
            async with asyncio.TaskGroup() as workers:
                for endpoint in endpoints:
                    questions = panel.questions[endpoint.name]
                    waiting = iter(questions)
                    for _ in range(min(endpoint.settings.concurrency, len(questions))):
                        workers.create_task(_work(waiting, endpoint, answers))
    finally:
        answers.put_nowait(None)


async def _work(waiting: Iterator[Question], endpoint: "ChatEndpoint", answers: Answers) -> None:
    """Ask one question after the other until none is left or the cap is reached."""
    from pipeline.judging._endpoint import CapReachedError
    from pipeline.judging._grounded import ask
    from pipeline.judging._pairwise import compare

    for question in waiting:
        try:
            if isinstance(question, Pair):
                verdict = await compare(question, endpoint)
            else:
                verdict = await ask(question, endpoint)
        except CapReachedError:
            return
        answer = _Answer((question.key, verdict), asyncio.Event())
        answers.put_nowait(answer)
        await answer.taken.wait()
