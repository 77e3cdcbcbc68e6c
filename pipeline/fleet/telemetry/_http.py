"""GET with a time limit, and every failure as a sentence."""

import asyncio
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from pipeline.errors import EndpointError

__all__ = ["Answer", "base_url", "fetch"]

# The largest page of vLLM with many engines is some hundred kB; a body without end is not read.
_LONGEST = 16 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and text of an HTTP answer."""

    status: int
    text: str


def base_url(url: str) -> str:
    """Return the root of a server, from its URL with or without a final slash or ``/v1``.

    Raises:
        EndpointError: the URL is not http or https with a host and, at most, a port and a path.
    """
    accepted = "http://HOST:PORT is accepted"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise EndpointError(f"{url!r} is not a URL ({error}); {accepted}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or " " in url:
        raise EndpointError(f"{url!r} is not the URL of a server; {accepted}")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise EndpointError(f"the URL of {parts.hostname!r} has more than a path; {accepted}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = host if port is None or port == _usual(parts.scheme) else f"{host}:{port}"
    path = parts.path.rstrip("/").removesuffix("/v1").rstrip("/")
    return f"{parts.scheme}://{place}{path}"


def _usual(scheme: str) -> int:
    return 443 if scheme == "https" else 80


async def fetch(session: aiohttp.ClientSession, url: str, timeout_s: float) -> Answer:
    """GET a page, whatever its status.

    Raises:
        EndpointError: no answer came; the sentence tells a refused connection, an unknown host,
            silence and a broken answer apart.
    """
    try:
        async with asyncio.timeout(timeout_s), session.get(url) as response:
            body = await response.content.read(_LONGEST)
            while chunk := await response.content.read(_LONGEST):
                body += chunk
                if len(body) > _LONGEST:
                    raise EndpointError(
                        f"{url} answers without end; {_LONGEST >> 20} MB are accepted"
                    )
            return Answer(response.status, body.decode("utf-8"))
    except TimeoutError:
        raise EndpointError(f"{url} did not answer within {timeout_s:g} s") from None
    except UnicodeDecodeError:
        raise EndpointError(f"{url} answered something that is not UTF-8 text") from None
    except (aiohttp.ClientError, OSError) as error:
        raise EndpointError(f"{url} {_why(error)}") from None


def _why(error: Exception) -> str:
    """What happened to the connection; the first kind that fits is the most precise."""
    said = [
        (aiohttp.ClientConnectorDNSError, "cannot be reached: its host name is not known"),
        (aiohttp.ClientConnectorCertificateError, "has a certificate that is not trusted"),
        (aiohttp.ClientConnectorSSLError, "does not speak TLS; http:// may be meant"),
        (ssl.SSLError, "does not speak TLS; http:// may be meant"),
    ]
    for kind, sentence in said:
        if isinstance(error, kind):
            return sentence
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, ConnectionRefusedError):
            return "cannot be reached: connection refused"
        return f"cannot be reached: {error.os_error.strerror or type(error.os_error).__name__}"
    if isinstance(error, aiohttp.ServerDisconnectedError | ConnectionError):
        return "closed the connection without an answer"
    return f"did not answer as HTTP ({type(error).__name__})"
