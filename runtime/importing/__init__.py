"""From a model of others to a spec: a configuration of transformers or timm, or the bare weights.

What these files say is translated, what they cannot tell is asked for, and nothing is guessed. Raises V0713 where a
configuration has what no sheet can say, V0714 for what only its owner knows.
"""

import json
import os
from pathlib import Path
from typing import Any

from ...grammar.diagnostics import error
from . import huggingface, pictures, shapes, timm
from .sheet import Asked, Sheet

#: A larger configuration is refused; that of a model with 21,843 named classes has about two million bytes.
_LARGEST = 16_000_000


def imported(source: Path, asked: Asked, beside: Path) -> Sheet:
    """The sheet of a config.json, of a folder that holds one, or of a .safetensors file.

    In a folder `preprocessor_config.json` says how pictures are prepared, and `model.safetensors` becomes the file of the
    section `weights`, relative to `beside`, where the spec will stand.
    """
    path = source / "config.json" if source.is_dir() else source
    if not path.is_file():
        raise error("V0701", f"there is no `{path}`", exit_status=3)
    if path.suffix in (".safetensors", ".npz"):
        return _with_weights(shapes.sheet(path, asked), path, beside)
    config = _json(path)
    if "architecture" in config:
        sheet = timm.sheet(config, path, asked)
    elif "model_type" in config:
        processor = path.with_name("preprocessor_config.json")
        sheet = huggingface.sheet(config, path, asked)
        if processor.is_file():
            pictures.prepared(sheet, _json(processor), processor)
        else:
            sheet.notes.append(
                f"how pictures are prepared stands in {processor.name}, which is not beside it: no section data"
            )
    else:
        raise error("V0713", f"`{path}` names neither the `model_type` of transformers nor the `architecture` of timm",
                    exit_status=3)  # fmt: skip
    weights = path.with_name("model.safetensors")
    if not weights.is_file():
        sheet.weights = {}
        return sheet
    return _with_weights(sheet, weights, beside)


def _with_weights(sheet: Sheet, weights: Path, beside: Path) -> Sheet:
    sheet.weights = {"file": json.dumps(os.path.relpath(weights, beside)), **sheet.weights}
    return sheet


def _json(path: Path) -> dict[str, Any]:
    if path.stat().st_size > _LARGEST:
        raise error("V0713", f"`{path}` has more than {_LARGEST:,} bytes: no configuration has", exit_status=3)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as problem:
        raise error("V0713", f"`{path}` can't be read as JSON: {str(problem)[:200]}", exit_status=3) from None
    if not isinstance(found, dict):
        raise error("V0713", f"`{path}` holds no configuration", exit_status=3)
    return found  # type: ignore[reportUnknownVariableType] -- of any kind
