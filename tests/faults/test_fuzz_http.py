"""Bytes that are no HTTP, or HTTP that is no request: answered or hung up on, never a 500."""

import gzip
import logging
import socket
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.conftest import KEY, Doors

PATIENCE_S = 15.0
BRIEFLY_S = 0.05
BODY = b'{"messages": [{"role": "user", "content": "?"}], "max_tokens": 2}'
HEALTH = b"GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
SERVERS = ("gateway", "instance")
shared = settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


def post(*headers: bytes, body: bytes = b"", version: bytes = b"1.1", sized: bool = True) -> bytes:
    """A request with an accepted key, as bytes."""
    lines = [
        b"POST /v1/chat/completions HTTP/" + version,
        b"Host: h",
        b"Authorization: Bearer " + KEY.encode(),
        b"Connection: close",
        *([b"Content-Length: %d" % len(body)] if sized else []),
        *headers,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def exchange(port: int, data: bytes, patience_s: float = PATIENCE_S) -> bytes:
    """Send bytes; return what comes until the server hangs up, or until patience is at its end."""
    told = bytearray()
    with socket.create_connection(("127.0.0.1", port), timeout=patience_s) as client:
        try:
            client.sendall(data)
            while part := client.recv(65536):
                told += part
        except (ConnectionResetError, BrokenPipeError, TimeoutError):
            pass  # it hung up before it had read all, or waits for the rest
    return bytes(told)


def check(doors: Doors, server: str, told: bytes) -> list[bytes]:
    """See that nothing was a 5xx and that the server is well; return the status lines."""
    lines = [line for line in told.split(b"\r\n") if line.startswith(b"HTTP/1.")]
    assert not [line for line in lines if line.split()[1][:1] == b"5"], told[:300]
    assert exchange(doors.ports[server], HEALTH).startswith(b"HTTP/1.1 200 ")
    return lines


CASES = {
    "headers of a megabyte": (post(b"X: " + b"a" * 2**20, body=BODY), b"400"),
    "ten thousand headers": (post(*[b"X-%d: 1" % i for i in range(10_000)], body=BODY), b"400"),
    "a header without a name": (post(b": 1", body=BODY), b"400"),
    "a line that is no header": (post(b"nothing", body=BODY), b"400"),
    "two lengths": (post(b"Content-Length: 3", body=BODY), b"400"),
    "a length below zero": (post(b"Content-Length: -1", sized=False), b"400"),
    "a length that is no number": (post(b"Content-Length: ten", sized=False), b"400"),
    "a length and chunks": (post(b"Transfer-Encoding: chunked", body=BODY), b"400"),
    "a chunk that is no number": (
        post(b"Transfer-Encoding: chunked", body=b"zz\r\nab\r\n0\r\n\r\n", sized=False), b"400"),
    "a chunk that is too long": (
        post(b"Transfer-Encoding: chunked", body=b"3\r\nabcdef\r\n0\r\n\r\n", sized=False), b"400"),
    "no compression where it is said": (post(b"Content-Encoding: gzip", body=BODY), b"400"),
    "a bomb": (post(b"Content-Encoding: gzip", body=gzip.compress(b" " * 2**27)), b"413"),
    "form data": (post(b"Content-Type: multipart/form-data; boundary=x", body=BODY), b"200"),
    "a text": (post(b"Content-Type: text/plain; charset=no-such-charset", body=BODY), b"200"),
    "no UTF-8": (post(body=b'{"messages": "\xff\xfe"}'), b"400"),
    "UTF-16": (post(body='{"messages": []}'.encode("utf-16")), b"400"),
    "a hundred thousand brackets": (post(body=b"[" * 100_000), b"400"),
    "deep objects": (post(body=b'{"a":' * 50_000 + b"1" + b"}" * 50_000), b"400"),
    "a number that is none": (post(body=BODY[:-1] + b', "temperature": NaN}'), b"400"),
    "an endless number": (post(body=BODY[:-1] + b', "seed": ' + b"9" * 6000 + b"}"), b"400"),
    "fewer tokens than none": (post(body=BODY.replace(b"2}", b"-2}")), b"400"),
    "a list for a text": (post(body=b'{"messages": ["?"]}'), b"400"),
    "an unknown method": (b"BREW / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", b"400"),
    "a path of junk": (b"GET /%00/../%ff HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", b"404"),
    "another protocol": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"400"),
    "TLS": (bytes.fromhex("160301020001000001fc0303") + b"\0" * 64, b"400"),
}  # fmt: skip
# The instance samples nothing, so it reads over what would only matter to sampling.
OTHERWISE = {"a number that is none": b"200"}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("case", CASES)
def test_malformed_requests_are_refused(doors: Doors, server: str, case: str) -> None:
    data, status = CASES[case]
    [told] = check(doors, server, exchange(doors.ports[server], data))
    if server == "instance" and case in OTHERWISE:
        status = OTHERWISE[case]
    assert told.split()[1] == status


@pytest.mark.parametrize("server", SERVERS)
@shared
@given(data=st.binary(max_size=300))
def test_bytes_that_are_no_http(doors: Doors, server: str, data: bytes) -> None:
    check(doors, server, exchange(doors.ports[server], data, BRIEFLY_S))


@pytest.mark.parametrize("server", SERVERS)
@shared
@given(at=st.integers(0, 250), junk=st.binary(min_size=1, max_size=8), cut=st.booleans())
def test_a_good_request_with_junk_in_it_or_cut_off(
    doors: Doors, server: str, at: int, junk: bytes, cut: bool
) -> None:
    good = post(body=BODY)
    sent = good[:at] if cut else good[:at] + junk + good[at:]
    check(doors, server, exchange(doors.ports[server], sent, BRIEFLY_S))


@pytest.mark.parametrize("server", SERVERS)
def test_clients_that_reset_at_once_leave_no_trace(
    doors: Doors, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    streamed = post(body=BODY[:-1] + b', "stream": true}')
    with caplog.at_level(logging.WARNING):
        for _ in range(50):
            with socket.create_connection(("127.0.0.1", doors.ports[server])) as client:
                client.sendall(streamed)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        check(doors, server, exchange(doors.ports[server], post(body=BODY)))
    assert not caplog.records
