"""Characters that no spec holds, and those that look like one that it does."""

import re
import unicodedata

from ..diagnostics import Diagnostic
from ..diagnostics.source import Source, Span

#: Controls, marks that turn the direction of a text or take no room, line ends that editors disagree on.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|\r(?!\n)"
)

#: Halves of a pair, which JSON and file names can hold and UTF-8 can't.
_SURROGATE = re.compile("[\ud800-\udfff]")

#: What to write in place of a character that the language does not have.
INSTEAD = {
    "“": '"', "”": '"', "„": '"', "'": '"', "‘": '"', "’": '"', "`": '"', "×": "x` or `*", "·": "*", "−": "-", "–": "-",
    "—": "-", "→": "->", "≤": "<=", "≥": ">=", "≠": "!=", "…": "..", "；": ",", ";": ",", "，": ",", "：": ":", "（": "(", "）": ")", "＝": "=", "\u00a0": " ", "\u3000": " ", "&": "and", "!": "not` or `!=",
    "^": "**", "~": "not",
}  # fmt: skip


def hidden(source: Source) -> Diagnostic | None:
    """The first character that can't be seen, in comments and strings too: a text must read as it is shown."""
    match = _HIDDEN.search(source.text)
    if match is None:
        return None
    count = sum(1 for _ in _HIDDEN.finditer(source.text, match.end()))
    more = f", nor have {count:,} more of its kind" if count else ""
    help = "save the file as plain text in UTF-8" if match[0] == "\0" or match[0] == "\ufeff" else "delete it"
    return Diagnostic("V0103", f"{name(match[0])} has no place in a spec{more}", Span(source, *match.span()), help=help)


def unseen(text: str) -> str:
    """The first character of a text that no spec can hold, by its name; nothing where all can stand in one."""
    half = _SURROGATE.search(text)
    match = _HIDDEN.search(text.replace("\r", "\x00"))
    return f"U+{ord(half[0]):04X} (half of a character)" if half else name(text[match.start()]) if match else ""


def name(character: str) -> str:
    """`U+200B (zero width space)`."""
    called = unicodedata.name(character, "a control character").lower()
    return f"U+{ord(character):04X} ({called})"
