"""The section on how a load test goes over HTTP."""

from pathlib import Path

import pytest
import yaml

from pipeline.errors import ParamsError
from pipeline.params import HttpParams, load_params


def changed(root: Path, folder: Path, **loadtest: object) -> Path:
    values = yaml.safe_load((root / "params.yaml").read_text())
    values["loadtest"] |= loadtest
    file = folder / "params.yaml"
    file.write_text(yaml.safe_dump(values))
    return file


def test_the_declared_section_is_the_default(root: Path) -> None:
    told = load_params(root / "params.yaml").loadtest
    assert told.over == "simulated"
    assert told.http == HttpParams()


def test_a_gateway_needs_its_url(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"over gateway needs http\.url"):
        load_params(changed(root, tmp_path, over="gateway"))
    named = {"url": "http://127.0.0.1:8080"}
    told = load_params(changed(root, tmp_path, over="gateway", http=named)).loadtest
    assert (told.http.url, told.http.order) == ("http://127.0.0.1:8080", "abba")


@pytest.mark.parametrize(
    ("http", "said"),
    [
        ({"max_lag": 5.0}, "max_lag_ms"),
        ({"order": "baab"}, "order"),
        ({"max_late_share": 1.5}, "max_late_share"),
        ({"workers": 0}, "workers"),
        ({"url": "127.0.0.1:8080"}, "is not the address of a server"),
        ({"url": "http://me:key@host"}, "a password"),
    ],
)
def test_what_is_not_accepted_is_named(
    root: Path, tmp_path: Path, http: dict[str, object], said: str
) -> None:
    with pytest.raises(ParamsError, match=said):
        load_params(changed(root, tmp_path, http=http))
