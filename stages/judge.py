"""Stage judge: how good is each answer, according to whom."""

from pipeline.judging import judge_stage as main
from pipeline.stage import run_stage

if __name__ == "__main__":
    run_stage(main)
