"""Characters, numbers, brackets and words that are written otherwise in the language, or not at all."""

import re

from ..diagnostics import Diagnostic
from ..diagnostics.source import Span
from .characters import INSTEAD, name
from .layout import MAX_CHAIN, MAX_NESTING, TOO_DEEP, TOO_LONG, UNCLOSED
from .lines import bracket
from .situation import VALUES, Rule, Situation, span

_NUMBERS = ("INT", "FLOAT", "SHAPE", "UNIT")
#: First words of a line that other languages have.
_FOREIGN = {
    "elif": "`elif` is written `else if`", "elseif": "`elseif` is written `else if`",
    "def": "a function is written `fn NAME(…) = …`, a network `block NAME(…) { … }`",
    "function": "a function is written `fn NAME(…) = …`", "func": "a function is written `fn NAME(…) = …`",
    "class": "a network is written `block NAME(…) { … }`", "import": "another file is brought in by `use \"FILE.vit\"`",
    "from": "another file is brought in by `use \"FILE.vit\"`", "let": "a binding has no word before it: `x = …`",
    "var": "a binding has no word before it: `x = …`", "const": "a binding has no word before it: `x = …`",
    "assert": "a condition is written `expect a == b else \"text\"`", "raise": "a condition is written `expect a == b else \"text\"`",
    "try": "nothing is caught: `expect` stops with a text", "with": "there is nothing to open or to close", "del": "names are never deleted",
    "while": "there is no `while`: `for` goes through a list", "pass": "what is not needed is left out",
}  # fmt: skip


#: Signs of other languages.
_SIGNS = {
    ";": "a new line ends a statement, a comma separates entries", "?": "write `if c then a else b`",
    "$": "names are made of a-z, A-Z, 0-9 and _",
}  # fmt: skip


# ---- characters, numbers, brackets -----------------------------------------------------------------------------------


def _too_deep(s: Situation) -> Diagnostic | None:
    if s.token.type != TOO_DEEP:
        return None
    return s.says(
        f"more than {MAX_NESTING} brackets stand inside each other", "give a part of it a name of its own", code="V0107"
    )


def _too_long(s: Situation) -> Diagnostic | None:
    if s.token.type != TOO_LONG:
        return None
    return s.says(
        f"more than {MAX_CHAIN:,} words and signs without a comma or a new line",
        "give a part of it a name of its own",
        code="V0107",
    )


def _unclosed(s: Situation) -> Diagnostic | None:
    if s.token.type != UNCLOSED:
        return None
    closer = {"(": ")", "[": "]"}[str(s.token)]
    return s.says(f"this `{s.token}` is never closed", f"`{closer}` is missing; lines inside brackets are indented deeper",
                  code="V0104")  # fmt: skip


def _closes_nothing(s: Situation) -> Diagnostic | None:
    brackets = sum(bracket(token.type) for token in s.tokens[s.start : s.index])
    if s.token.type in ("RPAR", "RSQB") and brackets <= 0:
        return s.says(f"this `{s.token}` closes nothing", "delete it, or open its bracket", code="V0104")
    if s.token.type == "RBRACE" and s.top and brackets <= 0:
        return s.says("this `}` closes nothing", "delete it, or open its brace", code="V0104")
    return None


def _open_string(s: Situation) -> Diagnostic | None:
    if s.token.type != "OPEN_STRING":
        return None
    return s.says("this text is never closed", 'it ends with `"` on the same line', code="V0109")


def _odd_character(s: Situation) -> Diagnostic | None:
    if s.token.type != "ODD":
        return None
    char = str(s.token)
    shown = f"`{char}`" if char.isascii() else name(char)
    if char.isalpha():
        return s.says(f"{shown} stands in a name", "names are made of a-z, A-Z, 0-9 and _", code="V0103")
    if char == "\\":
        return s.says("`\\` has no place here", "a line goes on where a bracket is open", code="V0103")
    help = _SIGNS.get(char, f"write `{INSTEAD[char]}`" if char in INSTEAD else "")
    return s.says(f"{shown} has no place here", help, code="V0103")


