"""Between lexer and parser: which words are names, which newlines count, which brackets are never closed."""

from collections.abc import Iterable, Iterator
from itertools import chain, pairwise

from lark import Token

#: Words that open something in one place and are names in all others: `block = parallel` is a binding.
_SOFT = ("VIT", "USE", "FN", "BLOCK", "MODEL", "FORWARD")
_CLOSERS = {"LPAR": "RPAR", "LSQB": "RSQB"}
_AFTER_NAME = ("EQUAL", "COLON", "COMMA", "LPAR", "LBRACE", "DOT", "_FAT", "VBAR")

#: A bracket that its lines leave open: no rule takes this token, its place is the bracket's.
UNCLOSED = "UNCLOSED"
#: More brackets stand inside each other than any spec needs.
TOO_DEEP = "TOO_DEEP"
MAX_NESTING = 100
#: More words and signs follow each other than any spec needs.
TOO_LONG = "TOO_LONG"
MAX_CHAIN = 10_000


class Layout:
    """The post-lexer.

    Newlines inside ( ) and [ ] are dropped as long as the lines go on deeper than the one that holds the bracket (its
    closing bracket alone may stand as far left). A bracket that is left open by this rule, by a brace or by another
    kind of closing bracket becomes an `UNCLOSED` token, so that it spoils its own line and not the rest of the text.
    """

    #: Kept by lark although no rule names them.
    always_accept = ("_NL", "OPEN_STRING", "ODD")

    def process(self, stream: Iterable[Token]) -> Iterator[Token]:
        """The tokens that the parser sees."""
        open_: list[tuple[Token, int]] = []
        indent = braces = 0
        lengths = [0]  # of what goes on without a comma or a new line, for each brace and bracket that is open
        before = "_NL"
        # One token ahead, no more: of a text with far too much the rest is not read.
        for token, following in pairwise(chain(stream, (None,))):
            assert token is not None
            kind, after = token.type, following.type if following else ""
            if kind == "_NL":
                indent = indentation(token)
            elif kind in _CLOSERS:
                open_.append((token, indent))
            elif kind == "OPEN_STRING":
                for char in token:  # it holds brackets that would have been others' if it had ended
                    if char in ")]" and open_:
                        open_.pop()
                    elif char in "([":
                        open_.append((Token.new_borrow_pos("LPAR" if char == "(" else "LSQB", char, token), indent))
            while open_ and _leaves_open(kind, after, indent, open_[-1]):
                bracket, _ = open_.pop()
                _count(lengths, UNCLOSED)
                yield Token.new_borrow_pos(UNCLOSED, bracket, bracket)
            last, before = before, kind
            if open_ and kind == "_NL":
                continue
            if open_ and kind == _CLOSERS[open_[-1][0].type]:
                open_.pop()
            braces += (kind == "LBRACE") - (kind == "RBRACE")
            _count(lengths, kind)
            if lengths[-1] > MAX_CHAIN:
                yield Token.new_borrow_pos(TOO_LONG, token, token)
                return
            if braces + len(open_) > MAX_NESTING:
                yield Token.new_borrow_pos(TOO_DEEP, token, token)
                return
            yield _word(last, token, after, bool(open_)) if kind in _SOFT else token


def _count(lengths: list[int], kind: str) -> None:
    """Adds a token to the innermost length; braces and brackets have lengths of their own."""
    if kind in ("RPAR", "RSQB", "RBRACE", UNCLOSED) and len(lengths) > 1:
        lengths.pop()
    lengths[-1] = 0 if kind in ("_NL", "COMMA") else lengths[-1] + 1
    if kind in ("LPAR", "LSQB", "LBRACE"):
        lengths.append(0)


def indentation(newline: Token) -> int:
    """The column at which the line after a `_NL` token begins."""
    return len(newline.rpartition("\n")[2].expandtabs(8))


def _leaves_open(kind: str, after: str, indent: int, opened: tuple[Token, int]) -> bool:
    """Whether a token shows that the innermost bracket is never closed; `after`: the type of the next, empty at the end."""
    bracket, column = opened
    if kind == "_NL":
        return not after or indent < column or (indent == column and after not in _CLOSERS.values())
    return kind in ("LBRACE", "RBRACE") or (kind in _CLOSERS.values() and kind != _CLOSERS[bracket.type])


def _word(before: str, token: Token, after: str, inside: bool) -> Token:
    """A word at the beginning of an entry that is followed by what only its construct has; elsewhere a name."""
    kind = token.type
    if kind == "FORWARD" and before in ("_NL", "LBRACE") and after == "LPAR" and not inside:
        return token
    if kind != "FORWARD" and before == "_NL" and after not in _AFTER_NAME and not inside:
        return token
    return Token.new_borrow_pos("NAME", token, token)
