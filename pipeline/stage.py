"""What every stage script shares: where files are, how params are read, how errors end."""

import sys
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import RouteBalanceError
from pipeline.params import Params, load_params

__all__ = ["Paths", "exit_on_error", "run_stage"]


class Paths:
    """Files that stages hand to each other, relative to the project."""

    PARAMS = Path("params.yaml")
    PROMPTS = Path("data/prompts.parquet")
    PROMPTS_CARD = Path("data/prompts_card.json")
    RESPONSES = Path("data/responses.parquet")
    JUDGEMENTS = Path("data/judgements.parquet")
    DATASET = Path("data/dataset.parquet")
    EMBEDDINGS = Path("data/embeddings.parquet")
    PROFILE = Path("data/profile.parquet")
    REQUESTS = Path("data/requests")
    QUALITY = Path("models/quality")
    LENGTH = Path("models/length")
    ROUTERS = Path("models/routers")
    LATENCY = Path("models/latency")
    METRICS = Path("reports/metrics")
    PLOTS = Path("reports/plots")
    PREDICTORS = Path("reports/predictors")  # scores, reliability and learning curves by kind
    REGISTRY = Path("reports/registry.json")
    AGREEMENT = Path("reports/agreement.csv")
    JUDGE_AUDIT = Path("reports/judge_audit.csv")
    FRONTIER = Path("reports/frontier")
    ABLATION = Path("reports/ablation")
    DRIFT = Path("reports/drift")
    PUBLISHED = Path("reports/published")
    FIDELITY = Path("reports/fidelity")
    FIGURES = Path("reports/figures")
    TABLES = Path("reports/tables")
    REPORT = Path("reports/report.html")
    KEPT = Path(".cache/routebalance")  # journals and finished cells, never an output


def run_stage(work: Callable[[Params], None]) -> None:
    """Read params.yaml and do the work of one stage; end with a sentence if it cannot be done."""
    exit_on_error(lambda: work(load_params(Paths.PARAMS)))


def exit_on_error(work: Callable[[], None]) -> None:
    """Run; turn a user's error into one sentence and status 2, an interrupt into status 130."""
    try:
        work()
    except RouteBalanceError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted; run it again to go on where it stopped", file=sys.stderr)
        sys.exit(130)
