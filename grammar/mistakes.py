"""What is wrong where a text can't go on: a table from what was read and what could follow to words."""

from collections.abc import Iterable

from ..diagnostics import Diagnostic, foreign
from ..diagnostics.suggest import close
from . import misspelt
from .situation import VALUES, Rule, Situation, shown, span

_RESERVED = (
    *["AND", "OR", "NOT", "IN", "IF", "THEN", "ELSE", "FOR", "TRUE", "FALSE", "NONE", "RETURN", "EXPECT", "FORWARD"],
)
_WORDS = {
    "EQUAL": "`=`", "LBRACE": "`{`", "RBRACE": "`}`", "LPAR": "`(`", "RPAR": "`)`", "LSQB": "`[`", "RSQB": "`]`",
    "COMMA": "`,`", "COLON": "`:`", "_ARROW": "`->`", "VBAR": "`|`", "DOT": "`.`", "DOTS": "`..`", "IN": "`in`",
    "THEN": "`then`", "ELSE": "`else`", "FORWARD": "`forward`", "_NL": "a new line", "STRING": "a text in quotes",
    "INT": "a number", "NAME": "a name",
}  # fmt: skip


def diagnose(here: Situation) -> Diagnostic:
    """The words of the first rule that knows the situation."""
    return next(found for rule in RULES if (found := rule(here)) is not None)


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
    if kind in ("ELSE", "THEN") and not s.expects_value and kind not in s.accepts:
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
    if s.token.type not in _RESERVED or "NAME" not in s.accepts or s.expects_value:
        return None
    return s.says(f"`{s.token}` is a word of the language and can't be a name", "choose another")


def _arm(s: Situation) -> Diagnostic | None:
    """`true => …`, `"x" => …` or `1 => …` in a `match`."""
    if s.after != "_FAT" or s.token.type in ("NAME", "NONE"):
        return None
    help = "write the word without quotes" if s.token.type == "STRING" else "choose with `if c then a else b`"
    return s.says(f"an arm of a `match` is for a word or `none`, not for {shown(s.token)}", help, code="V0315")


def _bare_call(s: Situation) -> Diagnostic | None:
    """`attn(x)` as a statement, `layernorm` alone in a sheet."""
    if s.first.type != "NAME" or s.index != s.start + 1 or "EQUAL" not in s.accepts:
        return None
    if s.token.type in ("LPAR", "DOT", "LSQB"):
        called = s.tokens[s.index + 1] if s.token.type == "DOT" and s.index + 1 < len(s.tokens) else s.first
        help = "write `name = value`" if s.sheet or s.top else f"bind what it gives: `x = {s.first}{s.token}…`"
        help = foreign.translation(str(called)) or help
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
        return s.says(f"a number is missing after {shown(s.before)}")
    if s.accepts == {"LSQB"} and s.before.type == "COLON":
        return s.says("a shape is missing after `:`", "like `[N, D]`")
    if s.accepts and s.accepts <= {"NAME", "NONE", "LSQB", "LPAR"} and s.before.type in ("_ARROW", "COLON", "VBAR"):
        return s.says(f"a type is missing after {shown(s.before)}", "like `int`, `block` or `[N, D]`")
    return None


def _brace_below(s: Situation) -> Diagnostic | None:
    if s.token.type == "LBRACE" and s.before.type == "_NL":
        return s.says("`{` can't begin a line", "it stands at the end of the line above")
    if s.token.type != "_NL" or "LBRACE" not in s.accepts:
        return None
    if s.after == "LBRACE":
        return s.says("the line ends before its `{`", "`{` stands on the same line")
    return s.says(f"`{{` is missing after {shown(s.before)}")


def _value(s: Situation) -> Diagnostic | None:
    if not s.expects_value or s.token.type in VALUES:
        return None
    if s.token.type == "_NL" or s.token.type in ("COMMA", "RPAR", "RSQB", "RBRACE", "LBRACE", "THEN", "ELSE"):
        help = (
            "a line goes on only where a bracket is open" if s.token.type == "_NL" and s.before.type != "EQUAL" else ""
        )
        if s.sheet and s.token.type == "LBRACE" and s.before.type == "EQUAL":
            help = f"entries in braces take no `=`: write `{s.first} {{ … }}`"
        return s.says(f"a value is missing after {shown(s.before)}", help)
    return s.says(f"a value is missing between {shown(s.before)} and {shown(s.token)}")


def _separator(s: Situation) -> Diagnostic | None:
    """Two things side by side."""
    if s.token.type not in VALUES | {"SHAPE", "UNIT", "TRUE", "FALSE", "NONE", "RETURN", "EXPECT", "FOR", "IF", "NOT"}:
        return None
    if any(str(token) == "//" for token in s.tokens[s.start : s.index]):
        return s.says("`//` divides; a comment begins with `#`", code="V0110")
    if "COMMA" in s.accepts and {"RPAR", "RSQB"} & s.accepts:
        return s.says(f"`,` is missing before {shown(s.token)}")
    if "_NL" in s.accepts and s.index > s.start:
        sign = "`,` or a new line" if s.sheet else "a new line"
        return s.says(f"{sign} is missing before {shown(s.token)}")
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
    missing = f"{_WORDS.get(kind, kind.lower())} is missing after {shown(s.before)}"
    return s.says(missing if s.token.type == "_NL" else f"{missing}, before {shown(s.token)}")


def _braces_after_value(s: Situation) -> Diagnostic | None:
    """`optimizer = adamw { lr = 1e-3 }`."""
    if s.token.type != "LBRACE" or s.before.type != "NAME" or s.index < 2 or s.tokens[s.index - 2].type != "EQUAL":
        return None
    message = f"the settings of `{s.before}` are in parentheses where it is a value"
    alone = f", or set them alone: `{s.first} {{ … }}`" if s.sheet else ""
    return s.says(message, f"write `{s.before}(…)`{alone}")


def _anything(s: Situation) -> Diagnostic | None:
    wanted = [word for kind, word in _WORDS.items() if kind in s.accepts]
    if s.token.type == "LBRACE" or s.before.type == "LBRACE":
        return s.says("braces hold the entries of a sheet or the lines of a body, nothing else")
    if s.token.type == "_NL":
        message = f"the line ends too early, after {shown(s.before)}"
    elif s.before.type == "_NL":
        message = f"{shown(s.token)} can't begin a line here"
        if s.token.type in ("ADD", "MINUS", "MUL", "POW", "CMP", "AND", "OR"):
            return s.says(message, "a line goes on only inside brackets: put what is long in `( )`")
    else:
        message = f"{shown(s.token)} can't follow {shown(s.before)}"
    return s.says(message, f"{_either(wanted)} could" if wanted and len(wanted) <= 5 else "")


def _either(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


#: The first rule that knows the situation gives the diagnostic.
RULES: tuple[Rule, ...] = (
    *misspelt.RULES, _without_forward, _after_forward, _empty_body, _misplaced, _at_the_top, _file_name, _arm,
    _word_as_name, _bare_call, _choice, _sheet_in_brackets, _forward_without_inputs, _brace_below, _type_or_bound, _value, _separator,
    _braces_after_value, _one_thing, _anything,
)  # fmt: skip
