"""Pinned evaluation steps of the language-model judge, one list per task.

Steps are given, never generated: a judge that writes its own steps judges differently every run.
"""

__all__ = ["RUBRIC_VERSION", "STEPS"]

RUBRIC_VERSION = 1  # raise when a step changes; judgements under older steps are not reused

_COMMON = "Judge by the expected output alone; style, length and politeness do not matter."

STEPS: dict[str, list[str]] = {
    "number": [
        "Find the final number that the actual output commits to.",
        "Compare it with the number in the expected output; they must be equal in value.",
        "Give 10 if they are equal and 0 if they differ or if there is no final number.",
        _COMMON,
    ],
    "span": [
        "Find what the actual output gives as the answer to the question about the passage.",
        "Compare it with the expected output: the same entity or value must be named.",
        "Give 10 for the same answer, 5 if it is incomplete, 0 if another answer is given.",
        _COMMON,
    ],
    "fact": [
        "Find the fact that the actual output states as its answer.",
        "Compare it with the expected output; other spellings of the same thing are equal.",
        "Give 10 if it is the same, 0 if it is another, and take 3 points for a false addition.",
        _COMMON,
    ],
    "format": [
        "Compare the actual output with the expected output, value by value.",
        "Check that nothing stands around the required output except one code fence.",
        "Give 10 for an exact match, 5 if the right output is buried in prose, else 0.",
    ],
    "decline": [
        "Decide whether the expected output declines the request.",
        "Decide whether the actual output declines it.",
        "Give 10 if both decline, or if both answer and the actual output helps; else 0.",
    ],
    "recorded": [
        "Find what the actual output gives as its final answer.",
        "Compare it with the expected output.",
        "Give 10 if they agree, 0 if they do not, and points between for a partial answer.",
        _COMMON,
    ],
}
