"""What is wrong where a text can't go on: a table from what was read and what could follow to words."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from lark import Token

from .characters import INSTEAD, name
from .diagnostics import Diagnostic, Label
from .layout import TOO_DEEP, UNCLOSED
from .source import Source, Span
from .suggest import close

_NUMBERS = ("INT", "FLOAT", "SHAPE", "UNIT")
_VALUES = {"NAME", "INT", "FLOAT", "STRING", "LPAR", "LSQB"}
_RESERVED = (
    "AND",
    "OR",
    "NOT",
    "IN",
    "IF",
    "THEN",
    "ELSE",
    "FOR",
    "TRUE",
    "FALSE",
    "NONE",
    "RETURN",
    "EXPECT",
    "FORWARD",
)
_WORDS = {
    "EQUAL": "`=`", "LBRACE": "`{`", "RBRACE": "`}`", "LPAR": "`(`", "RPAR": "`)`", "LSQB": "`[`", "RSQB": "`]`",
    "COMMA": "`,`", "COLON": "`:`", "_ARROW": "`->`", "VBAR": "`|`", "DOT": "`.`", "DOTS": "`..`", "IN": "`in`",
    "THEN": "`then`", "ELSE": "`else`", "FORWARD": "`forward`", "_NL": "a new line", "STRING": "a text in quotes",
    "INT": "a number", "NAME": "a name",
}  # fmt: skip
#: First words of a line that other languages have.
_FOREIGN = {
    "elif": "`elif` is written `else if`", "elseif": "`elseif` is written `else if`",
    "def": "a function is written `fn NAME(…) = …`, a network `block NAME(…) { … }`",
    "function": "a function is written `fn NAME(…) = …`", "func": "a function is written `fn NAME(…) = …`",
    "class": "a network is written `block NAME(…) { … }`", "import": "another file is brought in by `use \"FILE.vit\"`",
    "from": "another file is brought in by `use \"FILE.vit\"`", "let": "a binding has no word before it: `x = …`",
    "var": "a binding has no word before it: `x = …`", "const": "a binding has no word before it: `x = …`",
    "while": "there is no `while`: `for` goes through a list", "pass": "what is not needed is left out",
}  # fmt: skip


@dataclass(frozen=True)
class Situation:
    """Where the parser stopped: at `tokens[index]`, in an entry that begins at `start`, inside one that begins at `outer`.

    `accepts`: the types of tokens that could have followed. `sheet`: among entries of a sheet or section; `top`: at the
    top of the file.
    """

    source: Source
    tokens: list[Token]
    index: int
    start: int
    outer: int
    accepts: set[str]
    sheet: bool
    top: bool

    @cached_property
    def token(self) -> Token:
        """The one that does not fit."""
        return self.tokens[self.index]

    @cached_property
    def before(self) -> Token:
        """The one read last."""
        return self.tokens[self.index - 1] if self.index else Token("_NL", "", 0, end_pos=0)

    @cached_property
    def first(self) -> Token:
        """The first of the entry."""
        return self.tokens[min(self.start, self.index)]

    @cached_property
    def after(self) -> str:
        """The type of the token after the one that does not fit."""
        return self.tokens[self.index + 1].type if self.index + 1 < len(self.tokens) else "_NL"

    @property
    def touching(self) -> bool:
        """Whether no space is before the token."""
        return self.before.end_pos == self.token.start_pos

    @property
    def span(self) -> Span:
        """The token's place; of a line's end the place after what was read last."""
        if self.token.type == "_NL":
            return Span(self.source, self.before.end_pos or 0, (self.before.end_pos or 0) + 1)
        return span(self.source, self.token)

    def says(self, message: str, help: str = "", *, code: str = "V0102", at: Span | None = None) -> Diagnostic:
        """A diagnostic at the token or at `at`."""
        return Diagnostic(code, message, at or self.span, help=help)


def span(source: Source, *tokens: Token) -> Span:
    """From the first of the tokens to the last."""
    return Span(source, tokens[0].start_pos or 0, tokens[-1].end_pos or 0)


def diagnose(here: Situation) -> Diagnostic:
    """The words of the first rule that knows the situation."""
    return next(found for rule in RULES if (found := rule(here)) is not None)


# ---- characters, numbers, brackets -----------------------------------------------------------------------------------


def _too_deep(s: Situation) -> Diagnostic | None:
    if s.token.type != TOO_DEEP:
        return None
    return s.says("more than 100 brackets stand inside each other", "give a part of it a name of its own", code="V0107")


def _unclosed(s: Situation) -> Diagnostic | None:
    if s.token.type != UNCLOSED:
        return None
    closer = {"(": ")", "[": "]"}[str(s.token)]
    return s.says(f"this `{s.token}` is never closed", f"`{closer}` is missing; lines inside brackets are indented deeper",
                  code="V0104")  # fmt: skip


def _closes_nothing(s: Situation) -> Diagnostic | None:
    kinds = [token.type for token in s.tokens[s.start : s.index]]
    brackets = sum((kind in ("LPAR", "LSQB")) - (kind in ("RPAR", "RSQB")) for kind in kinds)
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
    help = f"write `{INSTEAD[char]}`" if char in INSTEAD else ""
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
    if not _expects_value(s):
        return None
    return s.says("there are no percentages; `%` is the remainder of a division", "79 percent are 0.79", code="V0108",
                  at=span(s.source, number, s.before))  # fmt: skip


# ---- words and signs of other languages ------------------------------------------------------------------------------


def _foreign_word(s: Situation) -> Diagnostic | None:
    word = str(s.first)
    if s.first.type == "NAME" and word in _FOREIGN and s.index <= s.start + 2:
        return s.says(f"`{word}` is no word of the language", _FOREIGN[word], code="V0110", at=span(s.source, s.first))
    if str(s.before) == "self" and s.token.type == "DOT":
        return s.says(
            "there is no `self`", "a layer is called by its name alone", code="V0110", at=span(s.source, s.before)
        )
    return None


def _foreign_sign(s: Situation) -> Diagnostic | None:
    kind, sign = s.token.type, str(s.token)
    if kind == "COLON" and "EQUAL" in s.accepts and s.first.type == "MODEL":
        return s.says("what a model is built from comes after `=`", f"write `model {s.before} = …`", code="V0110")
    if kind == "COLON" and "EQUAL" in s.accepts:
        return s.says("a value is given with `=`, not with `:`", f"write `{s.before} = …`", code="V0110")
    if kind == "COLON" and "LBRACE" in s.accepts:
        return s.says(
            "what belongs together stands in braces, not after `:`", "write `{`, and `}` at the end", code="V0110"
        )
    if sign == "==" and "EQUAL" in s.accepts:
        return s.says("a value is given with `=`; `==` compares", f"write `{s.before} = …`", code="V0110")
    if (kind == "EQUAL" and str(s.first) in ("if", "expect")) or (kind == "EQUAL" and "THEN" in s.accepts):
        return s.says("`=` gives a value; two values are compared with `==`", code="V0110")
    if kind in ("ADD", "MINUS", "MUL", "POW") and "EQUAL" in s.accepts and s.after == "EQUAL":
        return s.says(f"there is no `{sign}=`", f"write `{s.before} = {s.before} {sign} …`", code="V0110")
    if kind == "VBAR" and (s.after == "VBAR" or str(s.before) == "|"):
        return s.says("there is no `||`", "write `or`", code="V0110")
    if kind == "MUL" and sign == "//" and s.before.type in ("_NL", "LBRACE", "COMMA"):
        return s.says("`//` divides; a comment begins with `#`", code="V0110")
    if (
        kind == "IF"
        and s.before.type in (*_VALUES, "RPAR", "RSQB")
        and "COMMA" in s.accepts | {"COMMA"}
        and "_NL" in s.accepts
    ):
        return s.says("a choice begins with its condition", "write `if c then a else b`", code="V0110")
    return None


# ---- parts that are missing or out of place --------------------------------------------------------------------------


def _without_forward(s: Situation) -> Diagnostic | None:
    if s.token.type != "RBRACE" or "FORWARD" not in s.accepts:
        return None
    block = s.tokens[s.outer + 1] if s.outer + 1 < len(s.tokens) else s.token
    return s.says(f"the block `{block}` has no `forward`", "it ends with `forward(x: […]) { … }`", code="V0111",
                  at=span(s.source, block))  # fmt: skip


def _after_forward(s: Situation) -> Diagnostic | None:
    if not s.accepts <= {"_NL", "RBRACE"} or s.token.type not in ("NAME", "EXPECT", "FORWARD") or s.start != s.index:
        return None
    if s.token.type == "FORWARD":
        return s.says("a block has one `forward`", code="V0111")
    return s.says("`forward` comes last in a block", "bind the layers above it", code="V0111")


def _empty_body(s: Situation) -> Diagnostic | None:
    if s.token.type == "RBRACE" and "RETURN" in s.accepts:
        return s.says("there is nothing between these braces", "a body has at least one statement")
    return None


def _misplaced(s: Situation) -> Diagnostic | None:
    """A statement among entries, an entry at the top, a definition inside another."""
    kind = s.token.type
    if kind in ("ELSE", "THEN") and not _expects_value(s) and kind not in s.accepts:
        return s.says(f"this `{s.token}` belongs to no `if`", code="V0111")
    if s.index != s.start:
        return None
    if kind in ("BLOCK", "FN", "MODEL", "USE"):
        return s.says(f"`{s.token}` stands at the top of a file, not inside of something", code="V0111")
    if kind == "RETURN":
        return s.says("`return` stands in `forward` or in a `fn`", code="V0111")
    if kind in ("IF", "FOR") and s.after != "EQUAL":
        help = "choose a value: `x = if c then a else b`" if kind == "IF" else "write a list: `[f(i) for i in 0 .. n]`"
        return s.says(f"`{s.token}` as a statement stands in `forward` or in a `fn`", help, code="V0111")
    if kind == "FORWARD":
        return s.says("`forward` stands in a block", code="V0111")
    return None


def _at_the_top(s: Situation) -> Diagnostic | None:
    """A line at the top of the file that begins with a name and is no section."""
    if s.first.type != "NAME" or not s.top or s.index > s.start + 2:
        return None
    like = close(str(s.first), ("block", "model", "use", "fn"))
    if s.token.type in ("NAME", "STRING") or s.index == s.start + 2:
        help = (
            f"did you mean `{like}`?" if like else "an item begins with use, fn, block, model or the name of a section"
        )
        return s.says(f"`{s.first}` begins no item", help, at=span(s.source, s.first))
    if s.token.type == "EQUAL" and s.after == "LBRACE":
        return s.says("a section has no `=`", f"write `{s.first} {{ … }}`")
    if s.token.type == "EQUAL":
        return s.says(f"`{s.first}` is bound outside of everything", "values stand in `model NAME = BLOCK { … }`",
                      code="V0111", at=span(s.source, s.first))  # fmt: skip
    return None


def _word_as_name(s: Situation) -> Diagnostic | None:
    if s.token.type not in _RESERVED or "NAME" not in s.accepts or _expects_value(s):
        return None
    return s.says(f"`{s.token}` is a word of the language and can't be a name", "choose another")


def _bare_call(s: Situation) -> Diagnostic | None:
    """`attn(x)` as a statement, `layernorm` alone in a sheet."""
    if s.first.type != "NAME" or s.index != s.start + 1 or "EQUAL" not in s.accepts:
        return None
    if s.token.type in ("LPAR", "DOT", "LSQB"):
        help = "write `name = value`" if s.sheet or s.top else f"bind what it gives: `x = {s.first}{s.token}…`"
        return s.says(f"`{s.first}{s.token}…` stands alone: nothing takes its value", help, at=span(s.source, s.first))
    return None


def _choice(s: Situation) -> Diagnostic | None:
    """`if` among values, half of it missing."""
    if "THEN" in s.accepts and s.first.type != "IF":
        return s.says("`then` is missing in a choice", "write `if c then a else b`")
    if "ELSE" in s.accepts and s.first.type != "IF" and s.first.type != "EXPECT" and "LBRACE" not in s.accepts:
        return s.says("`else` is missing in a choice", "write `if c then a else b`")
    return None


def _sheet_in_brackets(s: Situation) -> Diagnostic | None:
    if s.first.type != "MODEL" or s.index != s.start + 4 or s.token.type not in ("LPAR", "DOT"):
        return None
    return s.says("the values of a model stand in braces", f"write `{s.before} {{ key = value }}`")


def _file_name(s: Situation) -> Diagnostic | None:
    if s.before.type != "USE":
        return None
    return s.says("the name of a file stands in quotes", 'write `use "FILE.vit"`')


def _forward_without_inputs(s: Situation) -> Diagnostic | None:
    if str(s.before) != "forward" or s.token.type not in ("LBRACE", "_ARROW", "NAME") or s.start != s.index - 1:
        return None
    return s.says("`forward` is missing its inputs", "write `forward(x: […]) { … }`")


def _type_or_bound(s: Situation) -> Diagnostic | None:
    if s.accepts and s.accepts <= {"INT", "FLOAT", "MINUS"}:
        return s.says(f"a number is missing after {_shown(s.before)}")
    if s.accepts == {"LSQB"} and s.before.type == "COLON":
        return s.says("a shape is missing after `:`", "like `[N, D]`")
    if s.accepts and s.accepts <= {"NAME", "NONE", "LSQB", "LPAR"} and s.before.type in ("_ARROW", "COLON", "VBAR"):
        return s.says(f"a type is missing after {_shown(s.before)}", "like `int`, `block` or `[N, D]`")
    return None


def _brace_below(s: Situation) -> Diagnostic | None:
    if s.token.type == "LBRACE" and s.before.type == "_NL":
        return s.says("`{` can't begin a line", "it stands at the end of the line above")
    if s.token.type != "_NL" or "LBRACE" not in s.accepts:
        return None
    if s.after == "LBRACE":
        return s.says("the line ends before its `{`", "`{` stands on the same line")
    return s.says(f"`{{` is missing after {_shown(s.before)}")


def _value(s: Situation) -> Diagnostic | None:
    if not _expects_value(s) or s.token.type in _VALUES:
        return None
    if s.token.type == "_NL" or s.token.type in ("COMMA", "RPAR", "RSQB", "RBRACE", "LBRACE", "THEN", "ELSE"):
        help = (
            "a line goes on only where a bracket is open" if s.token.type == "_NL" and s.before.type != "EQUAL" else ""
        )
        return s.says(f"a value is missing after {_shown(s.before)}", help)
    return s.says(f"a value is missing between {_shown(s.before)} and {_shown(s.token)}")


def _separator(s: Situation) -> Diagnostic | None:
    """Two things side by side."""
    if s.token.type not in _VALUES | {"SHAPE", "UNIT", "TRUE", "FALSE", "NONE", "RETURN", "EXPECT", "FOR", "IF", "NOT"}:
        return None
    if any(str(token) == "//" for token in s.tokens[s.start : s.index]):
        return s.says("`//` divides; a comment begins with `#`", code="V0110")
    if "COMMA" in s.accepts and {"RPAR", "RSQB"} & s.accepts:
        return s.says(f"`,` is missing before {_shown(s.token)}")
    if "_NL" in s.accepts and s.index > s.start:
        sign = "`,` or a new line" if s.sheet else "a new line"
        return s.says(f"{sign} is missing before {_shown(s.token)}")
    return None


def _one_thing(s: Situation) -> Diagnostic | None:
    """Only one token could have followed."""
    if s.before.type == "_NL" and s.token.type != "_NL":
        return None
    wanted = s.accepts - {"_NL"} if len(s.accepts) > 1 and s.token.type == "_NL" else s.accepts
    if "EQUAL" in wanted:
        wanted = {"EQUAL"}
    if len(wanted) != 1:
        return None
    (kind,) = wanted
    missing = f"{_WORDS.get(kind, kind.lower())} is missing after {_shown(s.before)}"
    return s.says(missing if s.token.type == "_NL" else f"{missing}, before {_shown(s.token)}")


def _anything(s: Situation) -> Diagnostic | None:
    wanted = [word for kind, word in _WORDS.items() if kind in s.accepts]
    if s.token.type == "LBRACE" or s.before.type == "LBRACE":
        return s.says("braces hold the entries of a sheet or the lines of a body, nothing else")
    if s.token.type == "_NL":
        message = f"the line ends too early, after {_shown(s.before)}"
    elif s.before.type == "_NL":
        message = f"{_shown(s.token)} can't begin a line here"
    else:
        message = f"{_shown(s.token)} can't follow {_shown(s.before)}"
    return s.says(message, f"{_either(wanted)} could" if wanted and len(wanted) <= 5 else "")


def _expects_value(s: Situation) -> bool:
    return s.accepts >= {"NAME", "INT", "LPAR"}


def _shown(token: Token) -> str:
    """A token as the user wrote it, a long one in part."""
    if token.type == "_NL":
        return "the line's end"
    text = str(token)
    return f"`{text}`" if len(text) <= 40 else f"`{text[:37]}…`"


def _either(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


#: The first that knows the situation speaks.
RULES: tuple[Callable[[Situation], Diagnostic | None], ...] = (
    _too_deep, _unclosed, _open_string, _odd_character, _number, _percent, _foreign_word, _foreign_sign, _closes_nothing,
    _without_forward, _after_forward, _empty_body, _misplaced, _at_the_top, _file_name, _word_as_name, _bare_call,
    _choice, _sheet_in_brackets, _forward_without_inputs, _brace_below, _type_or_bound, _value, _separator, _one_thing, _anything,
)  # fmt: skip

__all__ = ["Label", "Situation", "diagnose", "span"]
