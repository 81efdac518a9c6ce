"""What stands in printed code besides classes: functions that ops need, and `Model.load`."""

from collections.abc import Iterable

from ... import ops
from ...ir.program import Layer

#: By their names, which nothing else in a printed file may have.
FUNCTIONS = {name: op.helper for name in ops.names() if (op := ops.get(name)).helper}

LOAD = '''
    @classmethod
    def load(cls, path: str) -> "Model":
        """The model with the weights of a `.safetensors` file, ready for inference."""
        from safetensors.torch import load_file

        model = cls()
        model.load_state_dict(load_file(path))
        return model.eval()
'''

#: The same where layers are shared: the file has their weights under their first name only.
LOAD_SHARED = LOAD.replace("import load_file", "import load_model").replace(
    "model.load_state_dict(load_file(path))", "load_model(model, path)"
)


def used(layers: Iterable[Layer]) -> str:
    """The functions that the bodies of these layers call."""
    nodes = (node for layer in layers for graph in layer.bodies + layer.train for node in graph.nodes)
    called = {node.op for node in nodes if node.op in FUNCTIONS and not ops.get(node.op).vanishes(node.attrs)}
    return "".join(f"{FUNCTIONS[name]}\n\n" for name in sorted(called, reverse=True))
