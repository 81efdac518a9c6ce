"""The layout of a text: indentation, spaces, alignment and width, with every comment and every line break of the author.

`vitc fmt` writes what `formatted` gives. Only white space changes, so the tree stays the same; formatting again changes
nothing. Lines wider than 120 columns are broken at their outermost brackets, or before `then` and `else`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

WIDTH = 120
#: Names of one run of bindings are aligned as long as their lengths differ by no more than this.
_SPREAD = 12

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)|(?P<string>"(?:[^"\\\n]|\\[^\n])*")
      |(?P<unit>[0-9][0-9_]*(?:\.[0-9]+)?[ ](?:epochs?|steps?)\b)
      |(?P<number>[1-9][0-9]*(?:x[1-9][0-9]*)+(?!\w)|[0-9][0-9_]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
      |(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<newline>\n)
      |(?P<sign>->|=>|==|!=|<=|>=|//|\*\*|\.\.|[-+*/%@=<>(){}\[\],:.|])""",
    re.VERBOSE,
)
_OPEN, _CLOSE = {"(", "[", "{"}, {")", "]", "}"}
_WORDS = {"or", "and", "not", "in", "if", "then", "else", "for", "expect", "return", "match"}
#: After these a `-` is a sign of the number that follows, not a difference.
_BEFORE_VALUE = (
    _OPEN
    | _WORDS
    | {",", ":", "=", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "//", "%", "**", "@", "..", "|", "=>"}
)


@dataclass(frozen=True, slots=True)
class _Line:
    """Tokens that stand on one line, and the comment behind them; an empty one stands for blank lines."""

    tokens: tuple[str, ...]
    comment: str = ""

    @property
    def blank(self) -> bool:
        """Whether nothing stands on it."""
        return not self.tokens and not self.comment


def formatted(text: str) -> str:
    """The text of a spec that parses, laid out."""
    lines = _blanks(_lines(text.replace("\r\n", "\n")))
    laid = _laid(lines)
    while (wide := _broken(lines, laid)) is not None:
        lines = wide
        laid = _laid(lines)
    return "\n".join(_commented(lines, _aligned(lines, laid))) + "\n"


def comments(text: str) -> list[str]:
    """The comments of a text, in order."""
    return [match[0].rstrip() for match in _TOKEN.finditer(text) if match.lastgroup == "comment"]


def _lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    tokens: list[str] = []
    comment = ""
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "newline":
            lines.append(_Line(tuple(tokens), comment))
            tokens, comment = [], ""
        elif match.lastgroup == "comment":
            comment = match[0].rstrip()
        else:
            tokens.append(match[0])
    return [*lines, _Line(tuple(tokens), comment)]


def _blanks(lines: Sequence[_Line]) -> list[_Line]:
    """One blank line where there were some, none inside the ends of brackets and of the text."""
    kept: list[_Line] = []
    for index, line in enumerate(lines):
        if not line.blank:
            kept.append(line)
            continue
        after = next((later for later in lines[index:] if not later.blank), None)
        opened = not kept or kept[-1].blank or (kept[-1].tokens and kept[-1].tokens[-1] in _OPEN)
        closes = after is None or (after.tokens and after.tokens[0] in _CLOSE)
        if not opened and not closes:
            kept.append(line)
    return kept


# ---- indentation and spaces ------------------------------------------------------------------------------------------


def _laid(lines: Sequence[_Line]) -> list[str]:
    """The lines without their comments. Brackets opened on one line indent what follows by one step together."""
    found: list[str] = []
    stack: list[tuple[str, int]] = []  # each open bracket with the line that opened it
    for number, line in enumerate(lines):
        closers = 0
        while closers < len(line.tokens) and line.tokens[closers] in _CLOSE:
            closers += 1
        outer = stack[: len(stack) - closers] if closers else stack
        depth = len({at for _, at in outer})
        if closers and outer and outer[-1][1] == stack[len(stack) - closers][1]:
            depth -= 1  # the closing bracket stands where the line of its opening one begins
        inside = [kind for kind, _ in stack]
        text = _spaced(line.tokens, inside)
        if (
            line.tokens
            and line.tokens[0] in ("then", "else")
            and (len(line.tokens) < 2 or line.tokens[1] not in ("{", "if"))
        ):
            depth += 1
        found.append("  " * depth + text if text or line.comment else "")
        for token in line.tokens:
            if token in _OPEN:
                stack.append((token, number))
            elif token in _CLOSE and stack:
                stack.pop()
    return found


