"""Bearer keys: accepted ones from the environment, compared in constant time."""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.errors import ParamsError

__all__ = ["Access", "Keys", "read_keys"]


class Keys:
    """Accepted bearer keys; none accepts everybody. Printing it shows no key."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._keys = tuple(key.encode() for key in keys)

    def __bool__(self) -> bool:
        return bool(self._keys)

    @property
    def first(self) -> str | None:
        """The first of them, to be shown to others; None without any."""
        return self._keys[0].decode() if self._keys else None

    def accepts(self, authorization: str | None) -> bool:
        """Whether the value of an Authorization header holds one of them."""
        if not self._keys:
            return True
        kind, _, given = (authorization or "").partition(" ")
        offered = given.strip().encode("utf-8", "surrogateescape")
        fits = [hmac.compare_digest(offered, key) for key in self._keys]
        return kind.lower() == "bearer" and any(fits)


@dataclass(frozen=True)
class Access:
    """Who may come in, and what the instances are shown.

    Attributes:
        keys, admin_keys: of clients, and of /admin, which takes `keys` where it has none.
        upstream_key: sent to the instances; those of clients are never passed on.
    """

    keys: Keys = field(default_factory=Keys)
    admin_keys: Keys = field(default_factory=Keys)
    upstream_key: str | None = field(default=None, repr=False)


def read_keys(variable: str | None, environment: Mapping[str, str]) -> Keys:
    """The keys that an environment variable holds, separated by commas.

    Raises:
        ParamsError: the variable is named, but not set or empty.
    """
    if variable is None:
        return Keys()
    keys = [key.strip() for key in environment.get(variable, "").split(",") if key.strip()]
    if not keys:
        raise ParamsError(f"{variable}: holds no key; KEY or KEY,KEY is accepted")
    return Keys(keys)
