"""The counts of `python -m benchmarks.faults`: what would break is seen to."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks._faults_outcome import Outcome, lines
from benchmarks._faults_stages import same_file
from benchmarks._faults_till import asked_at, done, key_of, paid_twice

GOOD = Outcome("killed", "by hand", scheduled=4, rows=4, ok=2, failed=1, refused=1, paid_twice=0)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rows": 3, "ok": 1}, "4 scheduled, but 3 rows"),
        ({"ok": 3}, "the rows do not add up"),
        ({"paid_twice": 2}, "2 answers were paid for twice"),
        ({"broken": ["it did not come back"]}, "it did not come back"),
    ],
)
def test_what_breaks_is_said_in_the_table_and_in_the_figures(
    changes: dict[str, object], says: str
) -> None:
    assert GOOD.problems == []
    broken = replace(GOOD, **changes)
    assert broken.problems == [says] == broken.shown["broken"]
    assert f"    BROKEN: {says}" in list(lines([GOOD, broken]))


def test_tills_by_hand(tmp_path: Path) -> None:
    one, other, unused = tmp_path / "one.till", tmp_path / "other.till", tmp_path / "unused.till"
    a, b = key_of("a"), key_of("b")
    # `a` was asked at one, answered whole there although its client had left, and asked elsewhere.
    one.write_text(f"asked {a} 1.0\nasked {b} 1.5\ndone {a} 2.0\n")
    other.write_text(f"asked {a} 0.5\ndone {a} 3.0\nasked {b} 4.0\ndone {b} 5.0\n")
    tills = [one, other, unused]
    assert asked_at(tills) == {a: 0.5, b: 1.5}
    assert done(tills) == {a: 2, b: 1}
    assert paid_twice(tills) == 1


def test_files_are_compared_by_what_they_say(tmp_path: Path) -> None:
    for name, text, seconds in (("one", "1", "0.4"), ("other", "2", "0.5")):
        folder = tmp_path / name
        (folder / "reports/fidelity").mkdir(parents=True)
        (folder / "same.csv").write_text("a\n")
        (folder / "differs.csv").write_text(text)
        row = f'"metric": "TTFT", "requests": 9, "speed": 1.0, "emulated_s": {seconds}'
        (folder / "reports/fidelity/clock.json").write_text(f"[{{{row}}}]")
    (tmp_path / "one" / "alone.csv").write_text("a\n")
    told = {
        name: same_file(name, tmp_path / "one", tmp_path / "other")
        for name in ("same.csv", "differs.csv", "alone.csv", "reports/fidelity/clock.json")
    }
    assert list(told.values()) == [True, False, False, True]
    clock = tmp_path / "other" / "reports/fidelity/clock.json"
    clock.write_text(clock.read_text().replace("9", "8"))
    assert not same_file("reports/fidelity/clock.json", tmp_path / "one", tmp_path / "other")
