"""`model.ts` as a target."""

import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch

from ....compiler.ir.graph import Graph
from ....compiler.ops.base import Array
from ...weights.shared import assign
from ..locate import Seen, far
from ..modules import ModuleTarget, tensor, tensors
from .torch import Torch

_JIT: Any = torch.jit  # untyped in torch


class TorchScript(ModuleTarget):
    """The scripted module of the file."""

    def __init__(self, stage: Path, graph: Graph) -> None:
        self.stage = stage
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's word that TorchScript is deprecated is ours to know
            super().__init__(_JIT.load(str(stage / "model.ts")))

    def use(self, weights: Mapping[str, Array]) -> None:
        """Copies them in; a script lists its tables with the buffers of its state, and keeps them."""
        assign(self.module, dict(self.module.named_buffers()) | {name: tensor(weights[name]) for name in weights})

    def seen(self, layers: Collection[str], images: Array) -> dict[str, Seen]:
        return {}  # a script takes no hooks

    def first_difference(self, graph: Graph, weights: Mapping[str, Array], images: Array) -> str | None:
        """Runs each module of the script alone, on what the module of `model.py` gets."""
        printed = Torch(self.stage, graph)
        printed.use(weights)
        parts, wrong = dict(self.module.named_modules()), list[str]()

        def watch(path: str, module: Any) -> None:
            def hook(_: Any, args: Any, kwargs: Any, output: Any) -> None:
                again = parts[path](*args, **kwargs)
                pairs = zip(tensors(again), tensors(output), strict=True)
                if any(far(mine.numpy(), theirs.numpy()) for mine, theirs in pairs):
                    wrong.append(path)

            module.register_forward_hook(hook, with_kwargs=True)

        for path, module in printed.module.named_modules():
            watch(path, module)
        printed(images)
        return wrong[0] if wrong else None
