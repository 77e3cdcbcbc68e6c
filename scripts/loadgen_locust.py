"""What locust does for `benchmarks.loadgen`: users who stream answers, and note the first token.

    LOADGEN_REQUESTS=1000 LOADGEN_OUT=FILE locust -f scripts/loadgen_locust.py --headless ...

Locust has no time to the first token of its own; its users are programs, and this is one. It is an
HttpUser because a FastHttpUser reads an answer whole. FILE gets the times in ms.
"""

import json
import os
import time
from pathlib import Path

import gevent
from locust import HttpUser, events, task

REQUESTS = int(os.environ["LOADGEN_REQUESTS"])
BODY = {
    "model": "stub",
    "stream": True,
    "stream_options": {"include_usage": True},
    "messages": [{"role": "user", "content": "word " * 32}],
}
first_ms: list[float] = []


class User(HttpUser):
    """Sends one request after the other."""

    @task
    def stream(self) -> None:
        """One request."""
        sent, first = time.perf_counter(), None
        answer = self.client.post("/v1/chat/completions", json=BODY, stream=True)
        for line in answer.iter_lines():
            if not line.startswith(b"data: ") or line == b"data: [DONE]":
                continue
            choices = json.loads(line[6:])["choices"]
            if first is None and choices and choices[0]["delta"].get("content"):
                first = time.perf_counter()
        first_ms.append(1e3 * (first - sent))
        if len(first_ms) == REQUESTS:
            # Quitting ends every user, so it cannot be done by one of them.
            gevent.spawn(self.environment.runner.quit)


@events.quitting.add_listener
def write(**_: object) -> None:
    """Hand over what was measured."""
    Path(os.environ["LOADGEN_OUT"]).write_text(json.dumps(first_ms))
