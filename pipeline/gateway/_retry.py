"""What an upstream failure means: whether it is tried elsewhere, and how the client is told."""

from dataclasses import dataclass
from typing import Literal

from pipeline.gateway._problem import GatewayError

__all__ = ["UpstreamError", "failure_of_status", "may_retry", "problem_of"]

Kind = Literal["unreachable", "timeout", "broken", "status"]


@dataclass(eq=False)
class UpstreamError(Exception):
    """An instance that did not serve a request.

    Attributes:
        kind: unreachable (no connection), timeout (silence), broken (the answer ended early or
            is none), or status (it answered with an error of its own).
        reason: what happened, without the address.
        counts: whether it says that the instance is ill.
    """

    kind: Kind
    reason: str
    counts: bool = True

    def __str__(self) -> str:
        return self.reason


def failure_of_status(status: int) -> UpstreamError | None:
    """The failure behind an HTTP status; None where the client is to see the answer as it is.

    A refused key and a model or path that is not there are between the gateway and the instance;
    being full is not being ill.
    """
    if status == 429:
        return UpstreamError("status", "it answered HTTP 429", counts=False)
    if status >= 500 or status in (401, 403, 404) or 300 <= status < 400:
        return UpstreamError("status", f"it answered HTTP {status}")
    return None


def may_retry(attempts: int, most: int) -> bool:
    """Whether a request that failed before its first token is tried on another instance."""
    return attempts < most


def problem_of(failure: UpstreamError, attempts: int, instance: str) -> GatewayError:
    """How the last failure of a request is told."""
    tried = "1 instance was tried" if attempts == 1 else f"{attempts} instances were tried"
    said = f"the request failed upstream: {failure.reason} ({instance}; {tried})"
    if failure.kind == "timeout":
        return GatewayError(504, "upstream_timeout", said)
    return GatewayError(502, "upstream_failed", said)
