"""Sheets of transformers' config.json."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...diagnostics import error
from ...grammar.values import shape, side
from . import class_names
from .families import EVERYWHERE, FAMILIES, Built, Config, Family, common
from .sheet import Asked, Sheet, refused, shown, unsayable, valid

Shapes = Mapping[str, tuple[int, ...]]
#: Number of outputs of a classifier where a configuration does not tell.
_OUTPUTS = 2


def sheet(values: dict[str, Any], path: Path, asked: Asked, stored: Shapes | None) -> tuple[Sheet, Family, Config]:
    """The sheet of a model, or of the image side of one with two sides; `stored`: the shapes of the weights beside it."""
    kind, inner, above = _side(values, path)
    family = FAMILIES[kind]
    made = Sheet(asked.name, "vit", weights={"layout": "hf"})
    _told(family, inner, made, path, above)
    given = {k: v for k, v in inner.items() if k in family.reads | {"head_dim"}}
    if kind == "clip_vision_model" and above and values.get("projection_dim") is not None:
        given["projection_dim"] = values["projection_dim"]
    config = valid(Config, {**family.defaults, **given}, path, above)
    of = _class(family, values, made, path, stored)
    built = Built(config, of, made, path, above)
    common(built)
    _classes(built, family, values, stored)
    family.rule(built)
    if note := family.notes.get(of):
        made.notes.append(note.format(of))
    if values.get("problem_type") == "multi_label_classification":
        made.train["criterion"] = "bce"
        made.notes.append("problem_type is multi_label_classification: each output is a probability of its own")
    return made, family, config


def _side(values: dict[str, Any], path: Path) -> tuple[str, dict[str, Any], str]:
    """The family, its configuration, and the keys that lead to it."""
    kind = values["model_type"]
    vision: Any = values.get("vision_config")
    inner: dict[str, Any] = vision if isinstance(vision, dict) else {}  # type: ignore[reportUnknownVariableType] -- of any kind
    if kind in ("clip", "siglip"):
        if values.get("vision_config_dict") is not None:
            raise refused(
                path, "vision_config_dict", values["vision_config_dict"], "it overrides vision_config; move it there"
            )
        if vision is not None and not isinstance(vision, dict):
            raise refused(path, "vision_config", vision, "it is the configuration of the image side, a mapping")
        kind = f"{kind}_vision_model"
        if inner.get("model_type", kind) != kind:
            raise refused(
                path, "vision_config.model_type", inner["model_type"], f"in {values['model_type']} it is {kind}"
            )
        return kind, inner, "vision_config."
    if not isinstance(kind, str) or kind not in FAMILIES:
        side: Any = inner.get("model_type")
        help = f"its image side is a {side}: save that model by itself" if side in list(FAMILIES) else ""
        raise refused(path, "model_type", kind, f"there are rules for {', '.join(['clip', 'siglip', *FAMILIES])}", help)
    return kind, values, ""


def _told(family: Family, values: Mapping[str, Any], made: Sheet, path: Path, above: str) -> None:
    """Notes on the keys that are not read; raises V0713 for one that would change the model."""
    if pruned := values.get("pruned_heads"):
        raise refused(path, above + "pruned_heads", pruned, "std's blocks all have the same number of heads")
    for key in sorted(family.training & values.keys()):
        if values[key] and not (key == "pos_embed_rescale" and values[key] == 2.0):
            made.notes.append(f"{key} = {shown(values[key])} acts in training only and is not carried over")
    known = family.reads | family.training | family.ignored | EVERYWHERE | {"pruned_heads", "head_dim"}
    towers = {"text_config", "text_config_dict", "vision_config", "vision_config_dict", "projection_dim"}
    unknown = sorted(key for key in values.keys() - known - towers if not key.startswith("_"))
    if unknown:
        listed = ", ".join(shown(key) for key in unknown[:8]) + (" and more" if len(unknown) > 8 else "")
        made.notes.append(f"transformers' class does not read {listed}: passed over")


def _class(family: Family, values: Mapping[str, Any], made: Sheet, path: Path, stored: Shapes | None) -> str:
    """The class of transformers: the one named, unless the weights are those of another; else what they tell."""
    given: Any = values.get("architectures") or []
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):  # type: ignore[reportUnknownVariableType] -- of any kind
        raise refused(path, "architectures", given, "it is a list of names of classes")
    of = str(given[0]) if given else ""  # type: ignore[reportUnknownArgumentType] -- checked above
    if of and of not in family.models:
        raise refused(path, "architectures", given, f"there are rules for {', '.join(family.models)}")
    held = next((name for name, head in family.models.items() if head and head in (stored or {})), "")
    if of and (stored is None or not (held or family.models[of]) or family.models[of] in stored):
        return of
    if of and not held:
        if _count(values, path) == 0:
            return of
        raise refused(path, "architectures", given, f"the weights beside it have no {family.models[of]}")
    if of:
        made.notes.append(
            f"architectures names {of}, and the weights beside it hold {family.models[held]}: read as {held}"
        )
        return held
    named = stored is None and bool(_names(values, path))
    usual = {"clip": "CLIPModel", "siglip": "SiglipModel"}.get(values["model_type"], next(iter(family.models)))
    labelled = next((name for name, head in family.models.items() if head == "classifier.weight"), usual)
    of = held or (labelled if named else usual)
    why = ", since the weights hold " + family.models[held] if held else ", since id2label has names" if named else ""
    made.notes.append(f"architectures is missing: read as {of}{why}")
    return of


def _names(values: Mapping[str, Any], path: Path) -> dict[int, str]:
    """id2label, without the names that transformers makes up."""
    given = values.get("id2label")
    found = {} if given is None else class_names.numbered(given, path, "id2label")
    return {} if all(name == f"LABEL_{index}" for index, name in found.items()) else found


def _count(values: Mapping[str, Any], path: Path) -> int:
    """How many outputs a classifier has by the configuration, as transformers counts."""
    number: Any = values.get("num_labels")
    if number is not None and (type(number) is not int or not 0 <= number <= 10_000_000):
        raise refused(path, "num_labels", number, "it is a number of classes")
    if values.get("id2label") is not None:
        return len(class_names.numbered(values["id2label"], path, "id2label"))
    return _OUTPUTS if number is None else number


def _classes(b: Built, family: Family, values: Mapping[str, Any], stored: Shapes | None) -> None:
    """The entry `classes`, and their names; where weights and configuration differ, the weights tell."""
    head = family.models[b.of]
    if not head:
        b.made.entries["classes"] = "none"
        return
    labelled = head != "visual_projection.weight"
    count = _count(values, b.path) if labelled else b.config.projection_dim or 0
    number = values.get("num_labels")
    if labelled and number not in (None, count):
        b.made.notes.append(f"num_labels is {number} and id2label has {count} names: transformers counts the names")
    rows = (stored[head] or (0,))[0] if stored is not None and head in stored else count
    if rows != count:
        b.made.notes.append(f"{head} beside it has {rows} outputs, the configuration {count}: the weights tell")
    b.made.entries["classes"] = str(rows) if rows else "none"
    if labelled:
        class_names.put(b.made, _names(values, b.path), rows, "id2label")


def sized(made: Sheet, family: Family, config: Config, asked: Asked, path: Path, processor: str) -> None:
    """Settles the size of the pictures where the configuration and the processor say two.

    Families that bring positions to another size by themselves get the pictures' size. Of the others V0714 asks for one.
    `processor`: the file that says how pictures are prepared.
    """
    own, cut = config.image, made.cut
    if asked.image is None and cut not in (None, own) and family.resizes is None:
        a, b = shape(own), shape(cut or own)
        raise error("V0714", f"`{path}`: image_size = {shown(config.image_size)}, but {processor} cuts pictures to {b}",
                    help=f"say which with --image {a} or --image {b}")  # fmt: skip
    size = asked.image or cut or own
    if cut not in (None, size):
        _recut(made, size)
        made.notes.append(f"{processor} cuts pictures to {shape(cut or own)}, and --image says {shape(size)}")
    if size == own:
        return
    for pixels, patch in zip(
        size, (config.patch_size,) * 2 if isinstance(config.patch_size, int) else config.patch_size, strict=True
    ):
        if pixels % patch:
            raise unsayable(
                path, f"pictures of {shape(size)} do not split into patches of patch_size = {shown(config.patch_size)}"
            )
    made.entries["image"] = f"{shape(size)}x{config.num_channels}"
    why = "--image says" if asked.image else f"{processor} cuts pictures to"
    rule = family.resizes if family.resizes is not None else family.resize
    made.notes.append(f"image_size is {shape(own)}, and {why} {shape(size)}: the model takes {shape(size)}" + (
        ", with its positions resized as transformers does" if rule else ""))  # fmt: skip
    if rule:
        made.weights["resize"] = f"[{rule}]"


def _recut(made: Sheet, size: tuple[int, int]) -> None:
    """Pictures of another size than the processor's, with the same share of them cut away."""
    if "resize" in made.input:
        cut, resize = made.cut or size, made.input["resize"].split("x")
        before = tuple(int(resize[min(axis, len(resize) - 1)]) * size[axis] // cut[axis] for axis in (0, 1))
        made.input["resize"] = side(before)
    made.cut = size
