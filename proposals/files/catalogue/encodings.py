"""In which encoding a file is written: UTF-8, or UTF-16 with its mark; else what it probably is."""

import codecs

from .problems import Unreadable

CHUNK = 1024 * 1024
SAVE_AS = (
    "In the spreadsheet choose “Save as” and the type “CSV UTF-8”, or save it as a workbook (XLSX)."
)
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What spreadsheets outside of UTF-8 write, the likeliest first where two explain a file equally.
_OLD_ENCODINGS = {
    "cp1252": "Windows-1252",
    "mac_roman": "Mac Roman",
    "cp850": "DOS (code page 850)",
}
_USUAL = frozenset(
    "äöüÄÖÜßéèêëàâçîïôûùÉÈÀÇñÑáíóúãõåÅøØæÆœŒšŠžŽ€“”„…§°·«»®©\u2013\u2014\u2018\u2019"
)
_COMMON = frozenset("äöüÄÖÜßéèàç")  # count twice
_CONTROLS = range(0x80, 0xA0)  # of Latin-1, where the others have letters


def encoding_of(data: bytes) -> str:
    """The name of the codec that reads all of it; Unreadable names the line and what it seems to
    be.
    """
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise Unreadable(f"The file is UTF-32, which is not read. {SAVE_AS}", 1)
    encoding = next((_MARKS[mark] for mark in _MARKS if data.startswith(mark)), "utf-8")
    if encoding == "utf-8" and _is_unmarked_utf16(data):
        raise Unreadable(f"The file is UTF-16 without its mark, which is not read. {SAVE_AS}", 1)
    _require(data, encoding)
    return encoding


def _is_unmarked_utf16(data: bytes) -> bool:
    """Of plain letters every second byte is zero."""
    sample = data[:2000]
    even, odd = sample[::2], sample[1::2]
    zeros = sorted([even.count(0), odd.count(0)])
    return len(odd) > 1 and zeros[0] <= len(odd) // 10 and zeros[1] > len(odd) // 2


def _require(data: bytes, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(data), CHUNK):
        begun = len(decoder.getstate()[0])
        try:
            decoder.decode(data[start : start + CHUNK], final=start + CHUNK >= len(data))
        except UnicodeDecodeError as error:
            at = start - begun + error.start
            raise Unreadable(_refusal(data, encoding), data.count(b"\n", 0, at) + 1) from None


def _refusal(data: bytes, encoding: str) -> str:
    if encoding != "utf-8":
        return f"The file begins as {encoding.removesuffix('-sig').upper()}, but is damaged here."
    return f"The file is not UTF-8. It is probably {_probable(data)}. {SAVE_AS}"


def _probable(data: bytes) -> str:
    """The old encoding in which most of what is not ASCII would be a usual letter."""
    odd = bytes(byte for byte in data[:CHUNK] if byte >= 0x80) or data[-100:]
    if not any(byte in _CONTROLS for byte in odd):
        return "Windows-1252 or Latin-1"
    usual = {codec: _usual_letters(odd.decode(codec, "replace")) for codec in _OLD_ENCODINGS}
    best = max(usual, key=usual.__getitem__)
    return _OLD_ENCODINGS[best] if 2 * usual[best] > len(odd) else "damaged, or no text at all"


def _usual_letters(text: str) -> int:
    return sum((letter in _USUAL) + (letter in _COMMON) for letter in text)
