"""Whatever JSON an emulated instance is sent: an answer, or what was wrong with the question."""

import http.client
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.conftest import Doors

scalars = st.one_of(
    st.none(), st.booleans(), st.floats(), st.integers(-(10**20), 10**20), st.text(max_size=20),
    st.sampled_from([10**400, 1e308, "\ud800", "\0", "emu-small", "9" * 400]),
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=8), part, max_size=3)
    ),
    max_leaves=6,
)
NAMES = (
    "model", "messages", "prompt", "tokens", "n", "best_of", "max_tokens", "min_tokens", "stream",
    "ignore_eos", "priority", "stream_options", "max_completion_tokens", "logprobs", "stop", "echo",
)  # fmt: skip
GOOD: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "?"}], "max_tokens": 3},
    "/v1/completions": {"prompt": "?", "max_tokens": 3},
    "/tokenize": {"prompt": "a b c"},
    "/detokenize": {"tokens": []},
}


def post(doors: Doors, path: str, raw: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", doors.ports["instance"], timeout=15)
    try:
        connection.request("POST", path, raw)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("path", GOOD)
@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(changes=st.dictionaries(st.sampled_from(NAMES), values, min_size=1, max_size=3))
def test_a_good_question_with_junk_in_it(doors: Doors, path: str, changes: dict[str, Any]) -> None:
    status, said = post(doors, path, json.dumps(GOOD[path] | changes).encode())
    assert status in (200, 400, 404), said
    if status != 200:
        assert isinstance(json.loads(said)["error"]["message"], str)
    assert post(doors, path, json.dumps(GOOD[path]).encode())[0] == 200


@pytest.mark.parametrize("path", GOOD)
@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(raw=st.binary(max_size=100) | values.map(lambda value: json.dumps(value).encode()))
def test_no_question_at_all(doors: Doors, path: str, raw: bytes) -> None:
    status, said = post(doors, path, raw)
    assert status in (200, 400, 404), said
