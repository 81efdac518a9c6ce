"""`__init__` of a class: weights drawn by their rules, layers, tables."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ... import ops
from ...ir import program
from ...ir.graph import Graph, Value
from ...ir.program import Layer, Table, WeightSpec
from ...ops.base import TorchCall
from . import comments, tables
from .bodies import Surroundings, statements, tidy
from .descriptions import Body, Child, Cycle, Drawn, Handed, Instance, Listed, OpLayer, Step, Weight, printed
from .lists import attribute, by_name, called_whole
from .templates import INDEX, Text, leaves, literal, mapped
from .view import View


class Constructor:
    """Prints the statements of `__init__`."""

    def __init__(self, view: View) -> None:
        self.view, self.group, self.names, self.layer = view, view.group, view.names, view.layer

    def lines(self) -> list[str]:
        """Weights, then layers, then tables, in the order of the text."""
        lines = [self._weight(name) for name in self.layer.weights]
        for name, child in self.group.description.children.items():
            lines.append(f"self.{name} = {self._child(name, child)}")
            lines += self._chosen(name, child, self.layer.children[name])
        seen: set[str] = set()
        for number, (graph, found) in enumerate(zip(self.view.graphs, self.view.tables, strict=True)):
            for value, name in found.items():
                if name not in seen:
                    seen.add(name)
                    table = self._table(graph, number, value, name)
                    lines.append(f'self.register_buffer("{name}", {table}, persistent=False)')
        return [_tidied(line) for line in lines]

    def _weight(self, name: str) -> str:
        spec = self.layer.weights[name]
        value = self._drawn(self.group.description.weights[name], name, spec)
        if spec.trainable:
            return f"self.{name} = nn.Parameter({value})"
        return f'self.register_buffer("{name}", {value})'

    def _chosen(self, at: str, child: Child | Cycle, layer: program.Child) -> list[str]:
        """Weights of ops, in the layer at a path such as `proj.0`, that start as the section `init` says."""
        if isinstance(child, OpLayer):
            assert isinstance(layer, Layer)
            drawn = {name: self._drawn(one, name, layer.weights[name]) for name, one in child.chosen.items()}
            return [f"{attribute(self.layer, at)}.{name} = nn.Parameter({value})" for name, value in drawn.items()]
        lines = list[str]()
        if isinstance(child, Listed):
            assert isinstance(layer, tuple)
            for run, place in _places(child.runs):
                if place is None:
                    break  # it has no place that can be printed
                lines += self._chosen(f"{at}.{place}", run, layer[place])
        return lines

    def _drawn(self, described: Weight, name: str, spec: WeightSpec) -> str:
        """A tensor drawn by its rule."""
        init = described.init
        if isinstance(init, Body):
            assert isinstance(spec.init, Table)
            return self._function(spec.init.graph, init.nodes, f"initial_{name}")
        if isinstance(init, Drawn):
            return ops.get(init.kind).torch(TorchCall((), {**init.args, "shape": described.shape}, (), ()))
        shape = ", ".join(map(str, described.shape)) or "()"
        if init in (0.0, 1.0):
            return f"torch.{'ones' if init else 'zeros'}({shape})"
        return f"torch.full({f'({shape},)' if described.shape else shape}, {literal(init)})"

    def _child(self, path: str, child: Child) -> str:
        match child:
            case Handed():
                return child.source
            case Instance():
                return self._instance(child)
            case Listed():
                return self._list(path, child.runs)
            case OpLayer():
                return ops.get(child.kind).torch_module(child.attrs, child.weights)
            case None:
                raise AssertionError("an empty member stands in a list that is printed by names")

    def _instance(self, child: Instance) -> str:
        modules = [f"{name}={source}" for name, source in child.modules.items()]
        args = ", ".join(modules + [f"{name}={literal(value)!r}" for name, value in child.args.items()])
        return f"{self.names.classes[child.group]}({args})"

    def _list(self, path: str, runs: Sequence[Child | Cycle]) -> str:
        if by_name(self.layer, path):
            members = [f'"{i}": {self._run(f"{path}.{i}", run)}' for i, run in enumerate(runs) if run]
            return f"nn.ModuleDict({{{', '.join(members)}}})"
        parts = [self._run(path if place is None else f"{path}.{place}", run) for run, place in _places(runs)]
        if called_whole(self.layer, path):
            return f"nn.Sequential({', '.join(parts)})"
        if len(parts) == 1 and parts[0].startswith("*"):
            return f"nn.ModuleList({parts[0][1:]})"
        return f"nn.ModuleList([{', '.join(parts)}])"

    def _run(self, path: str, run: Child | Cycle) -> str:
        """A member, or members that repeat as a comprehension."""
        if not isinstance(run, Cycle):
            return self._child(path, run)
        if run.count == 1:
            first = mapped(run.parts, lambda leaf, _: _at_first(leaf))
            return ", ".join(self._instance(part) for part in first)
        members = [self._instance(part) for part in run.parts]
        uses = any(INDEX in leaf.names for _, leaf in leaves(run.parts) if isinstance(leaf, Text))
        index = INDEX if uses else "_"
        if len(members) == 1:
            return f"*[{members[0]} for {index} in range({run.count})]"
        return f"*[layer for {index} in range({run.count}) for layer in ({', '.join(members)})]"

    # ---- tables ------------------------------------------------------------------------------------------------------

    def _table(self, graph: Graph, number: int, value: Value, name: str) -> str:
        part = tables.subgraph(graph, value)
        kept = set(part.nodes)
        steps = zip(graph.nodes, self.view.described[number].nodes, strict=True)
        return self._function(part, [step for node, step in steps if node in kept], name)

    def _function(self, graph: Graph, steps: Sequence[Step], name: str) -> str:
        """The call that computes a table; a single expression stands in its place."""
        attrs = tuple(printed(step, node) for step, node in zip(steps, graph.nodes, strict=True))
        around = Surroundings(
            attrs=lambda i: attrs[i],
            stored=lambda node: "",
            module=lambda node: "",
            table=lambda value: None,
            call=lambda node, args: "",
            loop=lambda node: ("", ""),
            shape=lambda i, out: comments.table(self.group, graph.nodes[i].outputs[out]),
            taken=lambda n: n in self.group.arguments.vectors,
        )
        (out,) = graph.outputs
        lines = statements(graph, (), around, "{}.float()" if out.type.dtype == "float" else "{}")
        if len(lines) == 1 and len(lines[0]) < 80:
            return lines[0].removeprefix("return ")
        used = {name for _, leaf in leaves(attrs) if isinstance(leaf, Text) for name in leaf.names}
        parameters = [name for name in self.group.arguments.vectors if name in used]
        return self.names.function(name, parameters, lines)


def _at_first(leaf: Any) -> Any:
    """An argument of the only member of a list."""
    return leaf.replaced(lambda name: "0" if name == INDEX else name) if isinstance(leaf, Text) else leaf


def _tidied(line: str) -> str:
    """`self.x = <expression>` or an expression, without brackets that mean nothing."""
    target, found, value = line.partition(" = ")
    return f"{target} = {tidy(value)}" if found and re.fullmatch(r"self(\.\w+|\[[^]]+\])+", target) else tidy(line)


def _places(runs: Sequence[Child | Cycle]) -> Iterator[tuple[Child | Cycle, int | None]]:
    """Each run with the place of its first member in the list; None behind a run as long as the instance says."""
    place: int | None = 0
    for run in runs:
        yield run, place
        count, length = (run.count, len(run.parts)) if isinstance(run, Cycle) else (1, 1)
        place = None if place is None or isinstance(count, str) else place + count * length
