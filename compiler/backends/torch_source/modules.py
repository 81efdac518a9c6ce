"""Finding the layers of a block."""

from ...ir.program import Child, Layer


def member(layer: Layer, path: str) -> Child:
    """The child at a path such as `proj.0`."""
    first, *rest = path.split(".")
    child = layer.children[first]
    for index in rest:
        assert isinstance(child, tuple)
        child = child[int(index)]
    return child
