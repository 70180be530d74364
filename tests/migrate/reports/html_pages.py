"""Reads an HTML page: its elements, headings, anchors and links."""

import dataclasses
from html.parser import HTMLParser

_VOID = {"meta", "input", "link", "br", "hr", "img", "wbr", "rect", "line", "polyline"}


@dataclasses.dataclass(frozen=True, slots=True)
class Element:
    """An element with its attributes; `inside` are the names of the elements around it."""

    name: str
    attributes: dict[str, str]
    inside: tuple[str, ...]


class Page(HTMLParser):
    """A page that was read."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.texts: list[tuple[str, str]] = []  # the element around a text, and the text
        self.unclosed: list[str] = []
        self.wrong: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.unclosed = self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append(Element(tag, attributes, tuple(self._open)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append(Element(tag, attributes, tuple(self._open)))

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.wrong.append(f"</{tag}> in {self._open[-3:]}")

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self._open[-1] if self._open else "", data))

    def named(self, *names: str) -> list[Element]:
        """Lists the elements of these names."""
        return [each for each in self.elements if each.name in names]

    def text_in(self, *names: str) -> str:
        """Returns the text that stands directly in elements of these names."""
        return "".join(text for name, text in self.texts if name in names)

    @property
    def text(self) -> str:
        """The text that a reader sees."""
        return "".join(text for name, text in self.texts if name not in ("style", "script"))
