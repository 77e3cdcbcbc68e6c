"""The key of an endpoint: from the environment into one header, and nowhere else."""

import os

from pipeline.errors import EndpointError

__all__ = ["bearer", "key_of"]


def bearer(variable: str | None, where: str) -> dict[str, str]:
    """Return the header that carries the key; none where no key is needed.

    Args, errors: as `key_of`.
    """
    key = key_of(variable, where)
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def key_of(variable: str | None, where: str) -> str | None:
    """Return the key itself, or None where none is needed.

    Args:
        variable: environment variable that holds the key; None needs none.
        where: the parameter that names it, for the error.

    Raises:
        EndpointError: the variable is not set, or holds what no header can carry.
    """
    if variable is None:
        return None
    key = os.environ.get(variable, "")
    if not key:
        raise EndpointError(
            f"{where}: the environment variable {variable} is not set; set it to the key of the "
            "endpoint, or use null where none is needed"
        )
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise EndpointError(
            f"{where}: the environment variable {variable} holds blanks or control characters; "
            "a key of printable ASCII is accepted"
        )
    return key
