"""From a model of others to a spec: a configuration of transformers, timm or open_clip, or the bare weights.

What these files say is translated, what they cannot tell is asked for, and nothing is guessed. Raises V0713 where a
configuration has what no sheet can say, V0714 for what only its owner knows.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...grammar.diagnostics import error
from ...grammar.expressions import quoted
from ..weights.files import Stored
from . import huggingface, open_clip, pictures, shapes, timm
from .reading import read
from .sheet import Asked, Sheet, literal, unsayable

#: Configurations in a folder, and the weights that their library writes beside them.
_CONFIGS = {"config.json": "model.safetensors", "open_clip_config.json": "open_clip_model.safetensors"}


def imported(source: Path, asked: Asked, beside: Path) -> Sheet:
    """The sheet of a configuration, of a folder that holds one, or of a .safetensors or .npz file.

    In a folder `preprocessor_config.json` says how pictures are prepared, and the weights become the file of the section
    `weights`, relative to `beside`, where the spec will stand.
    """
    path = _config(source) if source.is_dir() else source
    if not path.is_file():
        raise error("V0701", f"there is no file `{path}`", exit_status=3)
    if path.suffix in (".safetensors", ".npz"):
        sheet = shapes.sheet(path, asked)
        sheet.source = path
        _with_weights(sheet, path, beside)
        return sheet
    values = read(path)
    _only_for_shapes(asked, path)
    weights = path.with_name("open_clip_model.safetensors" if "model_cfg" in values else "model.safetensors")
    stored = {name: header.shape for name, header in Stored(weights).headers.items()} if weights.is_file() else None
    sheet = _of(values, path, asked, stored)
    sheet.source = path
    if stored is not None:
        _with_weights(sheet, weights, beside)
        return sheet
    for name in (f"{weights.name}.index.json", weights.with_suffix(".bin").name.replace("model", "pytorch_model", 1)):
        if weights.with_name(name).is_file():
            sheet.notes.append(
                f"{name} beside it is not read: the weights are drawn until the section `weights` names a file"
            )
    sheet.weights = sheet.weights if "resize" in sheet.weights else {}
    return sheet


def _of(values: dict[str, Any], path: Path, asked: Asked, stored: Mapping[str, tuple[int, ...]] | None) -> Sheet:
    """The sheet by the library that wrote the configuration."""
    if "model_cfg" in values:
        return open_clip.sheet(values, path, asked)
    if "architecture" in values:
        return timm.sheet(values, path, asked)
    if "model_type" not in values:
        raise unsayable(path, "it has neither `model_type`, as of transformers, nor `architecture`, as of timm, nor "
                        "`model_cfg`, as of open_clip")  # fmt: skip
    sheet, family, config = huggingface.sheet(values, path, asked, stored)
    processor = path.with_name("preprocessor_config.json")
    if processor.is_file():
        pictures.prepared(sheet, read(processor), str(values["model_type"]), processor)
    else:
        sheet.notes.append(f"{processor.name}, which says how pictures are prepared, is not beside it: no `input`")
    huggingface.sized(sheet, family, config, asked, path)
    return sheet


def _config(folder: Path) -> Path:
    """The configuration in a folder: that of open_clip where there is no other."""
    return next((folder / name for name in _CONFIGS if (folder / name).is_file()), folder / "config.json")


def _only_for_shapes(asked: Asked, path: Path) -> None:
    """Raises V1004 for what a configuration says itself."""
    for option in ("heads", "eps", "act", "pool"):
        if getattr(asked, option) is not None:
            raise error("V1004", f"--{option} is for weights without a configuration; `{path}` is one", exit_status=2,
                        help=f"leave --{option} out")  # fmt: skip


def _with_weights(sheet: Sheet, weights: Path, beside: Path) -> None:
    sheet.stored = weights
    relative = Path(os.path.relpath(weights, beside)).as_posix()
    sheet.weights = {"file": quoted(literal(relative, weights, "file")), **sheet.weights}
