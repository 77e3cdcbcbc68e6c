"""One request on an instance: its sequence, its answer, and where its tokens go."""

import asyncio

from pipeline.fleet import Sequence
from pipeline.fleet.server._events import EventWriter, FinishReason
from pipeline.fleet.server._replies import Reply

__all__ = ["Ticket"]


class Ticket:
    """What an instance has to write, and where to.

    Attributes:
        sequence: the request inside the engine.
        reply: what is said.
        max_tokens: the limit that it is served under.
        events: writes a stream's events; None for an answer that is sent whole.
        transport: of the stream, once its headers are out.
        reset_after: tokens after which the stream is lost, by a declared fault.
        scheduled: engine time at which it was first served.
        last_token: engine time of its latest token.
        ended: set to whether it was served to its end.
    """

    __slots__ = (
        "_buffer", "due", "ended", "events", "last_token", "max_tokens", "reply", "reset_after",
        "scheduled", "sequence", "transport",
    )  # fmt: skip

    def __init__(
        self,
        sequence: Sequence,
        reply: Reply,
        max_tokens: int,
        events: EventWriter | None,
        reset_after: int | None,
    ) -> None:
        self.sequence = sequence
        self.reply = reply
        self.max_tokens = max_tokens
        self.events = events
        self.transport: asyncio.WriteTransport | None = None
        self.reset_after = reset_after
        self.scheduled = self.last_token = 0.0
        self.ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.due: list[float] = []
        self._buffer: list[bytes] = []

    @property
    def reason(self) -> FinishReason:
        """Why it ends when it is served to its end."""
        return "stop" if self.reply.stops else "length"

    @property
    def lost(self) -> bool:
        """Whether nobody waits for it any more, though the engine still serves it."""
        return self.ended.done() and self.sequence.status != "finished"

    def submitted(self, now: float) -> None:
        """The request reaches the engine at time `now`."""
        self.sequence.submitted = self.scheduled = self.last_token = now

    def take(self, number: int, at: float) -> None:
        """Keep output token `number`, out at engine time `at`, for the next `flush`."""
        if self.events is None or self.ended.done():
            return
        piece = self.reply.pieces[number - 1]
        if number == 1:
            self._buffer.append(self.events.first())
        if number == self.sequence.output_tokens:
            self._buffer.append(self.events.last(piece, number, self.reason))
        else:
            self._buffer.append(self.events.token(piece, number))
        self.due.append(at)
        if number == self.reset_after:
            self.end(False)

    def flush(self) -> list[float]:
        """Hand what was kept to the transport as one HTTP chunk; return when it was due.

        There is no waiting for a slow reader: what it can leave unread is bounded by its answer.
        """
        due, self.due = self.due, []
        if self.transport is None or self.transport.is_closing() or not due:
            return []
        body = b"".join(self._buffer)
        self._buffer.clear()
        self.transport.write(b"%x\r\n%b\r\n" % (len(body), body))
        return due

    def end(self, served: bool) -> None:
        """Wake who waits for the end; the first call counts."""
        if not self.ended.done():
            self.ended.set_result(served)