def _number(s: Situation) -> Diagnostic | None:
    """`0x10`, `4x`, `12abc`, `1.`, `.5`, `5epochs`."""
    if s.token.type == "DOT" and s.after in _NUMBERS and s.tokens[s.index + 1].start_pos == s.token.end_pos:
        number = span(s.source, s.token, s.tokens[s.index + 1])
        return s.says(f"`{number.text}` is no number", f"write `0{number.text}`", code="V0108", at=number)
    if s.before.type == "DOT" and s.index > 1 and s.tokens[s.index - 2].type in _NUMBERS:
        number = span(s.source, s.tokens[s.index - 2], s.before)
        return s.says(f"`{number.text}` is no number", f"write `{number.text}0`", code="V0108", at=number)
    if s.before.type not in _NUMBERS or not s.touching or s.token.type not in ("NAME", *_NUMBERS):
        return None
    start = s.before.start_pos or 0
    match = re.compile(r"[\w.]+").match(s.source.text, start)
    word = match[0] if match else str(s.before)
    if (odd := s.source.text[start + len(word) : start + len(word) + 1]) in INSTEAD and not odd.isascii():
        at = Span(s.source, start + len(word), start + len(word) + 1)
        return s.says(f"{name(odd)} has no place here", f"write `{INSTEAD[odd]}`", code="V0103", at=at)
    return s.says(*_wrong_number(word), code="V0108", at=Span(s.source, start, start + len(word)))


def _wrong_number(word: str) -> tuple[str, str]:
    if re.fullmatch(r"0[xX][0-9a-fA-F]+", word):
        return f"`{word}` is no number and no shape", "numbers are decimal, and the sides of a shape at least 1"
    if re.fullmatch(r"\d+(x\d+)+", word):
        return f"`{word}` is no shape", "each side is at least 1 and has no leading 0"
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)x", word):
        return f"`{word}` is no value", f"a factor is a number: `{float(match[1])}`" if len(word) < 20 else ""
    if match := re.fullmatch(r"(\d+)(epochs?|steps?)", word):
        return f"a space is missing in `{word}`", f"write `{match[1]} {match[2]}`"
    return f"`{word}` is neither a number nor a name", "a name begins with a letter"


def _percent(s: Situation) -> Diagnostic | None:
    number = s.tokens[s.index - 2] if s.index >= 2 else s.before
    if str(s.before) != "%" or number.type not in ("INT", "FLOAT") or number.end_pos != s.before.start_pos:
        return None
    if not s.expects_value:
        return None
    return s.says("there are no percentages; `%` is the remainder of a division", "79 percent are 0.79", code="V0108",
                  at=span(s.source, number, s.before))  # fmt: skip


# ---- words and signs of other languages ------------------------------------------------------------------------------


def _foreign_word(s: Situation) -> Diagnostic | None:
    word = str(s.first)
    if word == "def" and str(s.tokens[min(s.start + 1, len(s.tokens) - 1)]) == "forward":
        return s.says("`def` is no word of the language", "write `forward(x: [N, D]) { … }`", code="V0110",
                      at=span(s.source, s.first))  # fmt: skip
    if str(s.token) == "is" and s.before.type in (*VALUES, "RPAR", "RSQB"):
        return s.says("there is no `is`", "write `x == none` or `x != none`", code="V0110")
    if s.first.type == "NAME" and word in _FOREIGN and s.index <= s.start + 2:
        return s.says(f"`{word}` is no word of the language", _FOREIGN[word], code="V0110", at=span(s.source, s.first))
    if s.token.type == "NAME" and str(s.token) in ("elif", "elseif") and s.before.type == "RBRACE":
        return s.says(f"`{s.token}` is no word of the language", _FOREIGN[str(s.token)], code="V0110")
    if str(s.before) == "lambda":
        return s.says(
            "there is no `lambda`",
            "`fn f(x) = …` at the top of the file names a function",
            code="V0110",
            at=span(s.source, s.before),
        )
    if str(s.before) == "self" and s.token.type == "DOT":
        return s.says(
            "there is no `self`", "a layer is called by its name alone", code="V0110", at=span(s.source, s.before)
        )
    return None


