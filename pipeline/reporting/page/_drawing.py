"""A finished figure as SVG and PDF: equal inputs give equal bytes."""

import html
import io
import re
from dataclasses import dataclass
from typing import Any

__all__ = ["Drawing", "drawn"]

_NO_SVG_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
_NO_PDF_METADATA = {"CreationDate": None, "Creator": None, "Producer": None}
# Where DejaVu Sans is not installed, a face of nearly its width keeps texts in their places.
_FACES = ("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")


@dataclass(frozen=True)
class Drawing:
    """One figure in two vector formats.

    Attributes:
        svg: one <svg> element, for a page or a file of its own.
        pdf: the same figure for print, with its fonts embedded.
    """

    svg: str
    pdf: bytes


def drawn(figure: Any, name: str, description: str) -> Drawing:
    """Return a matplotlib figure as SVG and PDF.

    Args:
        figure: from `canvas`, inside its block.
        name: prefix of every id, so that several figures can share a page.
        description: what a reader who cannot see it should know.
    """
    return Drawing(_svg(figure, name, description), _pdf(figure))


def _svg(figure: Any, name: str, description: str) -> str:
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    buffer = io.StringIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata=_NO_SVG_METADATA)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text).replace(*_FACES)
    spoken = html.escape(description, quote=True)
    return text.replace("<svg ", f'<svg role="img" aria-label="{spoken}" ', 1).strip() + "\n"


def _pdf(figure: Any) -> bytes:
    from matplotlib.backends.backend_pdf import FigureCanvasPdf

    buffer = io.BytesIO()
    FigureCanvasPdf(figure).print_pdf(buffer, metadata=_NO_PDF_METADATA)
    return buffer.getvalue()
