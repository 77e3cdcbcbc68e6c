"""How a load test goes over HTTP: who sends, in which order, and when a run is not believed."""

from typing import Literal

from pydantic import Field

from pipeline.params._section import Address, Count, Positive, Section, Share

__all__ = ["HttpParams"]


class HttpParams(Section):
    """The client of a load test and the gateway that it asks.

    A run in which more than `max_late_share` of the measured requests were issued more than
    `max_lag_ms` behind their schedule is refused: it tells of the client, not of the fleet.
    """

    url: Address | None = Field(default=None, description="of the gateway")
    key_variable: str | None = Field(
        default=None, min_length=1, description="environment variable that holds the bearer key"
    )
    admin_key_variable: str | None = Field(
        default=None, min_length=1, description="likewise, of the key that may set the arm"
    )
    workers: Count = Field(default=1, description="processes that send")
    order: Literal["abba", "random"] = Field(
        default="abba", description="of arms inside a rate and seed: there and back, or drawn"
    )
    max_lag_ms: Positive = 50.0
    max_late_share: Share = 0.01
    max_tokens: Count = Field(default=1024, description="most tokens of an answer")
    timeout_s: Positive = Field(default=300.0, description="after which a request has failed")
    settle_s: Positive = Field(
        default=60.0, description="most wait for an idle fleet before a cell"
    )
