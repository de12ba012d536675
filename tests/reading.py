"""What a page says outside its links, for the test that looks for names nobody can follow."""

import re
from html.parser import HTMLParser

# What is no link and need not be: titles of the page itself, fields, pictures, what is for screen
# readers beside a link that says the same.
OTHER = {"a", "h1", "title", "option", "select", "textarea", "label", "button", "svg", "caption"}
OTHER |= {"script", "blockquote", "figcaption", "header", "legend", "summary", "del", "ins"}
VOID = {"br", "input", "img", "meta", "link", "hr", "rect", "path", "circle"}


class DeadText(HTMLParser):
    """Collects the texts of a page's content that are in no link."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.linked = ""

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag not in VOID:
            is_silent = "sr" in (dict(attrs).get("class") or "").split()
            self.open.append("a" if is_silent else tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if "a" in self.open:
            self.linked += f" {' '.join(data.split())} "
        if "main" in self.open and not OTHER & set(self.open) and data.strip():
            self.texts.append(" ".join(data.split()))


def dead_names(page: str, names: re.Pattern) -> list[str]:
    """Which of `names` the page says, and nowhere as a link."""
    parser = DeadText()
    parser.feed(page)
    said = {name for text in parser.texts for name in names.findall(text)}
    return sorted(said - set(names.findall(parser.linked)))
