"""What a model is and costs, in one table."""

from dataclasses import dataclass

from ..ir.graph import Graph
from ..ir.program import Program
from .activations import activations, peak
from .layers import Row, Trace, layers, traced
from .macs import macs
from .parameters import parameters
from .tokens import tokens


@dataclass(frozen=True, slots=True)
class Summary:
    """Of one sample: shapes without the batch axis, memory in bytes, the receptive field (height, width) in pixels.

    `outputs` are the results that are exported, at whose cost the rest looks; `results` are all, which training gives.
    """

    model: str
    params: int
    macs: int
    activations: int
    peak: int
    tokens: tuple[int, ...]
    field: tuple[int, int] | None
    inputs: dict[str, tuple[int, ...]]
    outputs: dict[str, tuple[int, ...]]
    results: dict[str, tuple[int, ...]]


def summary(program: Program, graph: Graph) -> tuple[Summary, tuple[Row, ...]]:
    """The summary, and the rows of the layers that it comes from; `graph` is the optimised one."""
    trace: Trace = traced(program)
    rows = layers(program, trace, graph.output_names)
    made = Summary(
        program.name,
        parameters(program),
        macs(graph),
        activations(graph),
        peak(graph),
        tokens(trace),
        rows[0].field,
        {value.name: value.type.shape for value in graph.inputs},
        _shapes(graph),
        _shapes(trace.graph),
    )
    return made, rows


def _shapes(graph: Graph) -> dict[str, tuple[int, ...]]:
    """The results of a graph, by name."""
    return {name: value.type.shape for name, value in zip(graph.names, graph.outputs, strict=True)}
