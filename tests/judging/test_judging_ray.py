"""Two judges on a Ray cluster give the verdicts that they give from here."""

from pathlib import Path

from pipeline.journal import Journal
from pipeline.judging import judge
from tests.ray_cluster import local_cluster
from tests.stub_server import answer


def test_two_judges_on_ray(stub, llm, prompt, response, frames, panel, tmp_path: Path) -> None:
    strict = stub(lambda number, body: answer('{"reason": "matches", "score": 3}'))
    first, later = answer("nonsense"), answer('{"reason": "y", "score": 9}')
    kind = stub(lambda number, body: later if number else first)
    names = [f"p{number}" for number in range(6)]
    data = frames([prompt(name) for name in names], [response(name, name) for name in names])
    settings = panel(strict=llm(strict), kind=llm(kind, concurrency=1))

    with Journal(tmp_path / "here.sqlite") as journal:
        here = judge(*data, settings, journal, None)
    kind.calls.clear()
    with local_cluster(), Journal(tmp_path / "there.sqlite") as journal:
        there = judge(*data, settings, journal, None, engine="ray")
        assert there.equals(here)
        # The failed verdict is not kept, so that it alone is asked for again.
        assert len(journal) == 6 + 6 + 5
        judge(*data, settings, journal, None, engine="ray")
        assert (len(strict.calls), len(kind.calls)) == (2 * 6, 6 + 1)
