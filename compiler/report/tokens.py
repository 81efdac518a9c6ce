"""Tokens: how many positions the members of the model's lists of layers hand on.

Counted are the axes in front of the channels, [N, D] or [H, W, D]. Channels are the last axis where an op of the
member makes as many; a member that hands on something else (a map [C, H, W]) counts for nothing.
"""

from math import prod

from .. import ops
from ..ir.graph import Value
from .layers import Trace


def tokens(trace: Trace) -> tuple[int, ...]:
    """The counts in the order of the model, equal neighbours once: (197,), or (3136, 784, 196, 49)."""
    widths: dict[str, set[int]] = {}
    for node in trace.graph.nodes:
        op = ops.of(node)
        if op is not None and op.makes_channels:
            for path in _members(node.origin.layer):
                widths.setdefault(path, set()).add(node.output.type.shape[-1])
    given = _by_value(trace)
    counts: list[int] = []
    for value in (value for node in trace.graph.nodes for value in node.outputs):
        count = prod(value.type.shape[:-1])
        written = any(value.type.shape[-1] in widths.get(path, ()) for path in given.get(value, ()))
        if written and counts[-1:] != [count]:
            counts.append(count)
    return tuple(counts)


def _members(path: str) -> list[str]:
    """The members of lists at and around a path."""
    parts = path.split(".")
    return [".".join(parts[: i + 1]) for i, part in enumerate(parts) if part.isdigit()]


def _by_value(trace: Trace) -> dict[Value, list[str]]:
    """The members of lists that gave a tensor as their first result."""
    found: dict[Value, list[str]] = {}
    for path, calls in trace.results.items():
        if path.rpartition(".")[2].isdigit():
            for call in calls:
                if call[0].type.rank > 1:
                    found.setdefault(call[0], []).append(path)
    return found
