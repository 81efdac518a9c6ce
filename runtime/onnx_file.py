"""What an ONNX file must be before ONNX Runtime sees it.

ONNX Runtime follows a hard link out of the folder, and its loader has had memory errors. So a file is read by the
protobuf library first: nothing but what vitc writes passes, and external data only as the file beside it. A file that no
manifest vouches for is then opened in a process of its own with little memory and time.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from ..grammar.diagnostics import VitError, error

#: The keys that a tensor with external data may have.
_KEYS = {"location", "offset", "length", "checksum"}
#: Seconds and bytes for the process that opens a foreign file.
_SECONDS, _BYTES = 60, 4 * 2**30
_CHILD = """
import sys, onnxruntime
options = onnxruntime.SessionOptions()
options.log_severity_level = 4
options.intra_op_num_threads = 1
onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
"""


def checked(path: Path) -> Mapping[str, str]:
    """The metadata of a file that may be handed to ONNX Runtime; raises V0806, V0807, V0808 or V0810."""
    onnx: Any = import_module("onnx")  # its types are left open in places
    try:
        if not path.is_file():
            raise error("V0806", f"there is no `{path}`", exit_status=3)
        model = onnx.load(str(path), load_external_data=False)
    except VitError:
        raise
    except Exception:  # protobuf, decoding and the system each have errors of their own
        raise error("V0808", f"`{path}` can't be read as an ONNX file", exit_status=3) from None
    props = {entry.key: entry.value for entry in model.metadata_props}
    if model.producer_name != "vitc" or "vitc.preprocess" not in props:
        raise error(
            "V0807", f"`{path}` was not written by vitc: it does not say how to prepare pictures", exit_status=3
        )
    _plain(path, model)
    _contained(path, model.graph.initializer)
    return props


def probed(path: Path) -> None:
    """Opens a file in a process that may die of it; raises V0808."""
    largest = _BYTES + 4 * sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (largest, largest))
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    command = [sys.executable, "-I", "-c", _CHILD, str(path)]
    try:
        done = subprocess.run(command, capture_output=True, preexec_fn=limited, timeout=2 * _SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise _unloadable(path, "it takes longer than two minutes") from None
    if done.returncode:
        raise _unloadable(path, done.stderr.decode(errors="replace").strip().rpartition("\n")[2] or "it crashes")


def session(path: Path) -> Any:
    """A session on the CPU; raises V0808."""
    onnxruntime: Any = import_module("onnxruntime")  # it publishes no types
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as problem:  # onnxruntime raises classes of its own that share no base
        raise _unloadable(path, str(problem)) from None


def _unloadable(path: Path, why: str) -> VitError:
    return error("V0808", f"ONNX Runtime can't load `{path}`: {why[:200]}", exit_status=3)


def _plain(path: Path, model: Any) -> None:
    """One flat graph of standard operators, as vitc writes it."""
    nodes = model.graph.node
    kinds = {attribute.type for node in nodes for attribute in node.attribute}
    inner = kinds & {4, 5, 9, 10, 11, 12}  # tensors and graphs, alone, in lists, sparse (AttributeProto.AttributeType)
    domains = {entry.domain for entry in model.opset_import} | {node.domain for node in nodes}
    extras = len(model.functions) + len(model.training_info) + len(model.graph.sparse_initializer)
    if inner or domains - {"", "ai.onnx"} or extras or len(model.graph.input) != 1:
        raise error("V0807", f"`{path}` was not written by vitc: it holds more than one graph of standard operators",
                    exit_status=3)  # fmt: skip


def _contained(path: Path, tensors: Iterable[Any]) -> None:
    """External data lies in an ordinary file beside the model, under the name that vitc gives it, and inside its bounds."""
    for tensor in tensors:
        if tensor.data_location != 1:
            continue
        entries = {entry.key: entry.value for entry in tensor.external_data}
        where = f"`{path}`, tensor `{tensor.name[:80]}`"
        if entries.get("location") != f"{path.name}.data" or not set(entries) <= _KEYS:
            raise error(
                "V0810", f"{where}: its data is not in `{path.name}.data`, the only file it may name", exit_status=3
            )
        data = path.with_name(f"{path.name}.data")
        if data.is_symlink() or not data.is_file() or os.stat(data).st_nlink != 1:
            raise error("V0810", f"`{data}` is no ordinary file of its own (a link, or missing)", exit_status=3)
        start, length = (entries.get(key, "0") for key in ("offset", "length"))
        if not (start.isdecimal() and length.isdecimal() and len(start + length) < 40):
            raise error("V0810", f"{where}: its place in the data is no number", exit_status=3)
        if int(start) + int(length) > data.stat().st_size:
            raise error("V0810", f"{where}: its data ends after the end of `{data}`", exit_status=3)
