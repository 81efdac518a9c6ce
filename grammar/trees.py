"""From lark's parse trees to the classes of `tree`: one method per rule, spans from lark's positions."""

from typing import Any

from . import tree
from .source import Source, Span

_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


def unescape(text: str) -> str:
    """The value of a string token, quotes included in `text`."""
    out: list[str] = []
    chars = iter(text[1:-1])
    for char in chars:
        out.append(_ESCAPES.get(nxt := next(chars), nxt) if char == "\\" else char)
    return "".join(out)


class Builder:
    """`build(node)` of a lark tree or token."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def build(self, node: Any) -> Any:
        """The tree of a node; tokens stay what they are."""
        if not hasattr(node, "data"):
            return node
        span = (
            Span(self.source, node.meta.start_pos, node.meta.end_pos)
            if not node.meta.empty
            else Span(self.source, 0, 0)
        )
        return getattr(self, "r_" + str(node.data))(span, [self.build(child) for child in node.children])

    def _name(self, token: Any) -> tree.Name:
        return tree.Name(Span(self.source, token.start_pos, token.end_pos), str(token))

    def _text(self, token: Any) -> tree.String:
        return tree.String(Span(self.source, token.start_pos, token.end_pos), unescape(str(token)))

    # ---- items -------------------------------------------------------------------------------------------------------

    def r_start(self, span: Span, kids: list[Any]) -> Any:
        return tree.File(span, int(kids[0]), tuple(kids[1:]))

    def r_use(self, span: Span, kids: list[Any]) -> Any:
        return tree.Use(span, self._text(kids[0]))

    def r_model(self, span: Span, kids: list[Any]) -> Any:
        return tree.Model(span, self._name(kids[0]), self._name(kids[1]), kids[2] or ())

    def r_section(self, span: Span, kids: list[Any]) -> Any:
        return tree.Section(span, self._name(kids[0]), self._name(kids[1]) if kids[1] else None, kids[2])

    def r_sheet(self, span: Span, kids: list[Any]) -> Any:
        return tuple(k for k in kids if isinstance(k, tree.Node))

    def r_bind(self, span: Span, kids: list[Any]) -> Any:
        return tree.Bind(span, self._name(kids[0]), kids[1])

    def r_setpath(self, span: Span, kids: list[Any]) -> Any:
        return tree.PatternBind(span, self._text(kids[0]), kids[1])

    def r_expect(self, span: Span, kids: list[Any]) -> Any:
        return tree.Expect(span, kids[0], self._text(kids[1]) if kids[1] else None)

    def r_fn(self, span: Span, kids: list[Any]) -> Any:
        name, params, result, body = kids
        short = not isinstance(body, tuple)
        if short:
            body = (tree.Return(body.span, (tree.Result(body.span, None, body),)),)
        return tree.Function(span, self._name(name), params or (), result, body, short)

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
        otherwise = kids[2] or ()
        return tree.If(span, kids[0], kids[1], otherwise if isinstance(otherwise, tuple) else (otherwise,))

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
        return tree.Arg(span, self._name(kids[0]) if len(kids) == 2 else None, kids[-1])

    def r_index(self, span: Span, kids: list[Any]) -> Any:
        return tree.Index(span, kids[0], tuple(kids[1:]))

    def r_slice(self, span: Span, kids: list[Any]) -> Any:
        return tree.Slice(span, kids[0], kids[2], kids[4])

    def r_attr(self, span: Span, kids: list[Any]) -> Any:
        return tree.Attribute(span, kids[0], self._name(kids[1]))

    def r_int(self, span: Span, kids: list[Any]) -> Any:
        return tree.Number(span, int(str(kids[0]).replace("_", "")), str(kids[0]))

    def r_float(self, span: Span, kids: list[Any]) -> Any:
        return tree.Number(span, float(str(kids[0]).replace("_", "")), str(kids[0]))

    def r_neg_int(self, span: Span, kids: list[Any]) -> Any:
        return tree.Number(span, -int(str(kids[0]).replace("_", "")), "-" + str(kids[0]))

    def r_shape(self, span: Span, kids: list[Any]) -> Any:
        return tree.Shape(span, tuple(int(d) for d in str(kids[0]).split("x")))

    def r_unit(self, span: Span, kids: list[Any]) -> Any:
        number, unit = str(kids[0]).replace("_", "").split(" ")
        value = float(number) if "." in number else int(number)
        return tree.Unit(span, value, unit.rstrip("s") + "s")

    def r_string(self, span: Span, kids: list[Any]) -> Any:
        return self._text(kids[0])

    def r_true(self, span: Span, kids: list[Any]) -> Any:
        return tree.Constant(span, True)

    def r_false(self, span: Span, kids: list[Any]) -> Any:
        return tree.Constant(span, False)

    def r_none(self, span: Span, kids: list[Any]) -> Any:
        return tree.Constant(span, None)

    def r_name(self, span: Span, kids: list[Any]) -> Any:
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
