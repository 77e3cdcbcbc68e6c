"""Limits of a gateway."""

from dataclasses import dataclass

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How much is taken in, how long is waited, how often it is tried.

    Attributes:
        max_queue: requests that wait for a decision; the next one is refused with 429.
        max_in_flight: requests on the instances; the others wait for a decision.
        attempts: instances that one request may be tried on.
        first_token_s: longest wait for the first content of a stream.
        between_s: longest wait for each piece after it.
        answer_s: longest wait for an answer that is not streamed.
        body_s: longest wait for the body of a request.
        drain_s: how long requests under way may take to end once the gateway drains.
        max_body: bytes of a request's body.
        typical_tokens: length of an answer that nobody predicts, until answers tell better.
    """

    max_queue: int = 512
    max_in_flight: int = 1024
    attempts: int = 3
    first_token_s: float = 60.0
    between_s: float = 30.0
    answer_s: float = 300.0
    body_s: float = 30.0
    drain_s: float = 30.0
    max_body: int = 8 * 2**20
    typical_tokens: float = 150.0
