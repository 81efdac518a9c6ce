"""Straight-line Python from a body: which values get a variable, what it is called, what stands inside an expression."""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ... import ops
from ...ir.graph import Graph, Node, Value
from ...ops.base import TorchCall
from ...ops.elementwise import Binary
from .naming import first_free, safe
from .templates import literal

#: Nodes that may stand nested in one statement.
NESTED = 5  # more is hard to read
#: What fits into 88 columns within a method.
WIDTH = 80


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a body refers to: attributes with expressions for numbers, stored tensors, layers, and the comment on a shape.

    `module` gives the attribute that a layer is, `call` an expression, or None for a list that needs a loop over
    `loop`'s result. With `plain`, ops that have steps are written out; `step` gives the comment on the shape of one.
    """

    attrs: Callable[[int], Mapping[str, Any]]
    stored: Callable[[Node], str]
    table: Callable[[Value], str | None]
    module: Callable[[Node], str]
    call: Callable[[Node, Sequence[str]], str | None]
    loop: Callable[[Node], tuple[str, str]]
    shape: Callable[[int, int], str]
    taken: Callable[[str], bool]
    plain: bool = False
    step: Callable[[int, int], str] = lambda node, step: ""


def tidy(text: str) -> str:
    """An expression without brackets that mean nothing."""
    return ast.unparse(ast.parse(text.strip(), mode="eval"))


def statements(
    graph: Graph, parameters: Sequence[str], around: Surroundings, result: str = "{}", fields: Sequence[str] = ()
) -> list[str]:
    """The lines of a function body; `result` wraps each returned value, `fields` names them in a tuple `Results`."""
    return _Writer(graph, parameters, around, result, fields).lines()


class _Writer:
    def __init__(
        self, graph: Graph, parameters: Sequence[str], around: Surroundings, result: str, fields: Sequence[str]
    ) -> None:
        self.graph, self.around, self.result, self.fields = graph, around, result, fields
        self.index = {node: i for i, node in enumerate(graph.nodes)}
        self.producer = graph.producers()
        self.uses = graph.uses()
        self.texts: dict[Value, str] = dict(zip(graph.inputs, parameters, strict=True))
        self.weight: dict[Node, int] = {}
        self.spelt = {node for node in graph.nodes if around.plain and self._has_steps(node)}
        needed = self._needed()
        self.kept = [node for node in graph.nodes if node in needed]
        self.inline = {node for node in self.kept if self._inlined(node)}
        self.place = self._places()
        self.held: dict[str, Value] = {name: value for value, name in self.texts.items()}
        self.shapes: dict[str, str] = {}

    # ---- what gets a statement of its own ----------------------------------------------------------------------------

    def _needed(self) -> set[Node]:
        """What the results are computed from; leaves are named where they are used, and so are tables."""
        needed: set[Node] = set()
        pending = list(self.graph.outputs)
        while pending:
            value = pending.pop()
            node = self.producer.get(value)
            if node is None or node in needed or self.around.table(value) is not None:
                continue
            if not (node.is_number or node.is_weight or node.is_constant):
                needed.add(node)
                pending += node.inputs
        return needed

    def _inlined(self, node: Node) -> bool:
        """One result, read once, not named in the text or only to be returned, and the expression stays short."""
        self.weight[node] = 1 + sum(
            self.weight[maker]
            for value in node.inputs
            if (maker := self.producer.get(value)) in self.weight and self._read_once(value) and not value.name
        )
        # a loop is a statement, and what a loop reads again must not be computed again
        if len(node.outputs) != 1 or not self._read_once(node.output) or self._loops(node) or self._repeats(node):
            return False
        users = self.uses.get(node.output, ())
        if node in self.spelt or any(user in self.spelt or self._doubles(user, node.output) for user in users):
            return False
        return node.output in self.graph.outputs or (not node.output.name and self.weight[node] <= NESTED)

    def _read_once(self, value: Value) -> bool:
        return len(self.uses.get(value, ())) + self.graph.outputs.count(value) == 1

    def _loops(self, node: Node) -> bool:
        return node.is_call and self.around.call(node, [""] * len(node.inputs)) is None

    def _repeats(self, node: Node) -> bool:
        """Whether a loop reads it each time round: it is computed once, before."""
        users = self.uses.get(node.output, [])
        return any(self._loops(user) and node.output in user.inputs[len(user.outputs) :] for user in users)

    def _places(self) -> dict[Node, int]:
        """The statement that each node ends up in."""
        place: dict[Node, int] = {}
        order = [node for node in self.kept if node not in self.inline]
        place.update({node: i for i, node in enumerate(order)})
        for node in reversed(self.kept):
            if node in self.inline:
                users = self.uses.get(node.output, [])
                place[node] = place[users[0]] if users and users[0] in place else len(order)
        return place

    def _last_use(self, value: Value) -> int:
        if value in self.graph.outputs:
            return len(self.graph.nodes)
        return max((self.place.get(user, -1) for user in self.uses.get(value, ())), default=-1)

    # ---- expressions -------------------------------------------------------------------------------------------------

    def text(self, value: Value) -> str:
        """An expression for a value."""
        table = self.around.table(value)
        if table is not None:
            return table
        if value not in self.texts:
            node = self.producer[value]
            self.texts[value] = self._expression(node)
        return self.texts[value]

    def _operand(self, value: Value, node: Node) -> str:
        """A value as an operand: safe to be followed by a method, promoted where torch would fall to float32."""
        text = self.text(value)
        if not text.replace(".", "").replace("_", "").isalnum() or text[0].isdigit():
            text = f"({text})"
        # torch makes float32 of an integer tensor and a Python float; tables are computed in float64
        made = node.outputs[0].type
        wide = made.dtype == "float" and made.stage == "const" and isinstance(ops.get(node.op), Binary)
        if wide and value.type.dtype == "int" and not self.producer[value].is_number:
            text = f"{text}.double()"
        return text

    def _expression(self, node: Node) -> str:
        if node.is_weight:
            return self.around.stored(node)
        attrs = {name: literal(value) for name, value in self.around.attrs(self.index[node]).items()}
        if node.is_number:
            return f"{attrs['value']!r}"
        if node.is_call:
            text = self.around.call(node, [self.text(value) for value in node.inputs])
            assert text is not None
            return text
        return self._applied(node, attrs, [self._operand(value, node) for value in self._operands(node)])

    def _operands(self, node: Node) -> tuple[Value, ...]:
        """What stands in the brackets: a layer's weights do not."""
        return node.inputs[:1] if node.layer and not node.is_call else node.inputs

    def _applied(self, node: Node, attrs: Mapping[str, Any], args: Sequence[str]) -> str:
        """An op on operands."""
        op = ops.get(node.op)
        if op.vanishes(attrs):
            return args[0]
        call = self._torch_call(node, attrs, args)
        return op.torch_call(self.around.module(node), call) if node.layer else op.torch(call)

    def _torch_call(self, node: Node, attrs: Mapping[str, Any], args: Sequence[str]) -> TorchCall:
        types, outs = (tuple(v.type for v in values) for values in (node.inputs, node.outputs))
        makers = [self.producer.get(value) for value in node.inputs]
        literals = frozenset(i for i, maker in enumerate(makers) if maker is not None and maker.is_number)
        return TorchCall(tuple(args), attrs, types, outs, literals)

    def _has_steps(self, node: Node) -> bool:
        call = self._torch_call(node, node.attrs, ["x"] * len(node.inputs))
        return (op := ops.of(node)) is not None and bool(op.torch_steps(call, str))

    def _doubles(self, node: Node, value: Value) -> bool:
        """Whether the text of a node names an operand twice: it needs a variable then."""
        if node.is_call:
            return False
        operands = self._operands(node)
        text = self._applied(node, node.attrs, [f"operand{i}_" for i in range(len(operands))])
        return text.count(f"operand{operands.index(value)}_") > 1

    # ---- lines -------------------------------------------------------------------------------------------------------

    def lines(self) -> list[str]:
        """Statements, then the result."""
        found: list[str] = []
        for node in self.kept:
            if node in self.inline:
                continue
            found += self._loop(node) if self._loops(node) else self._assign(node)
        results = [tidy(self.result.format(f"({self.text(value)})")) for value in self.graph.outputs]
        if self.fields:
            given = (f"{name}={value}" for name, value in zip(self.fields, results, strict=True))
            return [*found, f"return Results({', '.join(given)})"]
        return [*found, f"return {', '.join(results)}"]

    def _assign(self, node: Node) -> list[str]:
        if node in self.spelt:
            return self._spell(node)
        expression = self._expression(node)
        targets = [self._name(value, node) for value in node.outputs]
        line = f"{', '.join(targets)} = {tidy(expression)}"
        if targets == [tidy(expression)]:
            return []  # an op that does nothing here, under the name that its operand has
        comment = self._comment(node, targets)
        return [line + comment if len(line + comment) <= WIDTH else line]

    def _spell(self, node: Node) -> list[str]:
        """The statements of an op that is written out."""
        here, index = self.place[node], self.index[node]
        attrs = {name: literal(value) for name, value in self.around.attrs(index).items()}
        call = self._torch_call(node, attrs, [self.text(value) for value in node.inputs])

        def free(word: str) -> str:
            name = safe(word, self.around.taken)
            return first_free(name, lambda n: n in self.held and self._last_use(self.held[n]) >= here)

        *steps, last = ops.get(node.op).torch_steps(call, free)
        lines = list[str]()
        for number, step in enumerate(steps):
            line, shape = f"{step.name} = {step.text}", self.around.step(index, number) if step.type else ""
            news = shape and self.shapes.get(step.name) != shape
            self.shapes[step.name] = shape
            lines.append(f"{line}  # {shape}" if news and len(f"{line}  # {shape}") <= WIDTH else line)
        (value,) = node.outputs
        target = self._name(value, node)
        return [*lines, f"{target} = {last.text}{self._comment(node, [target])}"]

    def _loop(self, node: Node) -> list[str]:
        listing, member = self.around.loop(node)
        inputs = [tidy(self.text(value)) for value in node.inputs]
        targets = [self._name(value, node) for value in node.outputs]
        before = [f"{t} = {i}" for t, i in zip(targets, inputs, strict=False) if t != i]
        args = ", ".join([*targets, *inputs[len(targets) :]])
        return [*before, f"for {member} in {listing}:", f"    {', '.join(targets)} = {member}({args})"]

    def _comment(self, node: Node, targets: list[str]) -> str:
        """The shape of what was assigned, where it is news."""
        shape = self.around.shape(self.index[node], 0)
        news = self.shapes.get(targets[0]) != shape
        self.shapes.update(dict.fromkeys(targets, shape))
        return f"  # {shape}" if news and shape else ""

    # ---- names -------------------------------------------------------------------------------------------------------

    def _name(self, value: Value, node: Node) -> str:
        """A variable that holds nothing still needed."""
        if value not in self.uses and value not in self.graph.outputs:
            return "_"
        here = self.place[node]
        # a loop reads what it does not change each time round
        again = node.inputs[len(node.outputs) :] if self._loops(node) else ()

        def needed(name: str) -> bool:
            return name in self.held and (self._last_use(self.held[name]) > here or self.held[name] in again)

        name = first_free(safe(self._hint(value), self.around.taken), needed)
        self.held[name] = value
        self.texts[value] = name
        return name

    def _hint(self, value: Value) -> str:
        """The name from the text, that of an operand of what is written out, or of what becomes of the value."""
        seen, users = 0, self.uses.get(value, [])
        if not value.name and users and users[0] in self.spelt:
            return ops.get(users[0].op).inputs[users[0].inputs.index(value)].rstrip("?")
        while not value.name and seen < NESTED:
            users = self.uses.get(value, [])
            if len(users) != 1 or not users[0].outputs:
                break
            value, seen = users[0].outputs[0], seen + 1
        return value.name or "y"
