"""What the tests of ops share: an example made into operands, and into a module that runs the printed expression."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pytest
import torch
from vitc.compiler import ops
from vitc.compiler.backends.torch.helpers import FUNCTIONS
from vitc.compiler.ops.base import REQUIRED, Example, Op, TorchCall
from vitc.runtime.verify.modules import imported

BATCH = 2


@dataclass(frozen=True)
class Case:
    """One example of an op."""

    op: Op
    example: Example
    attrs: dict[str, Any]
    folder: Any

    @cached_property
    def outs(self):
        return self.op.infer(self.example.types, self.attrs)

    @property
    def names(self):
        return [f"x{i}" for i in range(len(self.example.types))]

    def shape(self, type, batch=BATCH):
        return ((batch,) if type.stage == "sample" else ()) + type.shape

    def operands(self, seed=0, batch=BATCH):
        """Numbers for the operands, floats in float64."""
        rng = np.random.default_rng(seed)
        arrays = []
        for type in self.example.types:
            shape = self.shape(type, batch)
            if type.dtype == "int":
                arrays.append(rng.integers(self.example.low, self.example.high, shape))
            elif type.dtype == "bool":
                arrays.append(rng.random(shape) < 0.5)
            else:
                positive = self.example.positive
                arrays.append(rng.uniform(0.5, 2, shape) if positive else rng.standard_normal(shape))
        return arrays

    def tensors(self, **options):
        return [torch.from_numpy(np.asarray(a).copy()) for a in self.operands(**options)]

    @cached_property
    def text(self):
        return self.op.torch(TorchCall(tuple(self.names), self.attrs, self.example.types, self.outs))

    @cached_property
    def module(self):
        """A module whose forward is the printed expression."""
        body = f"    def forward({', '.join(['self', *self.names])}):\n        return {self.text}\n"
        head = "import torch\nimport torch.nn.functional as F\nfrom torch import Tensor, nn\n"
        helpers = "\n".join(text for name, text in FUNCTIONS.items() if f"{name}(" in self.text)
        path = self.folder / f"printed_{self.op.name}.py"
        path.write_text(f"{head}{helpers}\n\nclass M(nn.Module):\n{body}")
        return imported(path).M().eval()

    def changed(self, **attrs):
        return Case(self.op, self.example, {**self.attrs, **attrs}, self.folder)


def listed(results):
    return list(results) if isinstance(results, (tuple, list)) else [results]


@pytest.fixture
def make(tmp_path):
    """The example of an op by its number."""

    def made(name, index=0):
        op = ops.get(name)
        example = op.examples()[index]
        defaults = {p.name: p.default for p in op.params if p.default is not REQUIRED}
        return Case(op, example, {**defaults, **example.attrs}, tmp_path)

    return made
