"""PyTorch source: a program as one readable file that imports torch, and safetensors to load weights."""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence

from ....diagnostics import error
from ...ir.program import Layer, Program
from .chains import chained
from .classes import ClassPrinter
from .descriptions import Group
from .groups import blocks, group
from .helpers import LOAD, LOAD_SHARED, used
from .naming import RESERVED, first_free
from .results import named_tuple
from .top_level import Names


def emit(program: Program, gives: Sequence[str] = (), *, plain: bool = False) -> str:
    """The text of `model.py`: a class for each block, `Model` last. Formatted as `ruff format` would.

    A model with several results gives the first at inference, scripted or exported, and all in eager training. With
    `gives` it gives those of these names always. With `plain` attention is written out.
    """
    return formatted(source(program, gives, plain=plain))


def source(program: Program, gives: Sequence[str] = (), *, plain: bool = False) -> str:
    """The same before it is formatted."""
    root = chained(program.root, {})
    groups = group(root)
    names = Names(gives, plain=plain)
    order = _order(groups[root], groups)
    for found in order:
        names.classes[found] = "Model" if found is order[-1] else _class_name(found.layer.kind, names)
    classes = [ClassPrinter(found, names).text() for found in order]
    classes[-1] = named_tuple(order[-1], gives) + classes[-1]
    functions = [text for _, text in names.functions.values()]
    body = "\n\n".join([*functions, *classes]) + (LOAD_SHARED if program.aliases else LOAD)
    body = used(layer for found in order for layer in found.layers) + body
    return _head(program, body) + body


def _head(program: Program, body: str) -> str:
    lines = [f'"""`{program.name}`: written by vitc from a .vit file."""', ""]
    lines += ["from typing import NamedTuple", ""] if "(NamedTuple)" in body else []
    lines += ["import torch"] if "torch." in body.replace("safetensors.torch", "") else []
    lines += ["import torch.nn.functional as F"] if re.search(r"\bF\.", body) else []
    lines += ["from torch import Tensor, nn"]
    # public, though torch does not list it
    lines += (
        ["from torch.jit import is_scripting  # pyright: ignore[reportPrivateImportUsage]"]
        if "is_scripting()" in body
        else []
    )
    return "\n".join([*lines, "", "", ""])


def _order(root: Group, groups: Mapping[Layer, Group]) -> list[Group]:
    """Classes so that each follows those it uses."""
    found: dict[Group, None] = {}

    def visit(group: Group) -> None:
        for layer in group.layers:
            for child in blocks(layer):
                if groups[child] not in found:
                    visit(groups[child])
        found[group] = None

    visit(root)
    return list(found)


def _class_name(kind: str, names: Names) -> str:
    """`patch_embed` as `PatchEmbed`."""
    base = "".join(part[:1].upper() + part[1:] for part in kind.split("_")) or "Block"
    base = base if base not in RESERVED and base not in ("True", "False", "None") else f"{base}Block"
    return first_free(base, names.taken)


def formatted(text: str) -> str:
    """The text as `ruff format` prints it, whatever configuration lies around; `1e-6` as people write it. Raises V1012 where
    ruff is missing."""
    text = re.sub(r"\b(\d+(?:\.\d+)?)e-0(\d)\b", r"\1e-\2", text)
    command = [
        sys.executable,
        "-P",  # no module of the current folder: a user may have a `ruff.py`
        "-m",
        "ruff",
        "format",
        "--isolated",
        "--line-length",
        "88",
        "--stdin-filename",
        "model.py",
        "-",
    ]
    try:
        return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    except subprocess.CalledProcessError as problem:
        why = problem.stderr.strip().rpartition("\n")[2]
        raise error("V1012", f"ruff, which formats `model.py`, can't be run: {why}",
                    help="`vitc doctor` shows how to get what is missing") from None  # fmt: skip
