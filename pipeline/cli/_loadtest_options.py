"""Options that the load test's commands share: which predictors, and where cells run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from pipeline.loadtest import Bench
    from pipeline.loadtest.served import Front
    from pipeline.params import HttpParams, Params

__all__ = [
    "AdminKeyVariable",
    "Chosen",
    "FleetFile",
    "GatewayUrl",
    "KeepLate",
    "KeyVariable",
    "Latency",
    "Length",
    "Out",
    "Predictors",
    "Quality",
    "Texts",
    "Timeout",
    "Traffic",
    "Where",
]

Out = Annotated[Path | None, typer.Option(help="Parquet file for the request rows.")]
Traffic = Annotated[str, typer.Option(help="steady, or one of loadtest.traffic.")]
Predictors = Annotated[
    str,
    typer.Option(
        help="Registered predictors: current (as the last run left them), champion, challenger."
    ),
]
Quality = Annotated[str, typer.Option(help="Version or alias of this predictor alone.")]
Length = Annotated[str, typer.Option(help="Likewise.")]
Latency = Annotated[str, typer.Option(help="Likewise.")]
FleetFile = Annotated[
    Path | None,
    typer.Option(help="Fleet file with endpoints: serve it there, the router being here."),
]
GatewayUrl = Annotated[
    str | None, typer.Option(help="URL of `routebalance serve`: it decides, and calls are sent.")
]
KeyVariable = Annotated[
    str | None, typer.Option(help="Environment variable with the gateway's bearer key.")
]
AdminKeyVariable = Annotated[
    str | None, typer.Option(help="Likewise, of its /admin, if that has another one.")
]
KeepLate = Annotated[
    bool, typer.Option("--keep-late", help="Take rows of a client that was late, too.")
]
Texts = Annotated[
    Path | None, typer.Option(help="Parquet file for what was answered; with --gateway.")
]
Timeout = Annotated[
    float | None,
    typer.Option(min=0.1, help="Over HTTP: s after which a request has failed."),
]


class Chosen(NamedTuple):
    """Which predictors a load test uses."""

    predictors: str
    quality: str
    length: str
    latency: str

    @property
    def own(self) -> dict[str, str]:
        """Version or alias by kind, of those that were named on their own."""
        named = {"quality": self.quality, "length": self.length, "latency": self.latency}
        return {kind: version for kind, version in named.items() if version}

    @property
    def current(self) -> bool:
        """Whether nothing was chosen."""
        return self.predictors == "current" and not self.own

    def bench(self, params: "Params") -> "Bench":
        """Open the bench with them; without a choice the registry is not asked."""
        from pipeline.loadtest import open_bench

        if self.current:
            return open_bench(params)
        from pipeline.registry import chosen_folders, opened

        with opened(params.register_) as client:
            folders = chosen_folders(params, client, self.predictors, self.own)
        return open_bench(params, folders)


class Where(NamedTuple):
    """Where cells run: simulated, on the servers of a fleet file, or through a gateway."""

    fleet: Path | None
    gateway: str | None
    key_variable: str | None = None
    admin_key_variable: str | None = None
    timeout: float | None = None
    order: str | None = None

    @property
    def simulated(self) -> bool:
        """Whether no server is named."""
        return self.fleet is None and self.gateway is None

    def http(self, params: "Params") -> "HttpParams":
        """The section of params.yaml with what was given on the command line."""
        given = {
            "url": self.gateway,
            "key_variable": self.key_variable,
            "admin_key_variable": self.admin_key_variable,
            "timeout_s": self.timeout,
            "order": self.order,
        }
        told = {name: value for name, value in given.items() if value is not None}
        return params.loadtest.http.model_copy(update=told)

    def front(self, params: "Params", chosen: Chosen, *, keep_texts: bool = False) -> "Front":
        """Open it.

        Raises:
            ParamsError: options that exclude each other.
        """
        from pipeline.errors import ParamsError
        from pipeline.loadtest.served import Simulation, open_fleet, open_gateway

        if self.fleet is not None and self.gateway is not None:
            raise ParamsError("--fleet and --gateway exclude each other; one of them is accepted")
        if self.gateway is not None and not chosen.current:
            raise ParamsError(
                "a gateway has its own predictors; choose them there, by `routebalance serve`"
            )
        if keep_texts and self.gateway is None:
            raise ParamsError("--texts goes with --gateway, and only there")
        bench, http = chosen.bench(params), self.http(params)
        if self.gateway is not None:
            return open_gateway(bench, http, keep_texts=keep_texts)
        if self.fleet is not None:
            return open_fleet(bench, self.fleet, http)
        return Simulation(bench, bench.rig())
