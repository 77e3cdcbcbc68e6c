"""Where cells run is said once, and what excludes each other is refused."""

from pathlib import Path

import pytest

from pipeline.cli._loadtest_options import Chosen, Where
from pipeline.errors import ParamsError
from pipeline.params import Params, load_params

CURRENT = Chosen("current", "", "", "")
FILE = Path("fleet.yaml")


@pytest.fixture(scope="module")
def declared(root: Path) -> Params:
    return load_params(root / "params.yaml")


def test_the_command_line_comes_before_the_section(declared: Params) -> None:
    told = Where(None, "http://127.0.0.1:1", "KEY", timeout=5.0, order="random").http(declared)
    section = declared.loadtest.http
    assert (told.url, told.key_variable, told.timeout_s) == ("http://127.0.0.1:1", "KEY", 5.0)
    assert (told.order, told.max_lag_ms) == ("random", section.max_lag_ms)
    assert Where(FILE, None).http(declared) == section
    assert Where(None, None).simulated


@pytest.mark.parametrize(
    ("where", "chosen", "keep_texts", "said"),
    [
        (Where(FILE, "http://127.0.0.1:1"), CURRENT, False, "exclude each other"),
        (Where(None, "http://127.0.0.1:1"), Chosen("champion", "", "", ""), False, "has its own"),
        (Where(None, "http://127.0.0.1:1"), Chosen("current", "3", "", ""), False, "has its own"),
        (Where(FILE, None), CURRENT, True, "--texts goes with --gateway"),
    ],
)
def test_what_excludes_each_other_is_refused(
    where: Where, chosen: Chosen, keep_texts: bool, said: str, declared: Params
) -> None:
    with pytest.raises(ParamsError, match=said):
        where.front(declared, chosen, keep_texts=keep_texts)
