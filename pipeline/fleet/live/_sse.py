"""Server-sent events, from bytes that arrive in any pieces."""

__all__ = ["SseParser"]


class SseParser:
    """Collects the data of events; feed it bytes as they come.

    Lines end in LF or CR LF; a lone CR, which the standard also allows, ends nothing here: no
    server of language models sends it, and JSON never holds one. Fields other than `data` and
    comments are skipped.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, data: bytes) -> list[bytes]:
        """Return the data of every event that these bytes complete, in order."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        events: list[bytes] = []
        for line in lines:
            text = line.removesuffix(b"\r")
            if text.startswith(b"data:"):
                self._data.append(text[5:].removeprefix(b" "))
            elif not text and self._data:
                events.append(b"\n".join(self._data))
                self._data.clear()
        return events
