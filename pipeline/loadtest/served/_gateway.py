"""The gateway as the load test sees it: what it says of itself, and the arm that it is told."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.errors import EndpointError, ParamsError
from pipeline.fleet.telemetry import base_url
from pipeline.keys import key_of
from pipeline.loadtest.generator import Target
from pipeline.params import HttpParams

__all__ = ["Gateway", "GatewayState"]

_ADMIN_S = 60.0


@dataclass(frozen=True)
class GatewayState:
    """What a gateway says of itself.

    Attributes:
        label: what stands behind it.
        arm: that decides now.
        under_way: requests that wait or are on an instance.
        instances: their names.
        contents: hash of each predictor that serves, by kind; an alias may come to name another.
    """

    label: Literal["live", "emulated"]
    arm: str
    under_way: int
    instances: list[str]
    contents: dict[str, str]


class Gateway:
    """A running gateway.

    Args:
        http: its URL, and the environment variables that hold the keys.

    Raises:
        ParamsError: there is no URL.
        EndpointError: the URL is not one of a server, or a variable that is to hold a key is empty.
    """

    def __init__(self, http: HttpParams) -> None:
        if http.url is None:
            raise ParamsError("no gateway is named; give --gateway URL or loadtest.http.url")
        self.url = base_url(http.url)
        self._timeout_s = http.timeout_s
        self._key = _key(http.key_variable, "loadtest.http.key_variable")
        admin = _key(http.admin_key_variable, "loadtest.http.admin_key_variable")
        self._admin_key = admin or self._key

    @property
    def target(self) -> Target:
        """Where the calls of a load test go."""
        return Target(self.url, headers=_bearer(self._key), timeout_s=self._timeout_s)

    def state(self) -> GatewayState:
        """Ask it.

        Raises:
            EndpointError: it does not answer, or not as a gateway does.
        """
        return self._read(self._ask("/admin/state", None))

    def set_arm(self, arm: str, weights: str | None) -> GatewayState:
        """Let an arm decide from now on, afresh, with its own weights if it has any.

        Raises:
            EndpointError: the gateway refuses it.
        """
        asked = {"arm": arm} if weights is None else {"arm": arm, "weights": weights}
        return self._read(self._ask("/admin/config", json.dumps(asked).encode()))

    def _read(self, told: dict[str, Any]) -> GatewayState:
        try:
            state = GatewayState(
                told["label"],
                told["arm"],
                int(told["waiting"]) + int(told["in_flight"]),
                [one["name"] for one in told["instances"]],
                dict(told["contents"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise EndpointError(
                f"{self.url}/admin does not say {error}; a URL of `routebalance serve` is accepted"
            ) from None
        if state.label not in ("live", "emulated"):
            raise EndpointError(f"{self.url}/admin says neither live nor emulated of its instances")
        return state

    def _ask(self, path: str, body: bytes | None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", **_bearer(self._admin_key)}
        request = urllib.request.Request(self.url + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=_ADMIN_S) as answer:
                told = json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise EndpointError(
                    f"{self.url}{path} answered HTTP {error.code}{_said(error.read())}"
                ) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise EndpointError(
                f"{self.url}{path} did not answer as a gateway ({reason})"
            ) from None
        if not isinstance(told, dict):
            raise EndpointError(f"{self.url}{path} did not answer as a gateway")
        return told


def _key(variable: str | None, where: str) -> str | None:
    """The key that a variable holds; the first one of those that the gateway accepts."""
    held = key_of(variable, where)
    return None if held is None else held.split(",")[0]


def _bearer(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def _said(body: bytes) -> str:
    """What an error in OpenAI's shape says."""
    try:
        return f": {json.loads(body)['error']['message']}"
    except (ValueError, KeyError, TypeError):
        return ""