def _dots(s: Situation) -> Diagnostic | None:
    if s.before.type != "DOTS" or s.token.type != "DOT" or not s.touching:
        return None
    return s.says("`...` is written `..`", code="V0110", at=span(s.source, s.before, s.token))


def _formatted(s: Situation) -> Diagnostic | None:
    """`f"…"`."""
    if str(s.token) == "f" and s.after == "STRING" and s.before.type == "ELSE":
        whole = span(s.source, s.token, s.tokens[s.index + 1])
        return s.says(
            "there is no `f` before a text",
            "leave it out: the text holds values in braces anyway",
            code="V0110",
            at=whole,
        )
    if s.token.type != "STRING" or not s.touching or str(s.before) not in ("f", "r", "b"):
        return None
    help = 'the text after `else` of an `expect` holds values in braces: "{dim} channels"'
    return s.says(f"there is no `{s.before}` before a text", help if str(s.before) == "f" else "", code="V0110",
                  at=span(s.source, s.before, s.token))  # fmt: skip


def _dash(s: Situation) -> Diagnostic | None:
    """`model my-vit = …`, `model my.vit = …`."""
    if s.token.type not in ("MINUS", "DOT") or s.first.type not in ("MODEL", "BLOCK", "FN") or s.index != s.start + 2:
        return None
    word = re.compile(r"[\w.-]+").match(s.source.text, s.before.start_pos or 0)
    written = word[0] if word else str(s.before)
    return s.says(f"a name has no `{s.token}`", f"write `{re.sub('[.-]', '_', written)}`", code="V0110",
                  at=Span(s.source, s.before.start_pos or 0, (s.before.start_pos or 0) + len(written)))  # fmt: skip


def _colon(s: Situation) -> Diagnostic | None:
    """`model m: vit`, `dim: 64`, `forward(x):`."""
    if s.token.type != "COLON":
        return None
    if "EQUAL" in s.accepts and s.first.type == "MODEL":
        return s.says("what a model is built from comes after `=`", f"write `model {s.before} = …`", code="V0110")
    if "EQUAL" in s.accepts:
        return s.says("a value is given with `=`, not with `:`", f"write `{s.before} = …`", code="V0110")
    if "LBRACE" in s.accepts:
        message = "what belongs together stands in braces, not after `:`"
        return s.says(message, "write `{`, and `}` at the end", code="V0110")
    return None


def _equals(s: Situation) -> Diagnostic | None:
    """`dim == 64` for `=`, `if a = b` for `==`."""
    if str(s.token) == "==" and "EQUAL" in s.accepts:
        return s.says("a value is given with `=`; `==` compares", f"write `{s.before} = …`", code="V0110")
    if s.token.type == "EQUAL" and (str(s.first) in ("if", "expect") or "THEN" in s.accepts):
        return s.says("`=` gives a value; two values are compared with `==`", code="V0110")
    return None


def _operator(s: Situation) -> Diagnostic | None:
    """`x += 1`, `a || b`, `// a comment`, `x if c else y`."""
    kind, sign = s.token.type, str(s.token)
    if kind in ("ADD", "MINUS", "MUL", "POW") and "EQUAL" in s.accepts and s.after == "EQUAL":
        return s.says(f"there is no `{sign}=`", f"write `{s.before} = {s.before} {sign} …`", code="V0110")
    if kind == "CMP" and any(token.type == "CMP" for token in s.tokens[s.start : s.index]):
        return s.says("comparisons are not chained", "write `a < b and b < c`", code="V0110")
    if sign == "*" and s.expects_value and s.before.type in ("LPAR", "LSQB", "COMMA"):
        return s.says(
            "there is no `*` before a list", "`xs + ys` joins lists; a list of layers is called as it is", code="V0110"
        )
    if kind == "COMMA" and s.first.type == "EXPECT" and s.after == "STRING":
        return s.says("the text of an `expect` comes after `else`", 'write `expect a == b else "text"`', code="V0110")
    if kind == "VBAR" and (s.after == "VBAR" or str(s.before) == "|"):
        return s.says("there is no `||`", "write `or`", code="V0110")
    if kind == "MUL" and sign == "//" and s.before.type in ("_NL", "LBRACE", "COMMA"):
        return s.says("`//` divides; a comment begins with `#`", code="V0110")
    if kind == "IF" and s.before.type in (*VALUES, "RPAR", "RSQB") and ("_NL" in s.accepts or _else_alone(s)):
        return s.says("a choice begins with its condition", "write `if c then a else b`", code="V0110")
    return None


