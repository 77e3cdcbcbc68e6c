"""Cells through a gateway: it decides, a load generator sends, the rows say what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.errors import EndpointError
from pipeline.files import content_hash
from pipeline.loadtest._cell import Cell, arrivals_of, plan_cell
from pipeline.loadtest._grid import Bench
from pipeline.loadtest._record import RunKey
from pipeline.loadtest._rig import Rig
from pipeline.loadtest._wall_open import prompt_texts
from pipeline.loadtest.generator import Call, Sent, run_closed, run_open
from pipeline.loadtest.served._calls import calls_of
from pipeline.loadtest.served._front import Served, wait_idle
from pipeline.loadtest.served._gateway import Gateway, GatewayState
from pipeline.loadtest.served._rows import Account, rows_of, texts_of
from pipeline.params import HttpParams

__all__ = ["ThroughGateway", "open_gateway"]


@dataclass(frozen=True)
class ThroughGateway:
    """A gateway as a front.

    Attributes:
        bench, rig: what the cells share.
        gateway: that decides.
        state: of it, when it was opened.
        texts: of the prompts by split, each in its workload's order.
        http: how calls are sent.
        keep_texts: whether to keep what was answered.
    """

    bench: Bench
    rig: Rig
    gateway: Gateway
    state: GatewayState
    texts: Mapping[str, list[str]]
    http: HttpParams
    keep_texts: bool = False

    def key(self, cell: Cell) -> str:
        """The simulated cell's, with who serves and what it may say."""
        return content_hash(
            {
                "cell": self.bench.key(cell),
                "gateway": self.gateway.url,
                "label": self.state.label,
                "contents": self.state.contents,
                "max_tokens": self.http.max_tokens,
                "timeout_s": self.http.timeout_s,
                "texts": self.keep_texts,
            }
        )

    def run(self, cell: Cell) -> Served:
        """Serve a cell: arrivals, prompts and wishes are those of the simulated one.

        Raises:
            EndpointError: the gateway does not come to rest, refuses the arm, has come to serve
                other predictors, or answers as no gateway of this project does.
        """
        wait_idle(lambda: self.gateway.state().under_way, self.http.settle_s)
        now = self.gateway.set_arm(cell.arm, self.rig.params.arms[cell.arm].weights)
        if now.contents != self.state.contents:
            raise EndpointError(
                f"the gateway {self.gateway.url} serves other predictors than when this run began; "
                "start it again, and keep champions as they are meanwhile"
            )
        split = self.rig.params.shape(cell.traffic).split
        plan = plan_cell(cell, self.rig)
        times, users = arrivals_of(cell, self.rig)
        due = [float(at) for at in times] if users is None else [None] * len(plan.rows)
        calls = calls_of(plan.rows, due, self.texts[split], plan.setup, self.http.max_tokens)
        sent = self._send(calls, cell, len(times))
        account = Account(
            RunKey(cell.traffic, cell.arm, cell.rate, cell.seed, split, self.state.label),
            plan.setup,
            plan.rows,
            self.rig.params.warmup_requests,
            self.http.max_tokens,
        )
        rows = rows_of(sent, account)
        return Served(rows, texts_of(sent, rows) if self.keep_texts else None)

    def _send(self, calls: list[Call], cell: Cell, users: int) -> list[Sent]:
        target, workers = self.gateway.target, self.http.workers
        # A loop that has told its first times cannot tell them again, so this is a fresh one.
        _, loop = arrivals_of(cell, self.rig)
        if loop is None:
            return run_open(calls, target, workers=workers, keep_text=self.keep_texts)
        return run_closed(calls, users, loop, target, workers=workers, keep_text=self.keep_texts)


def open_gateway(bench: Bench, http: HttpParams, *, keep_texts: bool = False) -> ThroughGateway:
    """Ask a gateway who it is, and check that it serves the fleet of params.yaml.

    Raises:
        ParamsError: no gateway is named, or a variable that is to hold a key is empty.
        EndpointError: the gateway does not answer, or serves other instances.
    """
    gateway = Gateway(http)
    state = gateway.state()
    if state.instances != bench.fleet.instance_names:
        raise EndpointError(
            f"the gateway {gateway.url} serves {', '.join(state.instances)}, and params.yaml has "
            f"{', '.join(bench.fleet.instance_names)}; start it with a fleet file of these"
        )
    texts = {split: prompt_texts(workload) for split, workload in bench.workloads.items()}
    return ThroughGateway(bench, bench.rig(), gateway, state, texts, http, keep_texts)
