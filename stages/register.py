"""Stage register: log every predictor to MLflow and register it."""

from pipeline.files import write_json
from pipeline.params import Params
from pipeline.registry import candidates, register
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    entries = register(candidates(params, Paths), params.register_)
    write_json(Paths.REGISTRY, [entry.as_dict() for entry in entries])


if __name__ == "__main__":
    run_stage(main)