def _spaced(tokens: Sequence[str], inside: list[str]) -> str:
    """Tokens with the spaces between them; `inside` are the brackets that are open before the first."""
    text, before, stack = "", "", list(inside)
    sign = False  # whether the token before is the sign of a number
    for index, token in enumerate(tokens):
        if index:
            text += _gap(before, token, stack, sign, tokens[index - 2] if index > 1 else "")
        sign = token == "-" and (before in _BEFORE_VALUE or not before)
        if token in _OPEN:
            stack.append(token)
        elif token in _CLOSE and stack:
            stack.pop()
        text, before = text + token, token
    return text


def _gap(before: str, token: str, stack: list[str], sign: bool, earlier: str) -> str:
    """What stands between two tokens."""
    if "." in (before, token) or sign:
        return ""
    if before == "{" or token == "}":
        return "" if before == "{" and token == "}" else " "
    if before in ("(", "[") or token in (")", "]", ","):
        return ""
    if ":" in (before, token) and stack and stack[-1] == "[":  # a slice
        return " " if before == "," else ""
    if token == ":":
        return ""
    if token in ("(", "["):
        value = before[-1].isalnum() or before[-1] in '_)]"'
        return "" if value and before not in _WORDS else " "
    if before == ".." and earlier in ("[", ",", ""):
        return " " if token not in (",", "]") else ""
    return " "


# ---- alignment and comments ------------------------------------------------------------------------------------------


def _aligned(lines: Sequence[_Line], laid: Sequence[str]) -> list[str]:
    """Bindings a line each, one under another in a block or a sheet, have their `=` in one column, and the arms of a
    `match` their `=>`."""
    found = list(laid)
    run: list[int] = []
    statements = _statements(lines)
    for index in range(len(lines) + 1):
        if index < len(lines) and _binds(lines[index]) and index not in statements:
            same = not run or _indent(laid[index]) == _indent(laid[run[0]])
            widths = [len(lines[i].tokens[0]) for i in (*run, index)]
            if same and max(widths) - min(widths) <= _SPREAD:
                run.append(index)
                continue
        _align(run, lines, found)
        run = [index] if index < len(lines) and _binds(lines[index]) and index not in statements else []
    for arms in _arms(lines, laid):
        column = max(found[i].index(" =>") for i in arms)
        for i in arms:
            case, _, value = found[i].partition(" =>")
            text = f"{case.ljust(column)} =>{value}"
            found[i] = text if len(text) <= WIDTH else found[i]
    return found


def _arms(lines: Sequence[_Line], laid: Sequence[str]) -> list[list[int]]:
    """The runs of lines that are the arms of one `match`, an arm a line."""
    found: list[list[int]] = []
    for index, line in enumerate(lines):
        if line.tokens.count("=>") == 1:
            if index and found and found[-1][-1] == index - 1 and _indent(laid[index]) == _indent(laid[index - 1]):
                found[-1].append(index)
            else:
                found.append([index])
    return [run for run in found if len(run) > 1]


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _binds(line: _Line) -> bool:
    """Whether a line is one binding, which may go on in the next."""
    tokens = line.tokens
    return (
        len(tokens) > 2
        and tokens[1] == "="
        and "," not in [t for t, d in zip(tokens, _depths(tokens), strict=True) if not d]
    )


def _align(run: Sequence[int], lines: Sequence[_Line], found: list[str]) -> None:
    width = max((len(lines[i].tokens[0]) for i in run), default=0)
    for i in run:
        name = lines[i].tokens[0]
        indent = found[i][: len(found[i]) - len(found[i].lstrip())]
        text = indent + name.ljust(width) + found[i][len(indent) + len(name) :]
        found[i] = text if len(text) <= WIDTH else found[i]


def _statements(lines: Sequence[_Line]) -> set[int]:
    """The lines inside the bodies of `forward` and `fn`, whose `=` are not aligned."""
    found: set[int] = set()
    depth, body, awaited = 0, -1, -1  # `awaited`: the level of a `forward` or `fn` whose body has not begun
    for index, line in enumerate(lines):
        if body >= 0:
            found.add(index)
        elif line.tokens[:1] and line.tokens[0] in ("forward", "fn") and line.tokens[1:2] != ("=",):
            awaited = depth
        for token in line.tokens:
            if depth == awaited and token == "{":
                body, awaited = depth, -1
            elif depth == awaited and token == "=":  # the body of this `fn` is an expression
                awaited = -1
            depth += (token in _OPEN) - (token in _CLOSE)
            if body >= 0 and depth <= body:
                body = -1
    return found


