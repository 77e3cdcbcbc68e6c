"""KV blocks of one instance: who holds which, and what the free ones still remember."""

from collections.abc import Hashable

from pipeline.fleet._sequence import BLOCK_TOKENS, Sequence, blocks

__all__ = ["BlockPool"]


class BlockPool:
    """A fixed number of blocks, each free or held by one or more sequences.

    With prefix caching a computed full block keeps its key after it was freed, until it is taken
    for something else; blocks are taken in the order in which they were freed, so the least
    recently used content goes first.

    Args:
        total: number of blocks.
        caching: whether prompts share blocks and freed ones are remembered.
    """

    def __init__(self, total: int, caching: bool) -> None:
        self.total = total
        self.queries = 0
        self.hits = 0
        self._caching = caching
        self._free: dict[int, None] = dict.fromkeys(range(total))
        self._holders = [0] * total
        self._key_of: dict[int, Hashable] = {}
        self._block_of: dict[Hashable, int] = {}

    @property
    def free(self) -> int:
        """Blocks that nobody holds."""
        return len(self._free)

    @property
    def used(self) -> int:
        """Blocks that somebody holds."""
        return self.total - len(self._free)

    def cached(self, sequence: Sequence) -> list[int]:
        """Blocks that hold the start of the sequence already; its last token is never among them.

        An engine has to compute at least one token to emit the next.
        """
        if not self._caching:
            return []
        found: list[int] = []
        for index in range((sequence.known - 1) // BLOCK_TOKENS):
            block = self._block_of.get(sequence.block_key(index))
            if block is None:
                break
            found.append(block)
        return found

    def missing(self, sequence: Sequence, tokens: int, cached: list[int]) -> int:
        """Free blocks that the sequence would take to hold so many tokens in all."""
        revived = sum(1 for block in cached if self._holders[block] == 0)
        return blocks(tokens) - len(sequence.held) - len(cached) + revived

    def extend(self, sequence: Sequence, tokens: int) -> None:
        """Give the sequence what it lacks to hold so many tokens in all; they must be free."""
        for _ in range(blocks(tokens) - len(sequence.held)):
            block = next(iter(self._free))
            del self._free[block]
            self._forget(block)
            self._holders[block] = 1
            sequence.held.append(block)

    def share(self, sequence: Sequence, cached: list[int]) -> None:
        """Let the sequence, which holds nothing, start with blocks found by `cached`."""
        for block in cached:
            self._free.pop(block, None)
            self._holders[block] += 1
        sequence.held.extend(cached)
        sequence.computed = sequence.cached_tokens = len(cached) * BLOCK_TOKENS
        if self._caching:
            self.queries += sequence.known
            self.hits += sequence.computed

    def remember(self, sequence: Sequence, before: int) -> None:
        """Key the blocks that became full since `before` tokens were computed."""
        if not self._caching:
            return
        for index in range(before // BLOCK_TOKENS, sequence.computed // BLOCK_TOKENS):
            key, block = sequence.block_key(index), sequence.held[index]
            if key not in self._block_of and block not in self._key_of:
                self._block_of[key] = block
                self._key_of[block] = key

    def release(self, sequence: Sequence) -> None:
        """Take everything back; the end of the sequence is forgotten before its start."""
        for block in reversed(sequence.held):
            self._holders[block] -= 1
            if self._holders[block] == 0:
                self._free[block] = None
        sequence.held.clear()

    def _forget(self, block: int) -> None:
        key = self._key_of.pop(block, None)
        if key is not None:
            del self._block_of[key]
