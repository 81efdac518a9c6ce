"""What an ONNX file must be before ONNX Runtime sees it, and how it is run.

ONNX Runtime follows a hard link out of the folder, and its loader has had memory errors. So a file is read by the
protobuf library first: nothing but what vitc writes passes, and external data only as the file beside it. `guard` keeps
what then still goes wrong away from the process that the user started.
"""

import os
import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ..compiler.ops.base import Array
from ..diagnostics import VitError, error

#: The keys that a tensor with external data may have.
_KEYS = {"location", "offset", "length", "checksum"}
#: Element types of an output that are numbers of a class each.
_FLOATS = ("tensor(float)", "tensor(float16)", "tensor(double)")
#: What a protobuf file can hold.
_LARGEST = 2**31


def checked(path: Path) -> Mapping[str, str]:
    """The metadata of a file that may be handed to ONNX Runtime; raises V0806, V0807, V0808 or V0810."""
    onnx: Any = import_module("onnx")  # its types are left open in places
    try:
        if not path.is_file():
            raise error("V0806", f"there is no `{path}`")
        if path.stat().st_size > _LARGEST:
            raise error("V0808", f"`{path}` is larger than an ONNX file can be")
        model = onnx.load(str(path), load_external_data=False)
    except VitError:
        raise
    except Exception:  # protobuf, decoding and the system each have errors of their own
        raise error("V0808", f"`{path}` can't be read as an ONNX file") from None
    props = {entry.key: entry.value for entry in model.metadata_props}
    if model.producer_name != "vitc" or "vitc.preprocess" not in props:
        raise error("V0807", f"`{path}` was not written by vitc: it does not say how to prepare pictures")
    _plain(path, model)
    _contained(path, model.graph.initializer)
    return props


def session(path: Path) -> Any:
    """A session on the CPU; raises V0808."""
    onnxruntime: Any = import_module("onnxruntime")  # it publishes no types
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as problem:  # onnxruntime raises classes of its own that share no base
        raise _failed("V0808", f"ONNX Runtime can't load `{path}`", problem) from None


class Model:
    """A session that takes a batch of pictures and gives a row of numbers for each."""

    def __init__(self, path: Path, size: tuple[int, int, int]) -> None:
        """`size`: channels, height and width of a picture. Raises V0807, V0808, V0816 or V0817."""
        self.path, self._session = path, session(path)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        shape: list[Any] = list(inputs[0].shape or ()) if inputs else []
        if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(shape) != 4 or shape[0] in (0, -1):
            taken = ", ".join(f"{one.type} {one.shape}" for one in inputs)
            raise error("V0817", f"`{path}` takes {taken or 'nothing'}, not one batch of pictures",
                        help="it must have one input of float32, with the axes batch, channels, height and width")  # fmt: skip
        if any(isinstance(theirs, int) and theirs != ours for theirs, ours in zip(shape[1:], size, strict=True)):
            raise error("V0807", f"`{path}` prepares pictures for another size than it takes")
        if not outputs or outputs[0].type not in _FLOATS:
            raise self._unfit(f"gives {outputs[0].type}" if outputs else "has no output")
        self._image, self._output = inputs[0].name, outputs[0].name
        #: How many pictures it takes at once, where that is fixed.
        self._batch = shape[0] if isinstance(shape[0], int) else None

    def __call__(self, images: Array) -> Array:
        """float32 [batch, C, H, W] -> the first output as float64 [batch, classes]; raises V0812, V0814 or V0816.

        A model with a fixed batch gets it filled up with zeros."""
        if self._batch is None:
            return self._run(images)
        rows: list[Array] = []
        for start in range(0, len(images), self._batch):
            part = images[start : start + self._batch]
            missing = self._batch - len(part)
            filled = np.concatenate([part, np.zeros((missing, *part.shape[1:]), part.dtype)])
            rows.append(self._run(filled)[: len(part)])
        return np.concatenate(rows)

    def _run(self, images: Array) -> Array:
        try:
            found: Any = self._session.run([self._output], {self._image: images})[0]
        except Exception as problem:  # onnxruntime raises classes of its own that share no base
            raise _failed("V0812", f"`{self.path}` fails on a batch of {len(images)}", problem) from None
        if getattr(found, "ndim", 0) != 2 or found.shape[0] != len(images) or not found.shape[1]:
            shape = list(found.shape) if hasattr(found, "shape") else "no tensor"
            raise self._unfit(f"gives {shape} for a batch of {len(images)}")
        return np.asarray(found, np.float64)

    def _unfit(self, what: str) -> VitError:
        return error("V0816", f"`{self.path}` {what}",
                     help="the first output must hold floating-point numbers, with the axes batch and classes")  # fmt: skip


def _failed(code: str, what: str, problem: Exception) -> VitError:
    """What ONNX Runtime refused, without the place in its source; V0814 where it got no memory."""
    why = str(problem)
    if isinstance(problem, MemoryError) or "bad_alloc" in why or "Failed to allocate memory" in why:
        code = "V0814"
    node = re.search(r"running (\w{1,40}) node", why)
    why = re.sub(
        r"^.{0,400}?/onnxruntime_src/\S+ [^)]{0,400}\) ", "", why.rpartition("Status Message: ")[2], flags=re.DOTALL
    )
    return error(code, f"{what}{f', in {node[1]}' if node else ''}: {why.strip()[:200]}")


def _plain(path: Path, model: Any) -> None:
    """One flat graph of standard operators, as vitc writes it."""
    nodes = model.graph.node
    kinds = {attribute.type for node in nodes for attribute in node.attribute}
    inner = kinds & {4, 5, 9, 10, 11, 12}  # tensors and graphs, alone, in lists, sparse (AttributeProto.AttributeType)
    domains = {entry.domain for entry in model.opset_import} | {node.domain for node in nodes}
    extras = len(model.functions) + len(model.training_info) + len(model.graph.sparse_initializer)
    if inner or domains - {"", "ai.onnx"} or extras:
        raise error("V0807", f"`{path}` was not written by vitc: it holds more than one graph of standard operators")  # fmt: skip


def _contained(path: Path, tensors: Iterable[Any]) -> None:
    """External data lies in an ordinary file beside the model, under the name that vitc gives it, and inside its bounds."""
    for tensor in tensors:
        if tensor.data_location != 1:
            continue
        entries = {entry.key: entry.value for entry in tensor.external_data}
        where = f"`{path}`, tensor `{tensor.name[:80]}`"
        if entries.get("location") != f"{path.name}.data" or not set(entries) <= _KEYS:
            raise error("V0810", f"{where}: its data is not in `{path.name}.data`, the only file it may name")
        data = path.with_name(f"{path.name}.data")
        if data.is_symlink() or not data.is_file() or os.stat(data).st_nlink != 1:
            raise error("V0810", f"`{data}` is no ordinary file of its own (a link, or missing)")
        start, length = (entries.get(key, "0") for key in ("offset", "length"))
        if not (start.isdecimal() and length.isdecimal() and len(start + length) < 40):
            raise error("V0810", f"{where}: its place in the data is no number")
        if int(start) + int(length) > data.stat().st_size:
            raise error("V0810", f"{where}: its data ends after the end of `{data}`")
