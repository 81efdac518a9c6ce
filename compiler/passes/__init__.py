"""Passes: one file each, `run(graph) -> graph`, in these orders; the verifier looks at what each leaves."""

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module

from ..ir.graph import Graph
from ..ir.program import Layer, Program, mapped
from . import verifier

#: On the body of every block, so that every target gets them. Tables stay formulas here: printed code computes them.
LOCAL = ("identities", "attention", "cse", "dead")
#: On the flattened graph of inference.
GLOBAL = ("inference", "constants", "cse", "dead")


def apply(graph: Graph, names: Sequence[str]) -> Graph:
    """The graph after these passes."""
    for name in names:
        graph = import_module(f".{name}", __name__).run(graph)
        verifier.check(graph, name)
    return graph


def local(program: Program, names: Sequence[str] = LOCAL) -> Program:
    """The program with passes run on all of its bodies; what was shared stays shared."""
    return replace(program, root=_layer(program.root, names, {}, {}))


def _layer(layer: Layer, names: Sequence[str], layers: dict[Layer, Layer], graphs: dict[Graph, Graph]) -> Layer:
    if layer not in layers:
        for graph in layer.bodies + layer.train:
            if graph not in graphs:  # where training is no different both are one object, and stay so
                graphs[graph] = apply(graph, names)

        def change(inner: Layer, _: str) -> Layer:
            return inner if inner.is_op else _layer(inner, names, layers, graphs)

        children = {name: mapped(child, change) for name, child in layer.children.items()}
        bodies = tuple(graphs[graph] for graph in layer.bodies)
        layers[layer] = replace(layer, children=children, bodies=bodies, train=tuple(graphs[g] for g in layer.train))
    return layers[layer]