def _commented(lines: Sequence[_Line], laid: Sequence[str]) -> list[str]:
    """The lines with their comments; those behind lines that follow each other begin in one column."""
    found = list(laid)
    run: list[int] = []
    for index in range(len(lines) + 1):
        if index < len(lines) and lines[index].comment and lines[index].tokens:
            run.append(index)
            continue
        column = max((len(laid[i]) for i in run), default=0)
        for i in run:
            found[i] = laid[i].ljust(column) + "  " + lines[i].comment
        run = []
        if index < len(lines) and lines[index].comment:
            found[index] = laid[index] + lines[index].comment
    return [line.rstrip() for line in found]


# ---- width -----------------------------------------------------------------------------------------------------------


def _broken(lines: Sequence[_Line], laid: Sequence[str]) -> list[_Line] | None:
    """The lines with the first that is too wide broken where it can be; None where none can."""
    open_ = 0
    for index, (line, text) in enumerate(zip(lines, laid, strict=True)):
        if len(text) > WIDTH:
            parts = _parts(line, _indent(text), open_ > 0)
            if len(parts) > 1:
                return [*lines[:index], *parts, *lines[index + 1 :]]
        open_ += sum((token in _OPEN) - (token in _CLOSE) for token in line.tokens)
    return None


def _parts(line: _Line, indent: int, inside: bool) -> list[_Line]:
    """A line in several: at its own commas where it stands inside of brackets, before `then` and `else` at its own level,
    else inside the brackets that hold most of it."""
    depths = _depths(line.tokens)
    if inside:
        cuts = _filled(line.tokens, depths, 0, len(line.tokens), indent)
        if len(cuts) > 1:
            return _split(line, [*cuts, len(line.tokens)])
    words = [i for i, token in enumerate(line.tokens) if i and token in ("then", "else") and depths[i] == 0]
    if words and line.tokens[words[0] - 1] != "}":
        return _split(line, [0, *words, len(line.tokens)])
    pairs = [(i, j) for i, j in _pairs(line.tokens) if depths[i] == 0 and j - i > 1]
    if not pairs:
        return [line]
    start, end = max(pairs, key=lambda pair: len(_spaced(line.tokens[pair[0] : pair[1]], [])))
    return _split(line, [0, *_filled(line.tokens, depths, start + 1, end, indent + 2), end, len(line.tokens)])


def _filled(tokens: Sequence[str], depths: Sequence[int], start: int, end: int, indent: int) -> list[int]:
    """Where the tokens from `start` to `end` are cut behind commas, so that each line holds as much as fits."""
    level = depths[start]
    commas = [i for i in range(start, end) if tokens[i] == "," and depths[i] == level]
    cuts = [start]
    for i, later in zip(commas, [*commas[1:], end - 1], strict=False):
        if i + 1 < end and indent + len(_spaced(tokens[cuts[-1] : later + 1], ["("])) > WIDTH:
            cuts.append(i + 1)
    return cuts


def _split(line: _Line, cuts: Sequence[int]) -> list[_Line]:
    """The line cut before these tokens; its comment stays with the first part."""
    parts = [line.tokens[a:b] for a, b in pairwise(cuts) if b > a]
    found = [_Line(part) for part in parts]
    found[0] = replace(found[0], comment=line.comment)
    return [_without_comma(part, after) for part, after in zip(found, [*found[1:], _Line(())], strict=True)]


def _without_comma(line: _Line, after: _Line) -> _Line:
    """In braces a new line separates as a comma does; the comma goes. Elsewhere it stays."""
    return line if after.tokens[:1] != ("}",) or line.tokens[-1:] != (",",) else replace(line, tokens=line.tokens[:-1])


def _depths(tokens: Sequence[str]) -> list[int]:
    """How many brackets of the line are open at each token; a bracket itself counts as outside."""
    found: list[int] = []
    depth = 0
    for token in tokens:
        depth -= token in _CLOSE
        found.append(max(depth, 0))
        depth += token in _OPEN
    return found


def _pairs(tokens: Sequence[str]) -> list[tuple[int, int]]:
    """The brackets that open on the line, each with where it closes: at its end where that is on a later one."""
    found: list[tuple[int, int]] = []
    open_: list[int] = []
    for i, token in enumerate(tokens):
        if token in _OPEN:
            open_.append(i)
        elif token in _CLOSE and open_:
            found.append((open_.pop(), i))
    return [*found, *((i, len(tokens)) for i in open_)]