def _type_of_items(s: Situation) -> Diagnostic | None:
    """`list[int]`, `Optional[int]`."""
    kinds = [token.type for token in s.tokens[max(0, s.index - 2) : s.index]]
    if s.token.type != "LSQB" or kinds not in (["COLON", "NAME"], ["VBAR", "NAME"], ["_ARROW", "NAME"]):
        return None
    help = "write `int | none`" if str(s.before) == "Optional" else "write `list`, or a pattern `[N, D]` for a tensor"
    return s.says(f"a type has nothing in brackets, as here after `{s.before}`", help, code="V0110")


def _path_with_index(s: Situation) -> Diagnostic | None:
    """`blocks[0].attn = …` and `blocks.0.attn = …` in a sheet, `mask[0] = 1` in a body."""
    if s.first.type != "NAME" or not (
        (s.token.type == "LSQB" and s.index == s.start + 1 and "EQUAL" in s.accepts)
        or (s.before.type == "DOT" and s.token.type == "INT" and s.sheet)
    ):
        return None
    kinds = [token.type for token in s.tokens[s.index :]]
    if "EQUAL" not in kinds or ("_NL" in kinds and kinds.index("_NL") < kinds.index("EQUAL")):
        return None
    if s.sheet:
        help = f"set the list: `{s.first} = [… for i in 0 .. n]`"
        return s.says(
            f"a path has no index, as here behind `{s.before if s.token.type == 'LSQB' else s.first}`",
            help,
            code="V0110",
        )
    return s.says("nothing is changed in place", f"`where(condition, new, {s.first})` chooses element by element",
                  code="V0110", at=span(s.source, s.first))  # fmt: skip


def _else_alone(s: Situation) -> bool:
    """Whether an `else` but no `then` follows, as in `f(a if c else b)`; `f(a if c then b else d)` lacks a comma."""
    kinds = (token.type for token in s.tokens[s.index :])
    return next((kind for kind in kinds if kind in ("THEN", "ELSE", "_NL")), "") == "ELSE"


def _foreign_shape(s: Situation) -> Diagnostic | None:
    """`32 x 32 x 3`, `(32, 32, 3)`, `/* … */`."""
    if s.before.type == "INT" and re.fullmatch(r"x\d*", str(s.token)):
        return s.says("a shape is written without spaces", "like `224x224x3`: height x width x channels", code="V0110")
    if (
        s.token.type == "COMMA"
        and s.before.type not in ("COMMA", "LPAR")
        and "RPAR" in s.accepts
        and "COMMA" not in s.accepts
    ):
        return s.says("there are no tuples", "write a list in `[` and `]`, or a shape as `224x224x3`", code="V0110")
    if (
        s.token.type == "MUL"
        and str(s.token) == "/"
        and s.after in ("MUL", "POW")
        and s.before.type in ("_NL", "LBRACE", "COMMA")
    ):
        return s.says("a comment begins with `#` and ends with its line", code="V0110")
    return None


RULES: tuple[Rule, ...] = (
    _too_deep, _too_long, _unclosed, _open_string, _odd_character, _number, _percent, _foreign_word, _dots, _formatted,
    _dash, _type_of_items, _path_with_index, _foreign_shape, _colon, _equals, _operator, _closes_nothing,
)  # fmt: skip
