"""From a model of others to a spec: a configuration of transformers, timm or open_clip, or the bare weights.

What these files say is translated, what they cannot tell is asked for, and nothing is guessed. Raises V0713 where a
configuration has what no sheet can say, V0714 for what only its owner knows.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...diagnostics import VitError, error
from ...grammar.values import quoted
from ..weights.files import Tensors
from ..weights.opening import OPEN_CLIP, USUAL, candidates, opened, usual
from . import bare_weights, huggingface, open_clip, pictures, timm
from .reading import read
from .sheet import Asked, Sheet, literal, unsayable

#: Configurations in a folder: that of open_clip where there is no other.
_CONFIGS = ("config.json", "open_clip_config.json")


def imported(source: Path, asked: Asked, beside: Path, *, trust: bool = False) -> Sheet:
    """The sheet of a configuration, of a folder that holds one, or of a file of weights.

    In a folder `preprocessor_config.json` says how pictures are prepared, and the weights become the file of the section
    `weights`, relative to `beside`, where the spec will stand. `trust` lets them be a pickle; without it one is named in the
    sheet, and not looked into.
    """
    path = _config(source) if source.is_dir() else source
    if not path.is_file():
        there = candidates(source)[:1] if source.is_dir() else []
        help = f"without a configuration give the file of weights itself: `{there[0]}`" if there else ""
        raise error("V0701", f"there is no file `{path}`", help=help)
    if _holds_weights(path):
        tensors = opened(path, trust=trust)
        sheet = bare_weights.sheet(tensors, path, asked)
        sheet.source, sheet.stored = path, tensors
        _with_weights(sheet, path, beside)
        return sheet
    values = read(path)
    _only_for_shapes(asked, path)
    weights = usual(path.parent, OPEN_CLIP if "model_cfg" in values else USUAL)
    stored = None if weights is None else _opened(weights, trust)
    shaped = None if stored is None else {name: header.shape for name, header in stored.headers.items()}
    sheet = _of(values, path, asked, shaped)
    sheet.source, sheet.stored = path, stored
    if weights is not None:
        _with_weights(sheet, weights, beside)
        if stored is None:
            sheet.notes.append(f"{weights.name} is a pickle, so `vitc compile` needs --trust; with --trust `vitc import` checks that it "
                               "fits")  # fmt: skip
        return sheet
    if others := [other.name for other in candidates(path.parent)]:
        more = " and more" if len(others) > 8 else ""
        sheet.notes.append(
            f"not read: {', '.join(others[:8])}{more}; name the file of weights with `weights {{ file = … }}`"
        )
    sheet.weights = sheet.weights if "resize" in sheet.weights else {}
    return sheet


def _holds_weights(path: Path) -> bool:
    """Whether a file is no configuration: by its name, else since it does not begin as JSON does."""
    if path.suffix in (".safetensors", ".npz") or path.name.endswith(".index.json"):
        return True
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError:
        return False  # `read` says why
    return path.suffix != ".json" and head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"", b"{", b"[", b'"')


def _opened(weights: Path, trust: bool) -> Tensors | None:
    """The tensors beside a configuration; none where they are a pickle and are not trusted."""
    try:
        return opened(weights, trust=trust)
    except VitError as problem:
        if trust or problem.diagnostics[0].code != "V0712":
            raise
        return None


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
    prepared = pictures.found(path.parent)
    if prepared is None:
        sheet.notes.append(
            "preprocessor_config.json, which says how pictures are prepared, is not beside it: no `input`"
        )
    else:
        given, processor, above = prepared
        pictures.prepared(sheet, given, str(values["model_type"]), processor, above)
    huggingface.sized(sheet, family, config, asked, path, "" if prepared is None else prepared[1].name)
    return sheet


def _config(folder: Path) -> Path:
    """The configuration in a folder."""
    return next((folder / name for name in _CONFIGS if (folder / name).is_file()), folder / "config.json")


def _only_for_shapes(asked: Asked, path: Path) -> None:
    """Raises V1004 for what a configuration says itself."""
    for option in ("heads", "eps", "act", "pool"):
        if getattr(asked, option) is not None:
            raise error("V1004", f"--{option} is for weights without a configuration; `{path}` is one",
                        help=f"leave --{option} out")  # fmt: skip


def _with_weights(sheet: Sheet, weights: Path, beside: Path) -> None:
    relative = Path(os.path.relpath(weights, beside)).as_posix()
    sheet.weights = {"file": quoted(literal(relative, weights, "file")), **sheet.weights}
