"""What a model is made of, as far as the time of an iteration depends on it."""

from pydantic import Field

from pipeline.params._section import Count, Section

__all__ = ["ARCHITECTURES", "ArchitectureParams"]


class ArchitectureParams(Section):
    """The shape of a decoder; `intermediate` is that of one expert where there are experts."""

    layers: Count
    hidden: Count
    intermediate: Count
    heads: Count
    kv_heads: Count
    head_dim: Count
    vocab: Count
    tied: bool = Field(default=False, description="whether lm_head shares the embedding's weights")
    mlp_matrices: Count = Field(default=3, description="3 for gated MLPs, 2 for plain ones")
    experts: Count = 1
    experts_per_token: Count = 1
    dtype_bytes: Count = 2

    @property
    def attention_parameters(self) -> int:
        """Weights of the projections of one layer's attention."""
        return 2 * self.hidden * self.head_dim * (self.heads + self.kv_heads)

    @property
    def expert_parameters(self) -> int:
        """Weights of one expert of one layer, or of its whole MLP."""
        return self.mlp_matrices * self.hidden * self.intermediate

    @property
    def vocabulary_parameters(self) -> int:
        """Weights of the embedding; those of lm_head are as many."""
        return self.vocab * self.hidden

    @property
    def parameters(self) -> int:
        """All weights of the matrices."""
        layer = self.attention_parameters + self.experts * self.expert_parameters
        return self.layers * layer + self.vocabulary_parameters * (1 if self.tied else 2)

    @property
    def kv_bytes(self) -> int:
        """Bytes in the KV cache per token: keys and values of every layer."""
        return 2 * self.layers * self.kv_heads * self.head_dim * self.dtype_bytes


def _dense(
    layers: int, hidden: int, intermediate: int, heads: int, kv_heads: int, vocab: int,
    head_dim: int = 128, tied: bool = False, mlp_matrices: int = 3,
) -> ArchitectureParams:  # fmt: skip
    return ArchitectureParams(
        layers=layers, hidden=hidden, intermediate=intermediate, heads=heads, kv_heads=kv_heads,
        head_dim=head_dim, vocab=vocab, tied=tied, mlp_matrices=mlp_matrices,
    )  # fmt: skip


# From each model's published config.json.
ARCHITECTURES: dict[str, ArchitectureParams] = {
    "Qwen2.5-0.5B": _dense(24, 896, 4864, 14, 2, 151_936, head_dim=64, tied=True),
    "Qwen2.5-1.5B": _dense(28, 1536, 8960, 12, 2, 151_936, tied=True),
    "Qwen2.5-3B": _dense(36, 2048, 11_008, 16, 2, 151_936, tied=True),
    "Qwen2.5-7B": _dense(28, 3584, 18_944, 28, 4, 152_064),
    "Qwen2.5-14B": _dense(48, 5120, 13_824, 40, 8, 152_064),
    "Qwen2.5-32B": _dense(64, 5120, 27_648, 40, 8, 152_064),
    "Qwen2.5-72B": _dense(80, 8192, 29_568, 64, 8, 152_064),
    "Qwen2-7B": _dense(28, 3584, 18_944, 28, 4, 152_064),
    "Qwen2-72B": _dense(80, 8192, 29_568, 64, 8, 152_064),
    "Qwen-72B": _dense(80, 8192, 24_576, 64, 64, 152_064),
    "Qwen3-32B": _dense(64, 5120, 25_600, 64, 8, 151_936),
    "Qwen3-30B-A3B": ArchitectureParams(
        layers=48, hidden=2048, intermediate=768, heads=32, kv_heads=4, head_dim=128,
        vocab=151_936, experts=128, experts_per_token=8,
    ),
    "Llama-2-7B": _dense(32, 4096, 11_008, 32, 32, 32_000),
    "Llama-2-70B": _dense(80, 8192, 28_672, 64, 8, 32_000),
    "Llama-30B": _dense(60, 6656, 17_920, 52, 52, 32_000),
    "Llama-3-8B": _dense(32, 4096, 14_336, 32, 8, 128_256),
    "Llama-3-70B": _dense(80, 8192, 28_672, 64, 8, 128_256),
    "Llama-3.1-8B": _dense(32, 4096, 14_336, 32, 8, 128_256),
    "Llama-3.1-70B": _dense(80, 8192, 28_672, 64, 8, 128_256),
    "CodeLlama-34B": _dense(48, 8192, 22_016, 64, 8, 32_000),
    "internlm-20B": _dense(60, 5120, 13_824, 40, 40, 103_168),
    "phi-2": _dense(32, 2560, 10_240, 32, 32, 51_200, head_dim=80, mlp_matrices=2),
    "gemma-2-2B": _dense(26, 2304, 9216, 8, 4, 256_000, head_dim=256, tied=True),
    "gemma-2-9B": _dense(42, 3584, 14_336, 16, 8, 256_000, head_dim=256, tied=True),
    "gemma-2-27B": _dense(46, 4608, 36_864, 32, 16, 256_000, tied=True),
}  # fmt: skip
