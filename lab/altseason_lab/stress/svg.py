"""The few shapes that a chart is made of, as SVG, with the standard library only.

The official image has no plotting library. https://www.w3.org/TR/SVG11/
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

from altseason.errors import InputError

FONT = "Verdana, DejaVu Sans, Helvetica, Arial, sans-serif"


class Drawing:
    """A picture that is added to, shape by shape; the origin is at its upper left corner."""

    def __init__(self, width: int, height: int, title: str, description: str) -> None:
        """Begin with a white ground.

        :param title: what a screen reader says first.
        :param description: what it says then: the content in words.
        """
        self._root = ElementTree.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "width": str(width),
                "height": str(height),
                "viewBox": f"0 0 {width} {height}",
                "role": "img",
                "aria-labelledby": "title desc",
                "font-family": FONT,
            },
        )
        ElementTree.SubElement(self._root, "title", {"id": "title"}).text = title
        ElementTree.SubElement(self._root, "desc", {"id": "desc"}).text = description
        self._add("rect", x=0, y=0, width=width, height=height, fill="#ffffff")

    def line(self, start: tuple[float, float], end: tuple[float, float], **style: object) -> None:
        """Add a straight line."""
        self._add("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], **style)

    def curve(self, points: Iterable[tuple[float, float]], **style: object) -> None:
        """Add a line from point to point."""
        places = " ".join(f"{_write(x)},{_write(y)}" for x, y in points)
        self._add("polyline", points=places, fill="none", **style)

    def circle(self, center: tuple[float, float], radius: float, **style: object) -> None:
        """Add a circle."""
        self._add("circle", cx=center[0], cy=center[1], r=radius, **style)

    def diamond(self, center: tuple[float, float], radius: float, **style: object) -> None:
        """Add a square that stands on a corner."""
        x, y = center
        corners = ((x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y))
        places = " ".join(f"{_write(a)},{_write(b)}" for a, b in corners)
        self._add("polygon", points=places, **style)

    def triangle(
        self, center: tuple[float, float], radius: float, *, points_up: bool, **style: object
    ) -> None:
        """Add a triangle that points up or down."""
        x, y = center
        tip = -radius if points_up else radius
        corners = ((x, y + tip), (x + radius, y - tip), (x - radius, y - tip))
        places = " ".join(f"{_write(a)},{_write(b)}" for a, b in corners)
        self._add("polygon", points=places, **style)

    def box(
        self, corner: tuple[float, float], opposite: tuple[float, float], **style: object
    ) -> None:
        """Add a rectangle by its upper left and its lower right corner."""
        (x, y), (right, bottom) = corner, opposite
        self._add("rect", x=x, y=y, width=float(right - x), height=float(bottom - y), **style)

    def text(self, words: str, place: tuple[float, float], size: int, **style: object) -> None:
        """Add text, whose baseline begins at a place unless `text_anchor` says otherwise."""
        shape = self._add("text", x=place[0], y=place[1], font_size=size, **style)
        shape.text = words

    def write(self) -> str:
        """Return the file's content."""
        ElementTree.indent(self._root)
        return ElementTree.tostring(self._root, encoding="unicode", xml_declaration=True) + "\n"

    def _add(self, name: str, **attributes: object) -> ElementTree.Element:
        # Python's font_size is SVG's font-size.
        written = {key.replace("_", "-"): _write(value) for key, value in attributes.items()}
        return ElementTree.SubElement(self._root, name, written)


def save_drawing(drawing: Drawing, path: Path) -> None:
    """Write a picture in one step, so that an older one is there until the new one is.

    :raises InputError: where the folder cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(exist_ok=True)
        part.write_text(drawing.write(), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise InputError(
            f"{path}: expected a place for a picture, but {error.strerror}; "
            "choose another with --picture"
        ) from error


def _write(value: object) -> str:
    """Write a coordinate to a hundredth of a unit, and everything else as it is."""
    return f"{round(value, 2):g}" if isinstance(value, float) else str(value)
