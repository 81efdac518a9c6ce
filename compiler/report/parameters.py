"""Trained elements: `state` and tables are not counted, a shared weight counts once."""

from math import prod

from ..ir.program import Program


def parameters(program: Program) -> int:
    """Of the whole model."""
    return sum(by_weight(program).values())


def by_weight(program: Program) -> dict[str, int]:
    """Of every trained tensor by its state-dict key."""
    return {name: prod(spec.shape) for name, spec in program.weights().items() if spec.trainable}


def below(sizes: dict[str, int], path: str) -> int:
    """Of the layer at a path with all that is inside of it."""
    return sum(size for name, size in sizes.items() if not path or name.startswith(f"{path}."))
