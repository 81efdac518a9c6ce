"""ONNX: the flattened graph written directly, operators of the standard alone, opset 23.

Input `image` float32 [batch, C, H, W], outputs by their names, any batch size. What depends on no input is computed
while writing, so the file holds no arithmetic on weights.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper

from ... import ops
from ...ir.graph import Graph, Node, Value
from ...ir.types import STORED, DType, TensorType
from ...ops.base import Array, OnnxCall
from .tensors import LIMIT, TYPES, Stored, beside, declared, inside, of_array

OPSET = 23
#: The IR version of ONNX 1.18, the first with this opset.
IR_VERSION = 11
Weights = Mapping[str, Callable[[], Array]]


def readers(weights: Mapping[str, Array]) -> Weights:
    """Gives weights as they are taken here: each read when called."""
    return {name: partial(weights.__getitem__, name) for name in weights}


def write(graph: Graph, weights: Weights, path: Path, metadata: Mapping[str, str], limit: int = LIMIT) -> None:
    """Writes the model; `weights` gives each tensor of the graph by its state-dict key when called.

    Tensors of more than `limit` bytes in all go to a file beside it, of the same name and `.data`.
    """
    recorder = _Recorder(graph, weights)
    model, tensors = recorder.model(metadata), recorder.used()
    _check(model, tensors)
    if sum(tensor.size for tensor in tensors.values()) <= limit:
        model.graph.initializer.extend(inside(tensors))
    else:
        model.graph.initializer.extend(beside(tensors, path.with_name(path.name + ".data")))
    path.write_bytes(model.SerializeToString(deterministic=True))


def build(graph: Graph, weights: Weights, metadata: Mapping[str, str]) -> onnx.ModelProto:
    """The model in memory."""
    recorder = _Recorder(graph, weights)
    model = recorder.model(metadata)
    model.graph.initializer.extend(inside(recorder.used()))
    return model


def _check(model: onnx.ModelProto, tensors: dict[str, Stored]) -> None:
    """ONNX's full checker, on a copy whose large tensors are inputs: it looks at types and shapes, not at weights."""
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    small, large = declared(tensors)
    bare.graph.initializer.extend(small)
    bare.graph.input.extend(large)
    onnx.checker.check_model(bare, full_check=True)  # type: ignore[reportUnknownMemberType] -- onnx leaves it untyped


def _info(value: Value, name: str) -> onnx.ValueInfoProto:
    shape = (["batch"] if value.type.stage == "sample" else []) + list(value.type.shape)
    return helper.make_tensor_value_info(name, TYPES[value.type.dtype], shape)


