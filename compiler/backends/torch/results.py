"""A model with several results: the first at inference and wherever the file is scripted or exported, all in eager training."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from ...ir.graph import Graph
from . import comments
from .descriptions import Group
from .modes import parted
from .naming import first_free, safe

#: What a named tuple has already.
_TUPLE = ("count", "index")


def fields(graph: Graph) -> dict[str, str]:
    """The fields of the named tuple by the names of the results; none where there is one result."""
    found: dict[str, str] = {}
    for name in graph.names if len(graph.outputs) > 1 else ():
        bare = name.lstrip("_")
        field = safe(bare if bare.isidentifier() else f"result{bare}", lambda other: other in _TUPLE)
        found[name] = first_free(field, lambda other: other in found.values())
    return found


def chosen(graph: Graph, names: Collection[str]) -> Graph:
    """The graph with the results of these names."""
    kept = [(value, name) for value, name in zip(graph.outputs, graph.names, strict=True) if name in names]
    return replace(graph, outputs=tuple(value for value, _ in kept), output_names=tuple(name for _, name in kept))


def named_tuple(group: Group, gives: Sequence[str]) -> str:
    """The class `Results` with these fields, or all; empty where the model has one result."""
    graph = group.layer.bodies[0]
    named = fields(graph)
    if not named:
        return ""
    given = chosen(graph, gives or graph.names)
    shapes = zip(given.names, given.outputs, strict=True)
    lines = [f"    {named[name]}: Tensor  # {comments.result(group, value)}" for name, value in shapes]
    return "\n".join(["class Results(NamedTuple):", '    """What `Model` gives."""', "", *lines, "", "", ""])


def forward(eager: Sequence[str], served: Sequence[str], first: str) -> list[str]:
    """The statements of `forward` from those that give all results and those that give the first, a field of `Results`."""
    # two tests: torch scripts nothing that reads `is_exporting`, and leaves out what stands under `not is_scripting()`
    *statements, last = eager
    given = [
        f"results = {last.removeprefix('return ')}",
        f"return results.{first} if torch.compiler.is_exporting() else results",
    ]
    return parted([*statements, *given], served, "if self.training and not is_scripting():")
