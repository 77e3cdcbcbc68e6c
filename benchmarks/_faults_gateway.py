"""The gateway for the faults: an arm that needs nothing trained, with little patience.

python -m benchmarks._faults_gateway FLEET URL_FILE
"""

import sys
from pathlib import Path

from pipeline.files import write_text
from pipeline.fleet import Fleet
from pipeline.gateway import Choice, Gateway, Loaded, Maker, Settings, run_gateway
from pipeline.params import load_fleet, load_params
from pipeline.stage import Paths

__all__ = ["PATIENCE_S", "QUEUE"]

PATIENCE_S = 1.0  # for the first token, and between tokens
QUEUE, FLYING = 24, 24


def main() -> None:
    """Serve until interrupted."""
    fleet, written = load_fleet(Path(sys.argv[1])), Path(sys.argv[2])
    laid_out = Fleet.of(fleet)
    maker = Maker(load_params(Paths.PARAMS).loadtest, laid_out, lambda *_: Loaded(), seed=1)
    settings = Settings(
        max_queue=QUEUE, max_in_flight=FLYING, first_token_s=PATIENCE_S, between_s=PATIENCE_S
    )
    run_gateway(
        lambda: Gateway(maker, laid_out, Choice("shortest_queue"), settings=settings),
        lambda gateway: write_text(written, f"{gateway.url}\n"),
    )


if __name__ == "__main__":
    main()