class _Recorder:
    """The `OnnxEmitter` of the ops: nodes and initialisers in order, arithmetic on initialisers done at once."""

    def __init__(self, graph: Graph, weights: Weights) -> None:
        self.graph, self.weights = graph, weights
        self.nodes: list[onnx.NodeProto] = []
        self.stored: dict[str, Stored] = {}
        self.names: dict[Value, str] = {v: v.name for v in graph.inputs}
        self.image = graph.inputs[0].name
        #: Names of the text that a stored tensor must leave alone; all that is made here has a colon in it.
        self.public = {v.name for v in graph.inputs} | set(graph.output_names)
        self.layer, self.count = "", dict[str, int]()
        self.shared: dict[tuple[str, bytes], str] = {}
        self.batch_name = ""
        for node in graph.nodes:
            self.node(node)
        self.outputs = [self.output(v, n) for v, n in zip(graph.outputs, graph.output_names, strict=True)]

    def model(self, metadata: Mapping[str, str]) -> onnx.ModelProto:
        """The model without its tensors."""
        inputs = [_info(v, v.name) for v in self.graph.inputs]
        body = helper.make_graph(self.nodes, "model", inputs, self.outputs)
        model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="vitc")
        model.ir_version = IR_VERSION
        helper.set_model_props(model, dict(metadata))
        return model

    def node(self, node: Node) -> None:
        """Records one node of the graph."""
        if node.is_weight:
            key = node.attrs["name"]
            name = f"{key}:weight" if key in self.public else key
            self.stored[name] = Stored(node.output.type, self.weights[key])
            self.names[node.output] = name
            return
        self.layer = node.origin.layer
        types, outs = (tuple(v.type for v in vs) for vs in (node.inputs, node.outputs))
        args = tuple(self.names[v] for v in node.inputs)
        # what stands on weights alone is computed once, here, and not at every start of ONNX Runtime
        if not node.is_number and args and all(a in self.stored for a in args) and not _sample(outs):
            results = self._compute(node, args)
        elif node.is_constant:
            results = (self.array(node.attrs["value"]),)
        else:
            results = ops.get(node.op).onnx(self, OnnxCall(args, node.attrs, types, outs))
        self.names.update(zip(node.outputs, results, strict=True))

    def _compute(self, node: Node, args: Sequence[str]) -> tuple[str, ...]:
        """What stands on weights and numbers alone, in float64, rounded once."""
        arrays = [self.value(a) for a in args]
        wide = [a.astype(np.float64) if a.dtype.kind == "f" else a for a in arrays]
        return tuple(self.array(x) for x in ops.get(node.op).evaluate(wide, node.attrs))

    def output(self, value: Value, name: str) -> onnx.ValueInfoProto:
        """Gives a result its public name."""
        self.nodes.append(helper.make_node("Identity", [self.names[value]], [name], name=f"output/{name}"))
        return _info(value, name)

    def used(self) -> dict[str, Stored]:
        """The tensors that some node reads, in the order they came."""
        read = {name for node in self.nodes for name in node.input}
        return {name: tensor for name, tensor in self.stored.items() if name in read}

    # ---- what ops call -----------------------------------------------------------------------------------------------

    def op(self, op_type: str, *inputs: str, **attrs: Any) -> str:
        """A node with one output; a transposed initialiser is stored transposed."""
        if op_type == "Transpose" and inputs[0] in self.stored:
            name = f"{inputs[0]}.T"
            self.stored.setdefault(name, self.stored[inputs[0]].transposed(tuple(attrs["perm"])))
            return name
        return self.ops(op_type, 1, *inputs, **attrs)[0]

    def ops(self, op_type: str, count: int, *inputs: str, **attrs: Any) -> tuple[str, ...]:
        """A node with several outputs, named after its layer."""
        stem = f"{self.layer}/{op_type}" if self.layer else op_type
        number = self.count[stem] = self.count.get(stem, -1) + 1
        name = f"{stem}_{number}" if number else stem
        outputs = tuple(f"{name}:{i}" for i in range(count))
        self.nodes.append(helper.make_node(op_type, list(inputs), list(outputs), name=name, **attrs))
        return outputs

    def ints(self, *values: int) -> str:
        """A list of integers."""
        return self.array(np.array(values, np.int64))

    def scalar(self, value: float, dtype: DType = "float") -> str:
        """A number."""
        return self.array(np.array(value, STORED[dtype]))

    def array(self, value: Array) -> str:
        """An initialiser; equal ones are one."""
        stored = of_array(np.asarray(value))
        key = (str(stored.type), stored.numbers().tobytes())
        if key not in self.shared:
            self.shared[key] = f"constant:{len(self.shared)}"
            self.stored[self.shared[key]] = stored
        return self.shared[key]

    def value(self, name: str) -> Array:
        """The numbers of an initialiser."""
        return self.stored[name].numbers()

    def batch(self) -> str:
        """The batch size, taken once."""
        if not self.batch_name:
            layer, self.layer = self.layer, ""
            self.batch_name = self.op("Shape", self.image, start=0, end=1)
            self.layer = layer
        return self.batch_name


def _sample(types: tuple[TensorType, ...]) -> bool:
    return any(t.stage == "sample" for t in types)
