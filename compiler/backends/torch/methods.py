"""`forward` of a class: one for each set of argument types, with both modes where they differ."""

from collections.abc import Sequence
from typing import Any

from ... import ops
from ...ir.graph import Graph, Node, Value
from ...ir.program import Layer, member
from ...ops.base import TorchCall
from . import comments, results
from .bodies import Surroundings, statements
from .descriptions import printed
from .lists import attribute, called_whole
from .modes import joined, same
from .naming import safe
from .templates import Path, Text, mapped
from .view import View


class Methods:
    """Prints the `forward` methods of a class."""

    def __init__(self, view: View) -> None:
        self.view, self.group, self.names, self.layer = view, view.group, view.names, view.layer

    def lines(self) -> list[str]:
        """`forward`, and one more for each set of argument types whose statements differ."""
        texts = [self._forward(number) for number in range(len(self.layer.bodies))]
        lines: list[str] = []
        for number, (signature, body) in enumerate(texts):
            if number == 0 or not same(body, texts[0][1]):
                name = f"forward{number}" if number else "forward"
                lines += ["", f"def {name}({signature}", *(f"    {line}" for line in body)]
        return lines[1:]

    def method(self, variant: int) -> str:
        """How the body for these argument types is called: empty for plain `forward`."""
        first = self._forward(0)[1]
        return f".forward{variant}" if variant and not same(self._forward(variant)[1], first) else ""

    def _forward(self, number: int) -> tuple[str, list[str]]:
        graph = self.layer.bodies[number]
        parameters = self._parameters(graph)
        inputs = "".join(f", {name}: Tensor" for name in parameters)
        if self.view.fields and not self.names.gives:
            every = self._modes(number, parameters, graph.names)[0]
            served = joined(*self._modes(number, parameters, graph.names[:1]))
            # without the type of what it gives: a script finds that this is a tensor
            return f"self{inputs}):", results.forward(every, served, self.view.fields[graph.names[0]])
        lines = joined(*self._modes(number, parameters, self.names.gives if self.view.fields else ()))
        count = len(graph.outputs)
        result = "Tensor" if count == 1 else f"tuple[{', '.join(['Tensor'] * count)}]"
        return f"self{inputs}) -> {'Results' if self.view.fields else result}:", lines

    def _modes(self, number: int, parameters: Sequence[str], gives: Sequence[str]) -> tuple[list[str], list[str]]:
        """The statements of training and of inference; of a model with several results, those that give some of them."""
        inference = self._statements(number, parameters, gives)
        if not self.view.train:
            return inference, inference
        return self._statements(len(self.layer.bodies) + number, parameters, gives), inference

    def _parameters(self, graph: Graph) -> list[str]:
        names: list[str] = []
        for value in graph.inputs:
            name = safe(value.name or "x", self.names.taken)
            names.append(name if name not in names else f"{name}{len(names)}")
        return names

    def _statements(self, number: int, parameters: Sequence[str], gives: Sequence[str]) -> list[str]:
        graph = self.view.graphs[number]
        shown = results.chosen(graph, gives) if gives else graph
        fields = [self.view.fields[name] for name in shown.names] if len(gives) > 1 else ()
        found, described = self.view.tables[number], self.view.described[number].nodes
        around = Surroundings(
            attrs=lambda i: self._own(printed(described[i], graph.nodes[i])),
            stored=lambda node: f"self.{node.attrs['name']}",
            table=lambda value: f"self.{found[value]}" if value in found else None,
            module=lambda node: attribute(self.layer, node.layer),
            call=self._call,
            loop=self._loop,
            shape=lambda i, out: comments.shape(
                self.group, lambda own: (own.bodies + own.train)[number].nodes[i].outputs[out]
            ),
            taken=self.names.taken,
            plain=self.names.plain,
            step=lambda i, step: comments.shape(
                self.group, lambda own: _step((own.bodies + own.train)[number].nodes[i], step)
            ),
        )
        return statements(shown, parameters, around, fields=fields)

    def _own(self, value: Any) -> Any:
        """Expressions over arguments as they stand outside of the constructor."""

        def outside(leaf: Any, _: Path) -> Any:
            return leaf.replaced(lambda name: f"self.{name}") if isinstance(leaf, Text) else leaf

        return mapped(value, outside)

    def _call(self, node: Node, args: Sequence[str]) -> str | None:
        path = node.layer
        child = member(self.layer, path)
        inside = ", ".join(args)
        if isinstance(child, tuple) and not called_whole(self.layer, path):
            return None
        return f"{attribute(self.layer, path)}{self._variant(node, child)}({inside})"

    def _variant(self, node: Node, child: Any) -> str:
        if not isinstance(child, Layer) or child.is_op or not node.attrs.get("variant"):
            return ""
        owner = next(g for g in self.names.classes if child in g.index)
        return Methods(View(owner, self.names)).method(node.attrs["variant"])

    def _loop(self, node: Node) -> tuple[str, str]:
        first = node.layer.partition(".")[0]
        return attribute(self.layer, node.layer), first.removesuffix("s") if first.endswith("s") else "layer"


def _step(node: Node, step: int) -> Value:
    """What a statement makes of an op that is written out."""
    types = tuple(value.type for value in node.inputs)
    made = ops.get(node.op).torch_steps(TorchCall(("",) * len(types), node.attrs, types, ()), str)[step].type
    assert made is not None
    return Value(made)
