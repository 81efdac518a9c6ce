"""Index tables: whether what they ask for is there."""

from ...diagnostics.source import Span
from .. import ops
from ..ir.graph import Graph, Value
from ..ops.base import Bounds
from .scopes import Scope

#: Elements of tables whose evaluation counts as one step.
_ELEMENTS = 2**12


def within(scope: Scope, index: Value, size: int, span: Span) -> None:
    """Fails with V0310 for a table of integers, known while compiling, that leaves an axis of `size`.

    Bounds of the ops tell of most tables that they stay inside; the others are computed, which takes numpy.
    """
    table = scope.builder.alone(index)
    scope.context.step(span, len(scope.builder.nodes) // 16)
    found = _bounds(table)
    if found is None or not 0 <= found[0] <= found[1] < size:
        if any(ops.get(node.op).random for node in table.nodes):
            return
        from ..evaluate import evaluate  # takes numpy, which most specs are checked without

        scope.context.step(
            span, sum(node.output.type.size for node in table.nodes if len(node.outputs) == 1) // _ELEMENTS
        )
        (array,) = evaluate(table, ())
        wrong = array[(array < 0) | (array >= size)]
        if wrong.size:
            help = f"an index is 0 to {size - 1}" + (": it does not count from the end" if wrong[0] < 0 else "")
            label = f"{wrong.size:,} of {array.size:,} are outside"
            scope.context.fail("V0310", f"index {wrong[0]} of an axis of {size}", span, label=label, help=help)


def _bounds(table: Graph) -> Bounds | None:
    """The bounds of a table from those of what it is computed from."""
    known = dict[Value, Bounds]()
    for node in table.nodes:
        inputs = [known[value] for value in node.inputs if value in known]
        found = ops.get(node.op).bounds(inputs, node.attrs) if len(inputs) == len(node.inputs) else None
        known.update((value, found) for value in node.outputs if found is not None)
    return known.get(table.outputs[0])
