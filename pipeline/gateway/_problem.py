"""Refusals and failures in the shape of the OpenAI API."""

import json
import math

__all__ = ["GatewayError"]

_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    405: "invalid_request_error",
    408: "timeout_error",
    413: "invalid_request_error",
    429: "rate_limit_error",
    502: "upstream_error",
    503: "overloaded_error",
    504: "timeout_error",
}


class GatewayError(Exception):
    """A request that ends with an error.

    Args:
        status: of HTTP; one of those that the gateway answers with, never 500.
        code: what a program may branch on, such as `overloaded`.
        message: one sentence.
        param: key of the body that it is about.
        retry_after_s: when to come again, s.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.param = status, code, param
        self._retry_after_s = retry_after_s

    @property
    def body(self) -> bytes:
        """The JSON that a client of the OpenAI API expects."""
        error = {
            "message": str(self),
            "type": _KINDS[self.status],
            "param": self.param,
            "code": self.code,
        }
        return json.dumps({"error": error}).encode()

    @property
    def headers(self) -> dict[str, str]:
        """Retry-After in whole seconds, where there is something to wait for."""
        if self._retry_after_s is None:
            return {}
        return {"Retry-After": str(max(1, math.ceil(self._retry_after_s)))}
