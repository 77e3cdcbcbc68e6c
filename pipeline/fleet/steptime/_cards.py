"""Hardware and architecture behind the names of a table."""

from pipeline.errors import UnknownNameError
from pipeline.fleet.steptime._tables import Target, plain
from pipeline.params import ARCHITECTURES, HARDWARE, ArchitectureParams, HardwareParams

__all__ = ["architecture_of", "hardware_of"]

# Names that leave the size open. Helix measured 40 GB A100s and 16 GB V100s, vidur 80 GB A100s.
_OPEN = {"a100": "A100-80GB", "v100": "V100-16GB"}
_HELIX = {"a100": "A100-40GB"}


def hardware_of(target: Target, source: str) -> HardwareParams:
    """Data sheet of a table's card; raises UnknownNameError if there is none."""
    known = {plain(name): name for name in HARDWARE}
    name = plain(target.gpu)
    chosen = (_HELIX if source == "helix" else {}).get(name) or _OPEN.get(name) or known.get(name)
    if chosen is None:
        raise UnknownNameError("hardware", target.gpu, HARDWARE, "the latency tables")
    return HARDWARE[chosen]


def architecture_of(target: Target) -> ArchitectureParams:
    """Architecture of a table's model: the longest preset name within the model's.

    Raises:
        UnknownNameError: no preset name is part of it.
    """
    model = plain(target.model)
    fitting = [name for name in ARCHITECTURES if plain(name) in model]
    if not fitting:
        raise UnknownNameError("architecture", target.model, ARCHITECTURES, "the latency tables")
    return ARCHITECTURES[max(fitting, key=len)]
