import pytest

from pipeline.errors import UnknownNameError
from pipeline.params import AblationParams
from pipeline.reporting.ablation import ablation_table
from tests.reporting_rows import request, requests_frame


def _params(**contrasts):
    return AblationParams.model_validate({"level": 0.95, "resamples": 300, "contrasts": contrasts})


def _rows():
    """`new` is 1 s faster than `old`, give or take a tenth that differs by seed."""
    return requests_frame(
        [
            request(i, arm=arm, seed=seed, t_done=done + wobble * seed, quality=quality)
            for arm, done, wobble, quality in (("new", 3.0, 0.11, 0.9), ("old", 4.0, 0.1, 0.4))
            for seed in (1, 2, 3)
            for i in range(30)
        ]
    )


def _claim(margin, metric="e2e_s", better="new", worse="old"):
    return {"better": better, "worse": worse, "metric": metric, "margin": margin}


def test_verdicts_follow_the_rule():
    table = ablation_table(
        _rows(), _params(yes=_claim(0.5), no=_claim(2.0), edge=_claim(0.98)), seed=1
    )
    assert table["verdict"].to_list() == ["supported", "refuted", "inconclusive"]
    assert table["estimate"].to_list() == pytest.approx([0.98] * 3)  # 1 - 0.01 * mean seed


def test_holm_spans_the_family():
    table = ablation_table(_rows(), _params(one=_claim(0.5), two=_claim(0.6)), seed=1)
    raw, adjusted = table["p_value"].to_list(), table["p_adjusted"].to_list()
    assert min(adjusted) == pytest.approx(2 * min(raw))


def test_quality_improves_upwards_and_equal_differences_stay_inconclusive():
    row = ablation_table(_rows(), _params(q=_claim(0.1, "quality")), seed=1).row(0, named=True)
    assert row["estimate"] == pytest.approx(0.5)
    assert row["low"] is None
    assert row["verdict"] == "inconclusive"


def test_unknown_arm():
    with pytest.raises(UnknownNameError, match=r"ablation\.contrasts\.x"):
        ablation_table(_rows(), _params(x=_claim(0.1, better="nev")), seed=1)
