"""The public sets: where each is, under which licence, and how its rows become prompts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.workload.hub import _rows
from pipeline.workload.hub._rows import Asked

__all__ = ["SETS", "HubSet"]


@dataclass(frozen=True)
class HubSet:
    """One public set.

    Attributes:
        path: its name on the hub.
        config: which of its configurations, or None where it has one.
        split: which of its splits.
        columns: those that are read; others may come and go.
        licence: of the texts, as its authors state it.
        gated: whether its licence must be accepted on its page before it can be read.
        identity: column that identifies a row; None: its position.
        min_reference_tokens: shorter references leave the row out.
        read: from a row to what is asked, or to the reason why nothing is.
    """

    path: str
    config: str | None
    split: str
    columns: tuple[str, ...]
    licence: str
    gated: bool
    identity: str | None
    min_reference_tokens: int
    read: Callable[[Mapping[str, Any]], Asked | str]

    @property
    def read_columns(self) -> list[str]:
        """The columns that are read, the identifying one among them."""
        return list(dict.fromkeys([*self.columns, *([self.identity] if self.identity else [])]))


SETS: dict[str, HubSet] = {
    "gsm8k": HubSet(
        path="openai/gsm8k",
        config="main",
        split="train",
        columns=("question", "answer"),
        licence="MIT",
        gated=False,
        identity=None,
        min_reference_tokens=1,
        read=_rows.gsm8k,
    ),
    "squad": HubSet(
        path="rajpurkar/squad",
        config=None,
        split="train",
        columns=("context", "question", "answers"),
        licence="CC-BY-SA-4.0",
        gated=False,
        identity="id",
        min_reference_tokens=1,
        read=_rows.squad,
    ),
    "lmsys_chat_1m": HubSet(
        path="lmsys/lmsys-chat-1m",
        config=None,
        split="train",
        columns=("conversation", "language"),
        licence="LMSYS-Chat-1M Dataset License Agreement",
        gated=True,
        identity="conversation_id",
        min_reference_tokens=3,
        read=_rows.lmsys_chat_1m,
    ),
    "mix_instruct": HubSet(
        path="llm-blender/mix-instruct",
        config=None,
        split="train",
        columns=("instruction", "input", "output"),
        licence="MIT",
        gated=False,
        identity="id",
        min_reference_tokens=1,
        read=_rows.mix_instruct,
    ),
    "reward_bench": HubSet(
        path="allenai/reward-bench",
        config=None,
        split="filtered",
        columns=("prompt", "chosen", "subset"),
        licence="ODC-BY",
        gated=False,
        identity="id",
        min_reference_tokens=1,
        read=_rows.reward_bench,
    ),
    "code_ultra_feedback": HubSet(
        path="coseal/CodeUltraFeedback",
        config=None,
        split="train",
        columns=("instruction", "responses", "annotations"),
        licence="MIT",
        gated=False,
        identity=None,
        min_reference_tokens=1,
        read=_rows.code_ultra_feedback,
    ),
    "beaver_tails": HubSet(
        path="PKU-Alignment/BeaverTails",
        config=None,
        split="30k_train",
        columns=("prompt", "category"),
        licence="CC-BY-NC-4.0",
        gated=False,
        identity=None,
        min_reference_tokens=1,
        read=_rows.beaver_tails,
    ),
}
