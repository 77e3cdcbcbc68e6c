"""The prose around an answer: how much of it depends on the model and on the difficulty."""

import numpy as np

__all__ = ["explain"]

_OPENERS = (
    "Let me think this through.",
    "Let us look at what is given.",
    "This can be worked out step by step.",
    "Thanks for the question.",
)
_MIDDLE = {
    "number": (
        "First I note the amount at the start and keep a running total.",
        "Then each event is applied in the order in which it is told.",
        "Additions raise the total and removals lower it.",
        "Percentages are taken of the amount at that moment.",
        "When something is divided into equal parts, only one part is kept.",
        "Details that do not change the amount can be ignored.",
        "I check the intermediate result before going on.",
        "The order of the events matters here, so I keep to it.",
    ),
    "span": (
        "I looked for the sentence that mentions the person in question.",
        "The surrounding sentences tell of somebody else as well.",
        "The date and the place are given in the same passage.",
        "The wording of the question matches that part of the text closely.",
        "Other details in the passage do not bear on the question.",
    ),
    "fact": (
        "This is one of the things that people often learn at school.",
        "It is easy to confuse it with something similar.",
        "A good way to remember it is to connect it with a picture or a short rhyme.",
        "Reference works agree on this point.",
        "There is some history behind it, which makes it easier to keep in mind.",
        "If you are preparing for a quiz, it is worth looking at the neighbours too.",
    ),
    "decline": (
        "I would rather suggest talking to someone you trust about the situation.",
        "There are usually lawful and kind ways to reach what you need.",
        "If there is a danger to anyone, please contact the local services.",
        "Taking a little time before acting tends to help.",
        "A professional can tell you which options are open to you.",
        "Start with the simplest step and see how far it takes you.",
        "Keep notes of what you try, so that you can change course later.",
    ),
}


def explain(
    task: str,
    core: str,
    difficulty: float,
    verbosity: float,
    rambles: float,
    rng: np.random.Generator,
) -> str:
    """Surround the core of an answer with reasoning.

    The number of sentences is negative binomial around a mean that grows with verbosity and
    difficulty, which gives lengths the long right tail that real responses have. Outputs of exact
    format stay bare. For numbers the core comes last, elsewhere first or last.
    """
    if task == "format":
        return core
    mean = verbosity * {"number": 9.0, "span": 3.0, "fact": 5.0, "decline": 5.0}[task]
    mean *= 0.6 + 0.9 * difficulty
    if rng.random() < rambles:
        mean *= 3.0
    shape = 3.0
    count = int(rng.negative_binomial(shape, shape / (shape + mean)))
    middle = _MIDDLE[task]
    start = int(rng.integers(len(middle)))
    sentences = [middle[(start + i) % len(middle)] for i in range(count)]
    if count and rng.random() < 0.5:
        sentences.insert(0, str(rng.choice(_OPENERS)))
    if task == "number":
        return "\n".join([*sentences, core])
    return " ".join([core, *sentences])
