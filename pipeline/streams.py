"""Random streams: one seed, one independent generator per purpose.

A stream is named, never shared, so a draw added for one purpose moves no other purpose's draws.
"""

import hashlib

import numpy as np

__all__ = ["stream", "unit_hash"]


def stream(seed: int, *purpose: str | int | float) -> np.random.Generator:
    """Return the generator that belongs to `seed` and this purpose, for example ("arrivals", 12).

    The purpose is hashed into the key of a `numpy.random.SeedSequence`, so equal names give equal
    streams on every machine and different names give independent ones.
    """
    digest = hashlib.sha256("\x1f".join(map(str, purpose)).encode()).digest()
    key = np.frombuffer(digest[:16], dtype="<u4").tolist()
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=tuple(key)))


def unit_hash(text: str, salt: str = "") -> float:
    """Map a text to [0, 1) by SHA-256, the same on every machine and in every order."""
    digest = hashlib.sha256(f"{salt}\x1f{text}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2.0**64
