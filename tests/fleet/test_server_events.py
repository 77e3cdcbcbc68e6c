"""Events and whole answers, byte by byte."""

import json

from pipeline.fleet.server._events import Answer, EventWriter, whole_answer

HEAD = '{"id":"x-1","object":"%s","created":5,"model":"m","system_fingerprint":"emulated-generated"'


def answer(chat: bool) -> Answer:
    return Answer(chat, "x-1", 5, "m", "emulated-generated", 7)


def test_completion_events() -> None:
    writer = EventWriter(answer(False), include_usage=False, continuous_usage=False)
    head = HEAD % "text_completion" + ',"choices":[{"index":0,'
    assert writer.first() == b""
    assert writer.token(b" a", 1).decode() == (
        f'data: {head}"text":" a","logprobs":null,"finish_reason":null,"stop_reason":null}}]}}\n\n'
    )
    assert writer.last(b" b", 2, "length").decode() == (
        f'data: {head}"text":" b","logprobs":null,"finish_reason":"length",'
        '"stop_reason":null}]}\n\ndata: [DONE]\n\n'
    )


def test_chat_begins_with_the_role() -> None:
    writer = EventWriter(answer(True), include_usage=False, continuous_usage=False)
    head = HEAD % "chat.completion.chunk" + ',"choices":[{"index":0,'
    assert writer.first().decode() == (
        f'data: {head}"delta":{{"role":"assistant","content":""}},'
        '"logprobs":null,"finish_reason":null}]}\n\n'
    )
    assert writer.token(b" a", 1).decode() == (
        f'data: {head}"delta":{{"content":" a"}},"logprobs":null,"finish_reason":null}}]}}\n\n'
    )


def test_usage_comes_last_with_no_choice() -> None:
    writer = EventWriter(answer(True), include_usage=True, continuous_usage=False)
    end = writer.last(b"b", 2, "stop").decode().split("\n\n")
    assert end[1] == (
        "data: " + HEAD % "chat.completion.chunk" + ',"choices":[],"usage":'
        '{"prompt_tokens":7,"total_tokens":9,"completion_tokens":2}}'
    )
    assert end[2:] == ["data: [DONE]", ""]


def test_continuous_usage_is_on_every_chunk() -> None:
    writer = EventWriter(answer(True), include_usage=True, continuous_usage=True)
    stream = writer.first() + writer.token(b"a", 1) + writer.last(b"b", 2, "stop")
    chunks = [json.loads(part[6:]) for part in stream.split(b"\n\n")[:-2]]
    assert [chunk["usage"]["completion_tokens"] for chunk in chunks] == [0, 1, 2, 2]


def test_whole_answers_are_json() -> None:
    chat = json.loads(whole_answer(answer(True), [b"a\\n", b"b"], "stop"))
    assert chat["choices"][0]["message"] == {"role": "assistant", "content": "a\nb"}
    plain = json.loads(whole_answer(answer(False), [b"a", b"b"], "length"))
    assert plain["choices"][0] == {
        "index": 0, "text": "ab", "logprobs": None, "finish_reason": "length", "stop_reason": None,
    }  # fmt: skip
    assert plain["usage"] == {"prompt_tokens": 7, "total_tokens": 9, "completion_tokens": 2}
