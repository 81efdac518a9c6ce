"""A group of layers as the text of one `nn.Module` class."""

import re
from collections.abc import Mapping
from typing import Any

from ...ir.program import member
from . import comments
from .constructor import Constructor
from .descriptions import Group
from .groups import handed
from .methods import Methods
from .top_level import Names
from .view import View


class ClassPrinter:
    """Prints one class."""

    def __init__(self, group: Group, names: Names) -> None:
        self.view, self.group, self.names, self.layer = View(group, names), group, names, group.layer

    def text(self) -> str:
        """The class; methods are printed first, as they tell which arguments must be kept as attributes."""
        methods = Methods(self.view).lines()
        init = Constructor(self.view).lines()
        name = self.names.classes[self.group]
        lines = [f"class {name}(nn.Module):", f'    """{self._summary()}"""', ""]
        buffers = [n for found in self.view.tables for n in found.values()]
        buffers += [n for n, spec in self.layer.weights.items() if not spec.trainable]
        lines += [f"    {n}: Tensor" for n in dict.fromkeys(buffers)] + ([""] if buffers else [])
        arguments = "".join(f", {n}: {self._class(path)}" for path, n in _once(handed(self.layer)))
        arguments += "".join(f", {n}: {_type(v[0])}" for n, v in self.group.arguments.vectors.items())
        if init or arguments:
            lines += [f"    def __init__(self{arguments}) -> None:", "        super().__init__()"]
            used = re.findall(r"\bself\.(\w+)", "\n".join(methods))
            lines += [f"        self.{n} = {n}" for n in self.group.arguments.vectors if n in used]
            lines += [f"        {line}" for line in init] + [""]
        return "\n".join(lines + [f"    {line}" if line else "" for line in methods]) + "\n"

    def _summary(self) -> str:
        body = self.layer.bodies[0]
        inputs = [comments.parameter(self.group, i) for i in range(len(body.inputs))]
        outputs = [comments.result(self.group, value) for value in body.outputs]
        given = f"`{self.layer.kind}`: {', '.join(inputs)} -> "
        if self.view.fields:
            return f"{given}`Results`" if self.names.gives else f"{given}{outputs[0]}, in eager training `Results`"
        return f"{given}{', '.join(outputs)}"

    def _class(self, path: str) -> str:
        """The class of the layer at a path."""
        child = member(self.layer, path)
        return next((name for g, name in self.names.classes.items() if child in g.index), "nn.Module")


def _once(names: Mapping[str, str]) -> list[tuple[str, str]]:
    """The first path of every name."""
    return [(path, name) for i, (path, name) in enumerate(names.items()) if name not in list(names.values())[:i]]


def _type(value: Any) -> str:
    if isinstance(value, tuple):
        return f"tuple[{_type(value[0])}, ...]"  # type: ignore[reportUnknownArgumentType] -- of any kind
    return type(value).__name__
