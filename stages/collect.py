"""Stage collect: what does every model answer."""

from pipeline.collecting import collect_stage as main
from pipeline.stage import run_stage

if __name__ == "__main__":
    run_stage(main)
