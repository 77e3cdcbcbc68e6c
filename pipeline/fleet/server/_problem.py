"""Refusals as an OpenAI-compatible server words them."""

import json

__all__ = ["ApiError"]

_KINDS = {
    400: "BadRequestError",
    404: "NotFoundError",
    413: "BadRequestError",
    500: "InternalServerError",
    503: "ServiceUnavailableError",
}


class ApiError(Exception):
    """A request that is answered with an error; one of the statuses 400, 404, 413, 500, 503."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    @property
    def body(self) -> str:
        """The JSON that a client of the OpenAI API expects."""
        error = {
            "message": str(self),
            "type": _KINDS[self.status],
            "param": None,
            "code": self.status,
        }
        return json.dumps({"error": error})
