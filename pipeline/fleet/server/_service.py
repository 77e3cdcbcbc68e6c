"""One emulated instance: takes a checked request in, or says why not."""

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.errors import UnknownNameError
from pipeline.fleet import BLOCK_TOKENS, FaultEvent, Sequence, make_instance, request_fault
from pipeline.fleet.server._bodies import ChatBody, CompletionBody
from pipeline.fleet.server._clock import Clock
from pipeline.fleet.server._events import Answer, EventWriter
from pipeline.fleet.server._exposition import CacheConfig, exposition
from pipeline.fleet.server._lag import LagRecord
from pipeline.fleet.server._metrics import Counts
from pipeline.fleet.server._pacer import Pacer
from pipeline.fleet.server._problem import ApiError
from pipeline.fleet.server._replies import Author, Recorded, Reply, Wanted, question_of
from pipeline.fleet.server._settings import Settings
from pipeline.fleet.server._ticket import Ticket
from pipeline.fleet.server._tokens import encode, prefix_hashes
from pipeline.params import FaultParams, TierParams
from pipeline.streams import stream

__all__ = ["InstanceSpec", "Service"]


@dataclass(frozen=True)
class InstanceSpec:
    """What is to be served as one instance.

    Attributes:
        name, tier_name, tier: as in the fleet.
        faults: declared ones, of all instances.
        events: their events on this instance's engine, in order of time.
        recorded: answers of its model by prompt text.
    """

    name: str
    tier_name: str
    tier: TierParams
    faults: tuple[FaultParams, ...] = ()
    events: list[FaultEvent] = field(default_factory=list)
    recorded: Mapping[str, Recorded] = field(default_factory=dict)


class Service:
    """An instance behind its HTTP routes."""

    def __init__(
        self, spec: InstanceSpec, settings: Settings, clock: Clock, lags: LagRecord
    ) -> None:
        tier = spec.tier
        blocks = tier.kv_tokens // BLOCK_TOKENS
        self.spec, self.settings, self.clock, self.lags = spec, settings, clock, lags
        self.max_model_len = min(settings.max_model_len, blocks * BLOCK_TOKENS)
        self.began = int(time.time())
        self.said = {"recorded": 0, "generated": 0}
        self._numbers = itertools.count()
        self._cache = CacheConfig(tier.kv_tokens, settings.prefix_caching)
        self._author = Author(tier.model, settings.seed, settings.output_tokens, spec.recorded)
        self._draws = stream(settings.seed, "fault", spec.name)
        self.pacer = Pacer(
            make_instance(tier, prefix_caching=settings.prefix_caching, record_tokens=True),
            clock,
            spec.events,
            lambda: Counts(self.max_model_len, settings.speed),
            lags,
        )

    def completion(self, body: CompletionBody) -> tuple[Ticket, Answer]:
        """Admit a completion; raises ApiError."""
        prompt = body.only_prompt
        if isinstance(prompt, str):
            return self._admit(body, encode(prompt), prompt, body.max_tokens)
        question = question_of(prompt) if self.spec.recorded else None
        return self._admit(body, prompt, question, body.max_tokens)

    def chat(self, body: ChatBody) -> tuple[Ticket, Answer]:
        """Admit a chat completion; raises ApiError."""
        return self._admit(body, encode(body.rendered), body.question, body.limit)

    def check_up(self) -> None:
        """Raise ApiError while the instance is down."""
        self.pacer.catch_up()
        if not self.pacer.up:
            raise ApiError(503, f"instance {self.spec.name} is down")

    def metrics(self) -> bytes:
        """The text of /metrics."""
        state = self.pacer.telemetry()
        return exposition(self.spec.tier.model, self._cache, self.pacer.counts, state)

    def _admit(
        self,
        body: CompletionBody | ChatBody,
        ids: list[int],
        question: str | None,
        limit: int | None,
    ) -> tuple[Ticket, Answer]:
        self.check_up()
        self._check_model(body.model)
        reset_after = self._draw_fault()
        self._check_queue()
        room = self._room(len(ids), limit)
        wanted = Wanted(ids, question, limit or room, body.min_tokens, body.ignore_eos)
        reply = self._author.reply(wanted)
        number = next(self._numbers)
        sequence = self._sequence(number, ids, reply, body.priority)
        answer = self._answer(number, sequence, reply, isinstance(body, ChatBody))
        events = None
        if body.stream:
            events = EventWriter(answer, body.include_usage, body.continuous_usage)
        self.said[reply.source] += 1
        return Ticket(sequence, reply, wanted.limit, events, reset_after), answer

    def _sequence(self, number: int, ids: list[int], reply: Reply, priority: int) -> Sequence:
        size = len(reply.pieces)
        return Sequence(
            request_id=number,
            prompt_tokens=len(ids),
            output_tokens=size,
            predicted_tokens=float(size),
            submitted=0.0,
            priority=priority,
            prefix_hashes=prefix_hashes(ids) if self.settings.prefix_caching else (),
        )

    def _answer(self, number: int, sequence: Sequence, reply: Reply, chat: bool) -> Answer:
        return Answer(
            chat=chat,
            name=f"{'chatcmpl' if chat else 'cmpl'}-{self.spec.name}-{number}",
            created=int(time.time()),
            model=self.spec.tier.model,
            fingerprint=f"emulated-{reply.source}",
            prompt_tokens=sequence.prompt_tokens,
        )

    def _check_model(self, asked: str | None) -> None:
        served = self.spec.tier.model
        if asked is not None and asked != served:
            raise ApiError(404, str(UnknownNameError("model", asked, [served], self.spec.name)))

    def _draw_fault(self) -> int | None:
        """Draw whether a declared fault hits this request; return after how many tokens."""
        if not self.spec.faults:
            return None
        now, draw = self.clock.now(), float(self._draws.random())
        fault = request_fault(self.spec.faults, self.spec.name, now, draw)
        if fault is None:
            return None
        if fault.kind == "error":
            raise ApiError(500, f"instance {self.spec.name} has a declared fault")
        return fault.tokens

    def _check_queue(self) -> None:
        most = self.settings.max_queued
        if most is not None and self.pacer.telemetry().waiting >= most:
            self.pacer.counts.rejections += 1
            raise ApiError(503, f"{most} requests wait for instance {self.spec.name} already")

    def _room(self, prompt_tokens: int, limit: int | None) -> int:
        """Tokens that the answer can have at most."""
        room = self.max_model_len - prompt_tokens
        if room < (limit or 1):
            raise ApiError(
                400,
                f"the prompt has {prompt_tokens} tokens and {limit or 1} are asked for, but "
                f"{self.max_model_len} are accepted in all",
            )
        return room
