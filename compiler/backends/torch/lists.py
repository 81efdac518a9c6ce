"""How a list of layers prints: as `nn.Sequential`, `nn.ModuleList`, or `nn.ModuleDict` where not all members are modules."""

from ...ir.program import Layer, member


def called_whole(layer: Layer, path: str) -> bool:
    """Tells whether the list at a path is only ever run on one tensor from its first member to its last."""
    graphs = layer.bodies + layer.train
    nodes = [n for graph in graphs for n in graph.nodes if _within(n.layer, path) or _within(path, n.layer)]
    return all(_within(path, n.layer) and len(n.inputs) == len(n.outputs) == 1 for n in nodes)


def by_name(layer: Layer, path: str) -> bool:
    """Tells whether what stands at a path prints as `nn.ModuleDict`."""
    child = member(layer, path)
    if not isinstance(child, tuple):
        return False
    return None in child or (any(isinstance(m, Layer) and m.is_op for m in child) and not called_whole(layer, path))


def attribute(layer: Layer, path: str) -> str:
    """Gives the expression for a layer within the methods of its class: `self.proj[0]`."""
    first, *rest = path.split(".")
    text, above = f"self.{first}", first
    for index in rest:
        text += f'["{index}"]' if by_name(layer, above) else f"[{index}]"
        above += f".{index}"
    return text


def _within(path: str, above: str) -> bool:
    """Whether a path leads to a layer or to something in it."""
    return f"{path}.".startswith(f"{above}.") if above else False
