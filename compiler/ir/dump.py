"""A graph or a program as text that stays the same from run to run: what `vitc show --after PASS` prints.

A line a node: `%out = op(%operands) {attributes}: type    # layer`. Values are called as in the text where it names
them, and numbered where it does not; a second value of one name gets a number too (`%x.1`).
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from .graph import Graph, Node, Value
from .program import Program, walk

#: A constant of more elements is shown as its hash.
SHOWN = 16


def dump(graph: Graph, title: str = "graph") -> str:
    """A graph with its inputs, its nodes in order and its results."""
    names = _names(graph)
    head = ", ".join(f"{names[v]}: {v.type}" for v in graph.inputs)
    results = [names[v] for v in graph.outputs]
    if graph.output_names:
        results = [f"{name} = {value}" for name, value in zip(graph.output_names, results, strict=True)]
    lines = [f"{title}({head}) {{", *(f"  {_line(node, names)}" for node in graph.nodes)]
    return "\n".join([*lines, f"  return {', '.join(results)}", "}\n"])


def dump_program(program: Program) -> str:
    """The bodies of all blocks, each once, under the first path at which it stands; training where it differs."""
    titles: dict[Graph, str] = {}
    for path, layer in walk(program.root):
        for mode, graphs in (("", layer.bodies), ("training ", layer.train)):
            for graph in graphs:
                titles.setdefault(graph, f"{mode}block {layer.kind} {path}".rstrip() + " ")
    return "\n".join(dump(graph, title) for graph, title in titles.items())


def _names(graph: Graph) -> dict[Value, str]:
    """A name of its own for each value."""
    names: dict[Value, str] = {}
    used: dict[str, int] = {}
    for value, hint in _hints(graph):
        count = used[hint] = used.get(hint, -1) + 1
        names[value] = f"%{hint}.{count}" if hint and count else f"%{hint or count}"
    return names


def _hints(graph: Graph) -> Iterator[tuple[Value, str]]:
    for value in graph.inputs:
        yield value, value.name
    for node in graph.nodes:
        for value in node.outputs:
            yield value, node.attrs["name"] if node.is_weight else value.name


def _line(node: Node, names: Mapping[Value, str]) -> str:
    results = ", ".join(names[v] for v in node.outputs)
    operands = ", ".join(names[v] for v in node.inputs)
    attrs = ", ".join(f"{k} = {_shown(v)}" for k, v in node.attrs.items() if not node.is_weight or k == "trainable")
    types = ", ".join(str(v.type) for v in node.outputs)
    layer = node.layer or node.origin.layer
    text = f"{results} = {node.op}({operands}){f' {{{attrs}}}' if attrs else ''}: {types}"
    return f"{text}    # {layer}" if layer else text


def _shown(value: Any) -> str:
    """An attribute; a large constant as the start of its hash."""
    if hasattr(value, "tobytes"):
        if value.size <= SHOWN:
            return str(value.tolist())
        return f"sha256:{hashlib.sha256(value.tobytes()).hexdigest()[:16]}"
    return repr(value)
