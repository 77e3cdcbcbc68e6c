"""A judge for runs without one: it scores an answer by its text alone, always the same way.

    python -m benchmarks._judge_server FILE

writes its URL to FILE when it listens, and serves until it is ended. Its score is a hash of the
answer, from 0 to 10: it stands for a judge on the wire, and says nothing about any model.
"""

import asyncio
import json
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web

from pipeline.files import write_text
from pipeline.streams import unit_hash

__all__ = ["MODEL", "score"]

MODEL = "text-hash"
_ANSWER = re.compile(r"Actual Output:\n(.*?)\n\s*Expected Output:", re.DOTALL)


def score(answer: str) -> int:
    """From 0 to 10, equal for equal answers and otherwise as good as drawn."""
    return round(10 * unit_hash(answer, MODEL))


async def _complete(request: web.Request) -> web.Response:
    body: dict[str, Any] = await request.json()
    prompt = body["messages"][0]["content"]
    found = _ANSWER.search(prompt)
    content = json.dumps({"score": score(found[1] if found else prompt), "reason": "by its hash"})
    message = {"role": "assistant", "content": content}
    used = {"prompt_tokens": len(prompt.split()), "completion_tokens": 8}
    return web.json_response(
        {
            "id": "judged",
            "object": "chat.completion",
            "created": 0,
            "model": MODEL,
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": used | {"total_tokens": sum(used.values())},
        }
    )


async def _serve(file: Path) -> None:
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/v1/chat/completions", _complete)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    write_text(file, f"http://{host}:{port}/v1\n")
    await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(Path(sys.argv[1])))
