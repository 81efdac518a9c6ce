"""`model.py` as a target, and in float64 as the judge of the others."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from ....compiler.ir.graph import Graph
from ....compiler.ops.base import Array
from ..locate import Seen
from ..modules import ModuleTarget, imported


class Torch(ModuleTarget):
    """The class `Model` of the file."""

    judge = "PyTorch"
    alone = True

    def __init__(self, stage: Path, graph: Graph) -> None:
        super().__init__(imported(stage / "model.py").Model.load(str(stage / "model.safetensors")))

    def seen(self, layers: Collection[str], images: Array) -> dict[str, Seen]:
        found: dict[str, Seen] = {}

        def watch(path: str, module: Any) -> Any:
            def hook(_: Any, args: Any, output: Any) -> None:
                found.setdefault(path, Seen(args[0].numpy(), output.numpy()))

            return module.register_forward_hook(hook)

        hooks = [watch(path, module) for path, module in self.module.named_modules() if path in layers]
        self(images)
        for hook in hooks:
            hook.remove()
        return found
