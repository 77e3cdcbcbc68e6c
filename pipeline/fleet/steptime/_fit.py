"""From tables to the profile of a tier."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ParamsError, UnknownNameError
from pipeline.fleet._step import StepTime
from pipeline.fleet.steptime._composed import Composer, composer_of
from pipeline.fleet.steptime._estimate import with_collectives
from pipeline.fleet.steptime._forms import FORMS, fit_form
from pipeline.fleet.steptime._predict import step_ms
from pipeline.fleet.steptime._profile import TierProfile, curve_params
from pipeline.fleet.steptime._rows import Rows
from pipeline.fleet.steptime._score import Errors, errors, kind_weights
from pipeline.fleet.steptime._split import split
from pipeline.fleet.steptime._tables import Tables, Target, read_tables
from pipeline.fleet.steptime._whole import (
    step_of_operators,
    step_of_whole_layers,
    unattended_errors,
)

__all__ = [
    "AUTO",
    "BUDGET",
    "Fitted",
    "fit_profile",
    "fit_target",
    "held_out_errors",
    "profile_target",
]

Floats = NDArray[np.float64]

AUTO = "auto"
BUDGET = 2048  # max_num_batched_tokens of the engines that were profiled
_FOLDS = 5
_SEED = 20261125
_CV_FOLDS = 3
_CV_ROWS = 3000  # enough to tell forms apart; a fit to all rows follows


@dataclass(frozen=True)
class Fitted:
    """A fit to the operators of one target, without communication."""

    composer: Composer
    form: str
    step: StepTime
    rows: dict[str, int]


def fit_profile(tables: Path, gpu: str, model: str, tp: int, form: str = AUTO) -> TierProfile:
    """Fit a tier to the tables of a folder.

    Errors are those of a fit to four fifths of the grid points on the fifth that it did not see;
    the coefficients are then fitted to all points. Names may differ from the table's in case,
    punctuation and organisation.

    Args:
        tables: folder of `layer_ops.parquet` and `attention_ops.parquet`.
        gpu, model, tp: what to fit; tp is the number of GPUs that share the model.
        form: simple, roofline, curve or auto, which picks by cross-validation.

    Raises:
        SchemaError: a table is absent or breaks its schema.
        UnknownNameError: the tables do not cover it, or there is no such form.
        ParamsError: a form that needs attention rows, for a target without them.
    """
    read = read_tables(tables)
    # DIR stands for the folder: hashes say which tables it held, on any machine.
    command = f"routebalance fleet fit DIR --gpu {gpu} --model {model} --tp {tp} --form {form}"
    return profile_target(read, read.find(gpu, model, tp), form, command)


def profile_target(tables: Tables, target: Target, form: str, command: str) -> TierProfile:
    """`fit_profile` for tables that were read already."""
    training, held_out = split(tables.only(target), _FOLDS, _SEED)
    tried = fit_target(training, target, form)
    error, tested = held_out_errors(tried, training, held_out)
    final = fit_target(tables, target, tried.form)
    composer = final.composer
    a, gpus = composer.architecture, target.tp
    step = with_collectives(final.step, a, composer.hardware, gpus)
    rows = final.rows | {"training": tried.rows["used"], "held_out": tested}
    return TierProfile(
        label="fitted", gpu=target.gpu, model=target.model, tp=gpus, form=final.form,
        step=curve_params(step), estimated=_estimated(final), kv_bytes_per_token=a.kv_bytes,
        kv_tokens=composer.kv_tokens, errors=_rounded(error), rows=rows, notes=_notes(final),
        sources=tables.files, command=command,
    )  # fmt: skip


def fit_target(tables: Tables, target: Target, form: str) -> Fitted:
    """Fit one target to all rows that these tables have of it."""
    if form not in (AUTO, *FORMS):
        raise UnknownNameError("form", form, [AUTO, *FORMS], "the fit")
    composer = composer_of(tables, target)
    operators = composer.operators(tables)
    counts = {"dropped": operators.dropped}
    if not tables.only(target).attention.height:
        return _fit_unattended(composer, tables, form, counts)
    rows = composer.rows(tables, operators)
    weights = kind_weights(rows, composer.kv_tokens, BUDGET)
    points = composer.points(operators)
    chosen = _choose(rows, weights, points) if form == AUTO else form
    counts |= {kind: int(mask.sum()) for kind, mask in rows.kinds().items()}
    step = fit_form(chosen, rows, weights, points)
    return Fitted(composer, chosen, step, counts | {"used": len(rows.ms)})


def held_out_errors(fitted: Fitted, training: Tables, held_out: Tables) -> tuple[Errors, int]:
    """Errors on the held-out rows of the target, and their number.

    Dense operators of a held-out row go through the held-out points; between those, where the
    operators step up and down within few tokens, through the training points as well.
    """
    composer = fitted.composer
    mine = held_out.only(composer.target)
    own = composer.operators(held_out)
    if not mine.attention.height:
        seen = unattended_errors(composer, fitted.step, own) if own.curves else {}
        return seen, mine.layers.height
    rows = composer.rows(held_out, own.joined(composer.operators(training)))
    return errors(fitted.step, rows, composer.kv_tokens, BUDGET), len(rows.ms)


def _fit_unattended(
    composer: Composer, tables: Tables, form: str, counts: dict[str, int]
) -> Fitted:
    if form not in (AUTO, "curve"):
        raise ParamsError(
            f"form {form!r} needs attention rows, and the tables have none of {composer.target}; "
            "auto and curve are accepted"
        )
    operators = composer.operators(tables)
    whole = any(name.startswith("full_layer") for name in operators.curves)
    step = (step_of_whole_layers if whole else step_of_operators)(composer, operators)
    used = tables.only(composer.target).layers.height - operators.dropped
    return Fitted(composer, "curve", step, counts | {"used": used})


def _choose(rows: Rows, weights: Floats, points: tuple[Floats, Floats]) -> str:
    """The form with the least weighted error over folds that its fit did not see."""
    rng = np.random.default_rng(_SEED)
    order = rng.permutation(len(rows.ms)).astype(np.int64)[:_CV_ROWS]
    losses = dict.fromkeys(FORMS, 0.0)
    for fold in range(_CV_FOLDS):
        tested = order[fold::_CV_FOLDS]
        trained = np.setdiff1d(order, tested)
        seen, unseen = rows.where(trained), rows.where(tested)
        for form in FORMS:
            step = fit_form(form, seen, weights[trained], points)
            off = np.abs(step_ms(step, unseen) / unseen.ms - 1)
            losses[form] += float((off * weights[tested]).sum())
    return min(losses, key=lambda form: losses[form])


def _estimated(fitted: Fitted) -> tuple[str, ...]:
    parts = list(fitted.composer.missing)
    parts += [] if "decode" in fitted.rows else ["attention"]
    parts += ["collectives"] if fitted.composer.target.tp > 1 else []
    return tuple(parts)


def _notes(fitted: Fitted) -> tuple[str, ...]:
    notes = ["sums of operators leave out the engine's CPU time"]
    if dropped := fitted.rows["dropped"]:
        notes.append(f"{dropped} GEMM rows dropped: below 0.002 ms, or a third of fewer tokens'")
    if fitted.rows.get("mixed") == 0:
        notes.append("no mixed rows: decodes beside prefill are taken to cost what they do alone")
    if "collectives" in _estimated(fitted):
        notes.append("errors are those of the operators, before all-reduces were added")
    return tuple(notes)


def _rounded(error: Errors) -> Errors:
    return {name: None if value is None else round(value, 3) for name, value in error.items()}
