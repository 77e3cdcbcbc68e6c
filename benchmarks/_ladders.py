"""Ladders of models that compete on real data: who, on which data sets, at which relative cost.

The cost of an open model is its number of parameters in billions (active ones for a mixture of
experts), of a hosted one its list price in USD per million output tokens; only ratios within a
ladder matter. A pool is a mixed ladder: several data sets, or one that is a mixture of tasks.
"""

from dataclasses import dataclass

__all__ = ["LADDERS", "SMALL", "Ladder", "pools"]

GEMMA2 = {"gemma-2-2b-it": 2.6, "gemma-2-9b-it": 9.2, "gemma-2-27b-it": 27.2}
QWEN25 = {
    "Qwen2.5-3B-Instruct": 3.1,
    "Qwen2.5-7B-Instruct": 7.6,
    "Qwen2.5-32B-Instruct": 32.5,
    "Qwen2.5-72B-Instruct": 72.7,
}
LLAMA31 = {
    "Llama-3.1-8B-Instruct": 8.0,
    "Llama-3.1-70B-Instruct": 70.6,
    "Llama-3.1-405B-Instruct": 405.0,
}
ZEROEVAL = ("crux", "gsm8k", "math_l5", "mmlu_redux")


@dataclass(frozen=True)
class Ladder:
    """Attributes: data sets, cost of a request by model, and whether it is a mixed pool."""

    datasets: tuple[str, ...]
    cost: dict[str, float]
    mixed: bool = False

    @property
    def models(self) -> list[str]:
        return list(self.cost)


LADDERS: dict[str, Ladder] = {
    "gsm8k-gemma2": Ladder(("gsm8k",), GEMMA2),
    "gsm8k-llama31": Ladder(("gsm8k",), LLAMA31),
    "math_l5-gemma2": Ladder(("math_l5",), GEMMA2),
    "math_l5-qwen25": Ladder(("math_l5",), QWEN25),
    "math_l5-llama31": Ladder(("math_l5",), LLAMA31),
    "crux-gemma2": Ladder(("crux",), GEMMA2),
    "crux-qwen25": Ladder(("crux",), QWEN25),
    "crux-llama31": Ladder(("crux",), LLAMA31),
    "mmlu_redux-gemma2": Ladder(("mmlu_redux",), GEMMA2),
    "mmlu_redux-qwen25": Ladder(("mmlu_redux",), QWEN25),
    "mmlu_redux-llama31": Ladder(("mmlu_redux",), LLAMA31),
    "mmlu_pro-llama2": Ladder(
        ("mmlu_pro",),
        {"Llama-2-7b (base)": 6.7, "Llama-2-13b (base)": 13.0, "Llama-2-70b (base)": 69.0},
    ),
    "mmlu_pro-llama31": Ladder(
        ("mmlu_pro",), {"Llama-3.1-8B-Instruct": 8.0, "Llama-3.1-70B-Instruct": 70.6}
    ),
    "mmlu_pro-qwen15": Ladder(("mmlu_pro",), {"Qwen1.5-7B-Chat": 7.7, "Qwen1.5-72B-Chat": 72.3}),
    "mmlu_pro-mistral": Ladder(
        ("mmlu_pro",), {"Mistral-7B-Instruct-v0.2": 7.2, "Mixtral-8x7B-Instruct-v0.1": 12.9}
    ),
    "mmlu-gpt4": Ladder(("mmlu",), {"Mixtral-8x7B-Instruct-v0.1": 0.7, "gpt-4-1106-preview": 30.0}),
    "router_arena": Ladder(
        ("router_arena",), {"gemini-2.0-flash-001": 0.4, "claude-3-haiku-20240307": 1.25}
    ),
    "squad-readers": Ladder(
        ("squad",),
        {
            "Logistic Regression": 1.0,
            "Match-LSTM ensemble": 2.0,
            "r-net+ ensemble": 3.0,
            "SLQA+ ensemble": 4.0,
            "BERT ensemble": 5.0,
        },
    ),
    "pool-llmrouter": Ladder(
        ("llmrouter_mix",),
        {
            "Mistral-7B-Instruct-v0.3": 7.2,
            "Qwen2.5-7B-Instruct": 7.6,
            "Llama-3.1-8B-Instruct": 8.0,
            "llama3-chatqa-1.5-8b": 8.0,
            "codegemma-7b": 8.5,
            "gemma-2-9b-it": 9.2,
            "llama-3.3-nemotron-super-49b-v1": 49.9,
            "llama-3.1-nemotron-51b-instruct": 51.5,
            "llama3-chatqa-1.5-70b": 70.6,
        },
        mixed=True,
    ),
    "pool-gemma2-qwen2": Ladder(ZEROEVAL, {**GEMMA2, "Qwen2-72B-Instruct": 72.7}, mixed=True),
    "pool-llama31": Ladder(ZEROEVAL, LLAMA31, mixed=True),
    "pool-qwen25": Ladder(("crux", "math_l5", "mmlu_redux"), QWEN25, mixed=True),
}

# What a check in half a minute looks at.
SMALL = ("math_l5-gemma2", "math_l5-qwen25")


def pools(names: list[str]) -> dict[tuple[str, ...], list[str]]:
    """Ladders by the data sets they share: their candidates are trained once."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        found.setdefault(LADDERS[name].datasets, []).append(name)
    return found
