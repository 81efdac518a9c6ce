"""What a program comes to once every layer stands where it stands: counted before anything is unfolded.

Equal layers are one object, so a text of forty lines can describe 2**40 layers. Each object is looked at once.
"""

from dataclasses import dataclass

from ...diagnostics.source import Span
from ..ir.program import Layer, walk_children
from ..ir.types import TensorType
from .context import MAX_CONSTANT, MAX_ELEMENTS, Context, power

MAX_NODES = 500_000
MAX_WEIGHTS = 100_000


@dataclass(slots=True)
class _Total:
    """Of a layer and all below it: ops, stored tensors, their elements, elements of constants."""

    nodes: int = 0
    weights: int = 0
    #: The shape of the largest.
    largest: tuple[int, ...] = ()
    elements: int = 0
    constants: int = 0

    def add(self, other: "_Total") -> None:
        self.nodes += other.nodes
        self.weights += other.weights
        self.elements += other.elements
        self.constants += other.constants
        self.largest = max(self.largest, other.largest, key=_elements)


def _elements(shape: tuple[int, ...]) -> int:
    return TensorType(shape).size


def check(root: Layer, context: Context, span: Span) -> None:
    """Fails with V0501, V0504 or V0507 for a model that no machine could hold."""
    total = _count(root, {})
    if total.nodes > MAX_NODES or total.weights > MAX_WEIGHTS:
        context.fail("V0504", f"the model unfolds into {power(total.nodes)} ops with {power(total.weights)} weights", span,
                    about=context.longest[1],
                    help=f"at most {MAX_NODES:,} ops and {MAX_WEIGHTS:,} weights are taken")  # fmt: skip
    if total.elements > MAX_ELEMENTS:
        context.fail("V0501", f"all weights together have {power(total.elements)} elements, more than 2**36", span,
                     sizes=total.largest)  # fmt: skip
    if total.constants > 8 * MAX_CONSTANT:
        context.fail("V0507", f"all constants together have {power(total.constants)} elements", span,
                    help=f"at most {8 * MAX_CONSTANT:,} are computed")  # fmt: skip


def _count(layer: Layer, known: dict[Layer, _Total]) -> _Total:
    if layer not in known:
        total = _Total()
        for spec in layer.weights.values():
            total.weights += 1
            total.elements += _elements(spec.shape)
            total.largest = max(total.largest, spec.shape, key=_elements)
        for graph in layer.bodies:
            total.nodes += len(graph.nodes)
            values = [value for node in graph.nodes for value in node.outputs]
            total.constants += sum(v.type.size for v in values if v.type.stage == "const")
        for name, child in layer.children.items():
            for _, inner in walk_children(child, name):
                total.add(_count(inner, known))
        known[layer] = total
    return known[layer]
