"""The sentence encoder as a router runs it: the fastest way that agrees with the reference."""

from pipeline.encoder._encoder import TOLERANCE, Encoder, load_encoder
from pipeline.encoder._paths import PATHS, EncoderPath

__all__ = ["PATHS", "TOLERANCE", "Encoder", "EncoderPath", "load_encoder"]
