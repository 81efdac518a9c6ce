"""The files of a compiled folder as functions from images to all outputs, all alike."""

import importlib.util
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, cast

import numpy as np

from ...compiler.ir.graph import Graph
from ...compiler.ops.base import Array
from ..onnx_file import session
from ..weights.shared import assign

#: In the order in which they are compared.
FILES = {"torch": "model.py", "torchscript": "model.ts", "onnx": "model.onnx"}


class Target(Protocol):
    """A model with the weights of its folder."""

    def __call__(self, images: Array) -> list[Array]:
        """float32 [batch, C, H, W] -> every output."""
        ...

    def use(self, weights: Mapping[str, Array]) -> None:
        """Takes other weights from now on."""
        ...


@contextmanager
def wide() -> Generator[None]:
    """Inside, what printed code makes a float of, numbers of the text by torch's default and integers by `.float()`, is a
    float64: in a model of float64 no layer meets a float32."""
    import torch
    from torch.overrides import TorchFunctionMode

    class Wide(TorchFunctionMode):
        """Sees the calls of this thread alone; torch itself stays as it is."""

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return func(*args, **(kwargs or {})) if func is not torch.Tensor.float else args[0].double()

    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # pyright: ignore[reportUnknownMemberType] -- torch leaves it untyped
    try:
        with Wide():
            yield
    finally:
        torch.set_default_dtype(default)  # pyright: ignore[reportUnknownMemberType] -- as above


class TorchModel:
    """An `nn.Module` or a script of one."""

    def __init__(self, module: Any, *, double: bool = False) -> None:
        self.module, self.double = module.eval(), double

    def __call__(self, images: Array) -> list[Array]:
        """Runs it."""
        import torch

        x = tensor(images)
        with torch.inference_mode(), wide() if self.double else nullcontext():
            result: Any = self.module(x.double() if self.double else x)
        return [y.numpy() for y in tensors(result)]

    def use(self, weights: Mapping[str, Array]) -> None:
        """Copies them in; a script lists its tables with the buffers of its state, and keeps them."""
        import torch

        jit: Any = torch.jit  # untyped in torch
        kept: dict[str, Any] = dict(self.module.named_buffers()) if isinstance(self.module, jit.ScriptModule) else {}
        assign(self.module, kept | {name: tensor(weights[name]) for name in weights})


class OnnxModel:
    """A session of ONNX Runtime on the CPU."""

    def __init__(self, path: Path, graph: Graph) -> None:
        self.path, self.graph = path, graph
        self.session = session(path)

    def __call__(self, images: Array) -> list[Array]:
        """Runs it."""
        feeds = {self.session.get_inputs()[0].name: images}
        return [np.asarray(y) for y in self.session.run(list(self.graph.output_names), feeds)]

    def use(self, weights: Mapping[str, Array]) -> None:
        """Writes the graph anew, as weights are part of the file."""
        from ...compiler.backends import onnx

        del self.session
        other = self.path.with_name("unit.onnx")
        onnx.write(self.graph, readers(weights), other, {})
        try:
            self.session = session(other)
        finally:
            for file in self.path.parent.glob("unit.onnx*"):
                file.unlink()


def opened(name: str, stage: Path, graph: Graph) -> Target:
    """One of the files that stand in the folder."""
    if name == "onnx":
        return OnnxModel(stage / "model.onnx", graph)
    return TorchModel(torch_module(stage) if name == "torch" else script_module(stage))


def readers(weights: Mapping[str, Array]) -> dict[str, Callable[[], Array]]:
    """Weights as the ONNX backend takes them: each read when called."""
    return {name: partial(weights.__getitem__, name) for name in weights}


def tensor(array: Array) -> Any:
    """A torch tensor of the same memory."""
    import torch

    return torch.from_numpy(array)  # pyright: ignore[reportUnknownMemberType] -- torch leaves the array's type open


def tensors(result: Any) -> Iterator[Any]:
    """All tensors of what a module gives."""
    if isinstance(result, (tuple, list)):
        for item in cast("tuple[Any, ...]", result):
            yield from tensors(item)
    else:
        yield result


def imported(path: Path) -> ModuleType:
    """A `model.py` that vitc wrote, under a name of its own."""
    spec = importlib.util.spec_from_file_location("vitc_written_model", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def torch_module(stage: Path) -> Any:
    """`model.py` with the folder's weights."""
    return imported(stage / "model.py").Model.load(str(stage / "model.safetensors")).eval()


def script_module(stage: Path) -> Any:
    """`model.ts`; torch's word that TorchScript is deprecated is ours to know."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        jit: Any = torch.jit  # untyped in torch
        return jit.load(str(stage / "model.ts")).eval()
