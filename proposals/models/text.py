"""One notion of the same text, for every door: form, admin, file, search, sign-in.

`clean` is what is stored of a name, a code or a search word, `clean_lines` of a description or a
comment. Two texts are the same when `folded` gives the same for both; it is computed here because
the databases fold differently outside ASCII.
"""

import re
import unicodedata

LINE_BREAK = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# Persian and Indic scripts and joined emoji need them; like all else unseen they are no part of
# names and codes.
JOINERS = "\u200c\u200d"
# Unseen too, though they are neither controls nor of category Cf.
UNSEEN = {
    *map(chr, range(0xFE00, 0xFE10)),
    *map(chr, range(0xE0100, 0xE01F0)),
    "\u034f",
    "\u115f",
    "\u1160",
    "\u3164",
}


class _Replacements(dict):
    """What becomes of each character, for `str.translate`; worked out when one is first met."""

    def __init__(self, *, kept: str = "", removed: set[str] | frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.kept, self.removed = kept, removed

    def __missing__(self, code: int) -> str | None:
        self[code] = self._replacement(chr(code))
        return self[code]

    def _replacement(self, character: str) -> str | None:
        if character in self.kept:
            return character
        if character.isspace():
            return " "
        unseen = unicodedata.category(character) in ("Cc", "Cf", "Cs") or _is_none(character)
        return None if unseen or character in self.removed else character


def _is_none(character: str) -> bool:
    """Whether Unicode keeps it from ever being a character; no XML, so no workbook, holds it."""
    code = ord(character)
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


_LINE = _Replacements()
_LINES = _Replacements(kept=f"\n{JOINERS}")
_SEEN = _Replacements(removed=UNSEEN)


def clean(text: str) -> str:
    """One line without what nobody sees: NFC, no controls, no direction marks and other characters
    of category Cf; any run of spaces and line breaks is one space, none at the ends.
    """
    if not (text.isascii() and text.isprintable()):
        text = unicodedata.normalize("NFC", text.translate(_LINE))
    return " ".join(text.split())


def clean_lines(text: str) -> str:
    """Free text: as `clean`, but its lines, its runs of spaces and joined letters are kept."""
    if not (text.isascii() and text.isprintable()):
        lines = LINE_BREAK.sub("\n", text).translate(_LINES)
        text = unicodedata.normalize("NFC", lines)
    return text.strip()


def folded(text: str) -> str:
    """The form in which texts are compared: equal for two that a reader would call the same, in
    whatever case, width or composition they are written.
    """
    # A shortcut with the same answer: plain ASCII has nothing to normalise, and an import folds
    # every text of its files.
    if text.isascii() and text.isprintable():
        return " ".join(text.lower().split())
    # casefold() and not lower(): STRASSE and straße are the same to a reader.
    seen = unicodedata.normalize("NFKC", text.translate(_SEEN)).casefold()
    # Compatibility forms may bring unseen letters and spaces back.
    seen = unicodedata.normalize("NFKC", seen).translate(_SEEN)
    return " ".join(unicodedata.normalize("NFKC", seen).split())


def same(one: str, other: str) -> bool:
    return folded(one) == folded(other)
