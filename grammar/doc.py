"""Texts that may be broken into lines at their brackets."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """Parts in brackets: on one line where they fit, else a line each, or as many on a line as fit (`fill`); `trailing`: with
    a comma after the last then; `braces`: in `{ }`, where a new line separates as a comma does."""

    open: str
    parts: "Sequence[Doc]"
    close: str
    comma: str = ","
    trailing: bool = True
    fill: bool = False
    braces: bool = False


#: A text, texts side by side, or parts in brackets.
Doc = str | Group | tuple["Doc", ...]


def flat(doc: Doc) -> str:
    """On one line."""
    if isinstance(doc, str):
        return doc
    if isinstance(doc, Group):
        gap = " " if doc.braces and doc.parts else ""
        return doc.open + gap + f"{doc.comma} ".join(map(flat, doc.parts)) + gap + doc.close
    return "".join(map(flat, doc))


def lines(doc: Doc, indent: int, width: int) -> list[str]:
    """In lines of at most `width` where that is possible: the outermost brackets are opened first."""
    whole = " " * indent + flat(doc)
    if len(whole) <= width:
        return [whole]
    return _broken(doc, indent, width)


def _broken(doc: Doc, indent: int, width: int) -> list[str]:
    """Opens the last brackets that bring the first line below the width, or the longest ones."""
    pieces = list(_pieces(doc))
    groups = [i for i, piece in enumerate(pieces) if isinstance(piece, Group) and piece.parts]
    if not groups:
        return [" " * indent + flat(doc)]
    at = max(groups, key=lambda i: len(flat(pieces[i])))
    group = pieces[at]
    assert isinstance(group, Group)
    before, after = "".join(map(flat, pieces[:at])), tuple(pieces[at + 1 :])
    inner: list[str] = []
    for index, part in enumerate(group.parts):
        last = index == len(group.parts) - 1
        sign = "" if group.braces or (last and not group.trailing) else group.comma
        whole = f"{flat(part)}{sign}"
        if group.fill and inner and len(inner[-1]) + 1 + len(whole) <= width:
            inner[-1] += f" {whole}"
            continue
        inner += lines((part, sign), indent + 2, width)
    tail = lines((group.close, *after), indent, width)
    return [" " * indent + before + group.open, *inner, *tail]


def _pieces(doc: Doc) -> "Sequence[str | Group]":
    """The texts and brackets side by side."""
    if isinstance(doc, tuple):
        return [piece for part in doc for piece in _pieces(part)]
    return [doc]
