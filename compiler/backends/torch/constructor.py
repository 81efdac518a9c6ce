"""`__init__` of a class: weights drawn by their rules, layers, tables."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ... import ops
from ...ir.graph import Graph, Node, Value
from ...ir.program import Child, Layer, WeightSpec
from ...ops.base import TorchCall
from . import comments, tables
from .bodies import Surroundings, statements, tidy
from .templates import INDEX, Path, Text, filled, leaves, literal, mapped
from .view import View


class Constructor:
    """Prints the statements of `__init__`."""

    def __init__(self, view: View) -> None:
        self.view, self.group, self.names, self.layer = view, view.group, view.names, view.layer

    def lines(self) -> list[str]:
        """Weights, then layers, then tables, in the order of the text."""
        lines = [self._weight(name) for name in self.layer.weights]
        for name, child in filled(self.group.description["children"], self.group.texts, ("children",)).items():
            lines.append(f"self.{name} = {self._child(name, child)}")
            lines += self._chosen(name, child, ("children", name), self.layer.children[name])
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
        described = filled(self.group.description["weights"][name], self.group.texts, ("weights", name))
        value = self._drawn(described, name, spec, ("weights", name))
        if spec.trainable:
            return f"self.{name} = nn.Parameter({value})"
        return f'self.register_buffer("{name}", {value})'

    def _chosen(self, at: str, child: Any, path: Path, layer: Child) -> list[str]:
        """Weights of ops, in the layer at a path such as `proj.0`, that start as the section `init` says."""
        if child is None or not ("runs" in child or "kind" in child):
            return []
        if isinstance(layer, Layer):
            drawn = {n: self._drawn(d, n, layer.weights[n], (*path, "chosen", n)) for n, d in child["chosen"].items()}
            return [f"{self.view.module(at)}.{name} = nn.Parameter({value})" for name, value in drawn.items()]
        assert isinstance(layer, tuple)
        lines = list[str]()
        for index, (run, place) in enumerate(_places(child["runs"])):
            if place is None:
                break  # it has no place that can be printed
            lines += self._chosen(f"{at}.{place}", run, (*path, "runs", index), layer[place])
        return lines

    def _drawn(self, described: Mapping[str, Any], name: str, spec: WeightSpec, path: Path) -> str:
        """A tensor drawn by its rule."""
        init: Any = described["init"]
        shape = ", ".join(map(str, described["shape"])) or "()"
        if isinstance(init, int | float | str):
            if init in (0.0, 1.0):
                return f"torch.{'ones' if init else 'zeros'}({shape})"
            dims = f"({shape},)" if described["shape"] else shape
            return f"torch.full({dims}, {literal(init)})"
        if "nodes" in init:
            table: Any = spec.init  # a Table, as its description says
            return self._function(table.graph, (*path, "init", "nodes"), f"initial_{name}", {})
        attrs: Mapping[str, Any] = {**init["args"], "shape": described["shape"]}
        return ops.get(init["kind"]).torch(TorchCall((), attrs, (), ()))

    def _child(self, path: str, child: Any) -> str:
        if "handed" in child:
            return child["handed"]
        if "class" in child:
            return self._instance(child)
        if "runs" in child:
            return self._list(path, child["runs"])
        return ops.get(child["kind"]).torch_module(child["attrs"], child["weights"])

    def _instance(self, child: Mapping[str, Any]) -> str:
        modules = [f"{name}={source}" for name, source in child["modules"]]
        args = ", ".join(modules + [f"{name}={literal(value)!r}" for name, value in child["args"].items()])
        return f"{self.names.classes[child['class']]}({args})"

    def _list(self, path: str, runs: Sequence[Any]) -> str:
        if self.view.by_name(path):
            members = [f'"{i}": {self._child(f"{path}.{i}", run)}' for i, run in enumerate(runs) if run is not None]
            return f"nn.ModuleDict({{{', '.join(members)}}})"
        parts = [
            self._cycle(run) if "cycle" in run else self._child(path if place is None else f"{path}.{place}", run)
            for run, place in _places(runs)
        ]
        if self.view.chained(path):
            return f"nn.Sequential({', '.join(parts)})"
        if len(parts) == 1 and parts[0].startswith("*"):
            return f"nn.ModuleList({parts[0][1:]})"
        return f"nn.ModuleList([{', '.join(parts)}])"

    def _cycle(self, run: Mapping[str, Any]) -> str:
        """Members that repeat, as a comprehension."""
        if run["count"] == 1:
            first = mapped(run["cycle"], lambda leaf, _: _at_first(leaf))
            return ", ".join(self._instance(part) for part in first)
        members = [self._instance(part) for part in run["cycle"]]
        uses = any(INDEX in leaf.names for _, leaf in leaves(run["cycle"]) if isinstance(leaf, Text))
        index = INDEX if uses else "_"
        if len(members) == 1:
            return f"*[{members[0]} for {index} in range({run['count']})]"
        return f"*[layer for {index} in range({run['count']}) for layer in ({', '.join(members)})]"

    # ---- tables ------------------------------------------------------------------------------------------------------

    def _table(self, graph: Graph, number: int, value: Value, name: str) -> str:
        path = self.view.path(number)
        return self._function(tables.subgraph(graph, value), path, name, {n: i for i, n in enumerate(graph.nodes)})

    def _function(self, graph: Graph, path: Path, name: str, index: Mapping[Node, int]) -> str:
        """The call that computes a table; a single expression stands in its place."""
        at = [index.get(node, i) for i, node in enumerate(graph.nodes)]
        around = Surroundings(
            attrs=lambda i: self.view.attrs((*path, at[i], "attrs"), graph.nodes[i]),
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
        described = [around.attrs(i) for i in range(len(graph.nodes))]
        used = {name for _, leaf in leaves(tuple(described)) if isinstance(leaf, Text) for name in leaf.names}
        parameters = [name for name in self.group.arguments.vectors if name in used]
        return self.names.function(name, parameters, lines)


def _at_first(leaf: Any) -> Any:
    """An argument of the only member of a list."""
    return leaf.replaced(lambda name: "0" if name == INDEX else name) if isinstance(leaf, Text) else leaf


def _tidied(line: str) -> str:
    """`self.x = <expression>` or an expression, without brackets that mean nothing."""
    target, found, value = line.partition(" = ")
    return f"{target} = {tidy(value)}" if found and re.fullmatch(r"self(\.\w+|\[[^]]+\])+", target) else tidy(line)


def _places(runs: Sequence[Any]) -> Iterator[tuple[Any, int | None]]:
    """Each run with the place of its first member in the list; None behind a run as long as the instance says."""
    place: int | None = 0
    for run in runs:
        yield run, place
        repeated: dict[str, Any] = run if run and "cycle" in run else {"count": 1, "cycle": [run]}
        if place is None or isinstance(repeated["count"], str):
            place = None
        else:
            place += repeated["count"] * len(repeated["cycle"])
