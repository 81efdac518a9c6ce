"""From lark's parse trees to the classes of `tree`: one method per rule, spans from lark's positions."""

import re
from typing import Any

from ..diagnostics import Diagnostic, error
from ..diagnostics.source import Source, Span
from . import tree

_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
#: Of constructs inside each other: what works on a tree may call itself for each level.
_MAX_DEPTH = 100
#: Of the digits of a number; Python itself refuses to read more than 4,300.
_MAX_DIGITS = 100


class Builder:
    """`build(node)` of a lark tree; what the grammar can't see is wrong is added to `problems`."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Diagnostic] = []

    def build(self, root: Any) -> Any:
        """The tree of a node, from the leaves up and without recursion; raises V0107 where it is too deep."""
        done: dict[int, tuple[Any, int]] = {}
        for node in root.iter_subtrees():
            kids = [done[id(kid)] if hasattr(kid, "data") else (kid, 0) for kid in node.children]
            depth = 1 + max((depth for _, depth in kids), default=0)
            if node.data in ("set", "amend"):  # each name of a path is a level
                depth += len(kids) - 2
            meta = node.meta
            span = Span(self.source, 0, 0) if meta.empty else Span(self.source, meta.start_pos, meta.end_pos)
            if depth > _MAX_DEPTH:
                raise error("V0107", f"more than {_MAX_DEPTH} constructs stand inside each other here", span,
                            help="give a part of it a name of its own")  # fmt: skip
            done[id(node)] = getattr(self, "r_" + str(node.data))(span, [kid for kid, _ in kids]), depth
        return done[id(root)][0]

    def _say(self, code: str, message: str, span: Span, help: str) -> None:
        self.problems.append(Diagnostic(code, message, span, help=help))

    def _number(self, span: Span, text: str) -> int | float:
        if len(text) > _MAX_DIGITS:
            self._say(
                "V0108", f"a number of {len(text):,} characters", span, f"no number needs more than {_MAX_DIGITS}"
            )
            return 1
        digits = text.replace("_", "")
        value = int(digits) if digits.isdecimal() else float(digits)
        if value == float("inf"):
            self._say("V0108", f"`{text}` is larger than any float", span, "the largest is about 1.8e308")
        return value

    def _unescape(self, token: Any) -> str:
        """The value of a string."""

        def value(match: re.Match[str]) -> str:
            if match[1] not in _ESCAPES:
                at = token.start_pos + match.start()
                self._say("V0109", f"`{match[0]}` stands for no character", Span(self.source, at, at + 2),
                          "there are \\n, \\t, \\\" and \\\\")  # fmt: skip
            return _ESCAPES.get(match[1], match[1])

        return re.sub(r"\\(.)", value, str(token))[1:-1]

    def _name(self, token: Any) -> tree.Name:
        return tree.Name(Span(self.source, token.start_pos, token.end_pos), str(token))

    def _text(self, token: Any) -> tree.String:
        return tree.String(Span(self.source, token.start_pos, token.end_pos), self._unescape(token))

    # ---- items -------------------------------------------------------------------------------------------------------

    def r_start(self, span: Span, kids: list[Any]) -> Any:
        return tree.File(span, int(kids[0]), tuple(kids[1:]))

    def use(self, word: Any, text: Any) -> tree.Use:
        """A `use` from its two tokens."""
        return self.r_use(Span(self.source, word.start_pos, text.end_pos), [text])

    def r_use(self, span: Span, kids: list[Any]) -> Any:
        return tree.Use(span, self._text(kids[0]))

    def r_model(self, span: Span, kids: list[Any]) -> Any:
        return tree.Model(span, self._name(kids[0]), self._name(kids[1]), kids[2] or ())

    def r_section(self, span: Span, kids: list[Any]) -> Any:
        return tree.Section(span, self._name(kids[0]), self._name(kids[1]) if kids[1] else None, kids[2])

    def r_sheet(self, span: Span, kids: list[Any]) -> Any:
        return tuple(k for k in kids if isinstance(k, tree.Node))

    def r_set(self, span: Span, kids: list[Any]) -> Any:
        *outer, name, value = kids
        return self._nested(span, outer, tree.Bind(span, self._name(name), value))

    def r_amend(self, span: Span, kids: list[Any]) -> Any:
        *outer, name, entries = kids
        return self._nested(span, outer, tree.Amend(span, self._name(name), entries))

    def _nested(self, span: Span, outer: list[Any], entry: tree.Bind | tree.Amend) -> Any:
        """`a.b = v` as `a { b = v }`."""
        for name in reversed(outer):
            entry = tree.Amend(span, self._name(name), (entry,))
        return entry

    def r_match(self, span: Span, kids: list[Any]) -> Any:
        return tree.Match(span, kids[0], tuple(kids[1:]))

    def r_arm(self, span: Span, kids: list[Any]) -> Any:
        return tree.Arm(span, tuple(kids[:-1]), kids[-1])

    def r_case(self, span: Span, kids: list[Any]) -> Any:
        return self._name(kids[0])

    def r_none_case(self, span: Span, kids: list[Any]) -> Any:
        return tree.Name(span, "none")

    def r_bind(self, span: Span, kids: list[Any]) -> Any:
        return tree.Bind(span, self._name(kids[0]), kids[1])

    def r_setpath(self, span: Span, kids: list[Any]) -> Any:
        return tree.PatternBind(span, self._text(kids[0]), kids[1])

    def r_expect(self, span: Span, kids: list[Any]) -> Any:
        return tree.Expect(span, kids[0], self._text(kids[1]) if kids[1] else None)

    def r_fn(self, span: Span, kids: list[Any]) -> Any:
        name, params, result, body = kids
        if isinstance(body, tuple):
            return tree.Function(span, self._name(name), params or (), result, body)  # type: ignore[reportUnknownArgumentType] -- statements
        value = (tree.Return(body.span, (tree.Result(body.span, None, body),)),)
        return tree.Function(span, self._name(name), params or (), result, value, short=True)

    def r_block(self, span: Span, kids: list[Any]) -> Any:
        return tree.Block(span, self._name(kids[0]), kids[1] or (), tuple(kids[2:-1]), kids[-1])

    def r_params(self, span: Span, kids: list[Any]) -> Any:
        return tuple(k for k in kids if k is not None)

    def r_param(self, span: Span, kids: list[Any]) -> Any:
        return tree.Param(span, self._name(kids[0]), kids[1], kids[2])

    def r_type(self, span: Span, kids: list[Any]) -> Any:
        return tree.Type(span, tuple(kids))

    def r_word(self, span: Span, kids: list[Any]) -> Any:
        return tree.Word(span, str(kids[0]), tuple(kids[1:]))

    def r_none_word(self, span: Span, kids: list[Any]) -> Any:
        return tree.Word(span, "none")

    def r_bound(self, span: Span, kids: list[Any]) -> Any:
        return tree.Bound(span, str(kids[0]), kids[1])

    def r_pattern(self, span: Span, kids: list[Any]) -> Any:
        return tree.Pattern(span, tuple(k for k in kids if k is not None))

    def r_lead(self, span: Span, kids: list[Any]) -> Any:
        return tree.Lead(span)

    def r_forward(self, span: Span, kids: list[Any]) -> Any:
        return tree.Forward(span, kids[0] or (), kids[1] or (), kids[2])

    def r_outs(self, span: Span, kids: list[Any]) -> Any:
        return tuple(k if isinstance(k, tree.Out) else tree.Out(k.span, None, k) for k in kids)

    def r_out(self, span: Span, kids: list[Any]) -> Any:
        return tree.Out(span, self._name(kids[0]) if kids[0] else None, kids[1])

    # ---- statements --------------------------------------------------------------------------------------------------

    def r_body(self, span: Span, kids: list[Any]) -> Any:
        return tuple(kids)

    def r_let(self, span: Span, kids: list[Any]) -> Any:
        return tree.Let(span, tuple(kids[:-1]), kids[-1])

    def r_target(self, span: Span, kids: list[Any]) -> Any:
        return tree.Target(span, self._name(kids[0]), kids[1])

    def r_for(self, span: Span, kids: list[Any]) -> Any:
        return tree.For(span, tuple(self._name(k) for k in kids[:2] if k), kids[2], kids[3])

    def r_if(self, span: Span, kids: list[Any]) -> Any:
        otherwise: Any = (kids[2],) if isinstance(kids[2], tree.If) else kids[2] or ()
        return tree.If(span, kids[0], kids[1], otherwise)

    def r_return(self, span: Span, kids: list[Any]) -> Any:
        return tree.Return(span, tuple(kids))

    def r_result(self, span: Span, kids: list[Any]) -> Any:
        return tree.Result(span, self._name(kids[0]) if len(kids) == 2 else None, kids[-1])

    # ---- expressions -------------------------------------------------------------------------------------------------

    def r_cond(self, span: Span, kids: list[Any]) -> Any:
        return tree.Conditional(span, *kids)

    def r_bin(self, span: Span, kids: list[Any]) -> Any:
        return tree.Binary(span, str(kids[1]), kids[0], kids[2])

    def r_notin(self, span: Span, kids: list[Any]) -> Any:
        return tree.Binary(span, "not in", *kids)

    def r_not_(self, span: Span, kids: list[Any]) -> Any:
        return tree.Unary(span, "not", kids[0])

    def r_neg(self, span: Span, kids: list[Any]) -> Any:
        return tree.Unary(span, "-", kids[0])

    def r_call(self, span: Span, kids: list[Any]) -> Any:
        return tree.Call(span, kids[0], kids[1] or ())

    def r_args(self, span: Span, kids: list[Any]) -> Any:
        return tuple(k for k in kids if k is not None)

    def r_arg(self, span: Span, kids: list[Any]) -> Any:
        return tree.Arg(span, self._argument(kids[0]) if len(kids) == 2 else (), kids[-1])

    def _argument(self, left: tree.Expr) -> tuple[tree.Name, ...]:
        """What stands left of `=` in a call: a name or a path."""
        path: list[tree.Name] = []
        while isinstance(left, tree.Attribute):
            path.append(left.name)
            left = left.base
        if not isinstance(left, tree.Name):
            self._say("V0102", "an argument is given by a name, or by a path of names", left.span,
                      "write `name = value` or `name.part = value`")  # fmt: skip
            return ()
        return (left, *reversed(path))

    def r_index(self, span: Span, kids: list[Any]) -> Any:
        return tree.Index(span, kids[0], tuple(kids[1:]))

    def r_slice(self, span: Span, kids: list[Any]) -> Any:
        return tree.Slice(span, kids[0], kids[2], kids[4])

    def r_attr(self, span: Span, kids: list[Any]) -> Any:
        return tree.Attribute(span, kids[0], self._name(kids[1]))

    def r_int(self, span: Span, kids: list[Any]) -> Any:
        return tree.Number(span, self._number(span, str(kids[0])), str(kids[0]))

    r_float = r_int

    def r_neg_int(self, span: Span, kids: list[Any]) -> Any:
        return tree.Number(span, -self._number(span, str(kids[0])), f"-{kids[0]}")

    r_neg_float = r_neg_int

    def r_shape(self, span: Span, kids: list[Any]) -> Any:
        return tree.Shape(span, tuple(int(self._number(span, d)) for d in str(kids[0]).split("x")))

    def r_unit(self, span: Span, kids: list[Any]) -> Any:
        number, unit = str(kids[0]).split(" ")
        return tree.Unit(span, self._number(span, number), unit.rstrip("s") + "s")

    def r_string(self, span: Span, kids: list[Any]) -> Any:
        return self._text(kids[0])

    def r_true(self, span: Span, kids: list[Any]) -> Any:
        return tree.Constant(span, True)

    def r_false(self, span: Span, kids: list[Any]) -> Any:
        return tree.Constant(span, False)

    def r_none(self, span: Span, kids: list[Any]) -> Any:
        return tree.Constant(span, None)

    def r_name(self, span: Span, kids: list[Any]) -> Any:
        if (name := str(kids[0])) in ("True", "False", "None"):
            self._say("V0110", f"`{name}` is written `{name.lower()}`", span, "")
        return self._name(kids[0])

    def r_list(self, span: Span, kids: list[Any]) -> Any:
        return tree.List(span, tuple(k for k in kids if k is not None))

    def r_each(self, span: Span, kids: list[Any]) -> Any:
        return tree.Each(
            span,
            kids[0],
            tuple(k for k in kids[1:] if isinstance(k, tree.Clause)),
            kids[-1] if not isinstance(kids[-1], tree.Clause) else None,
        )

    def r_clause(self, span: Span, kids: list[Any]) -> Any:
        return tree.Clause(span, tuple(self._name(k) for k in kids[:2] if k), kids[2])
