"""Sheets of open_clip_config.json: the image side of a model of open_clip, of its own or around one of timm.

https://github.com/mlfoundations/open_clip, `CLIPVisionCfg` in src/open_clip/model.py and `PreprocessCfg` in transform.py.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from ...grammar.values import number
from ..sections.input import STATISTICS
from . import timm
from .families import Count, Pair, Share, pair
from .sheet import Asked, Sheet, refused, shown, statistics, valid


class Vision(BaseModel):
    """`vision_cfg`, with the defaults of open_clip; the fields of the second part must be what they are here."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    layers: Count = 12
    width: Count = 768
    head_width: Count = 64
    mlp_ratio: Annotated[float, Field(gt=0, le=100)] = 4.0
    patch_size: Pair = 16
    image_size: Pair = 224
    ls_init_value: Share | None = None
    no_ln_pre: StrictBool = False
    pos_embed_type: Literal["learnable", "sin_cos_2d"] = "learnable"
    final_ln_after_pool: StrictBool = False
    pool_type: Literal["tok", "avg"] = "tok"
    norm_kwargs: dict[str, float] | None = None
    patch_dropout: Share = 0.0
    output_tokens: StrictBool = False
    attn_pooler_queries: int = 256
    attn_pooler_heads: int = 8
    timm_model_name: str | None = None
    timm_model_pretrained: StrictBool = False
    timm_pool: str = "avg"
    timm_proj: Literal["linear", "none", ""] | None = "linear"
    timm_proj_bias: StrictBool = False
    timm_drop: Share = 0.0
    timm_drop_path: Share | None = None

    attentional_pool: Literal[False] = False
    act_kwargs: Literal[None] = None
    block_type: Literal["default"] | None = None
    qk_norm: Literal[False] = False
    scaled_cosine_attn: Literal[False] = False
    scale_heads: Literal[False] = False
    scale_attn_inner: Literal[False] = False
    scale_attn: Literal[False] = False
    scale_fc: Literal[False] = False


class Pictures(BaseModel):
    """`preprocess_cfg`, with the defaults of open_clip."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    mean: tuple[float, ...] = STATISTICS["clip"][0]
    std: tuple[Annotated[float, Field(gt=0)], ...] = STATISTICS["clip"][1]
    interpolation: Literal["bicubic", "bilinear", "nearest"] = "bicubic"
    resize_mode: Literal["shortest", "squash"] = "shortest"


def sheet(values: dict[str, Any], path: Path, asked: Asked) -> Sheet:
    """The image side; its classes are the channels of the space that it shares with texts."""
    whole = _mapping(values, "model_cfg", path)
    vision = valid(Vision, _mapping(whole, "vision_cfg", path, "model_cfg."), path, "model_cfg.vision_cfg.")
    width: Any = whole.get("embed_dim")
    if type(width) is not int or not 1 <= width <= 1_000_000:
        raise refused(path, "model_cfg.embed_dim", width, "it is a number of channels")
    quick: Any = whole.get("quick_gelu", False)
    if not isinstance(quick, bool):
        raise refused(path, "model_cfg.quick_gelu", quick, "it is true or false")
    made = _around(vision, width, path, asked) if vision.timm_model_name else _native(vision, width, quick, path, asked)
    for key in ("patch_dropout", "timm_drop", "timm_drop_path"):
        if getattr(vision, key):
            made.notes.append(f"{key} = {getattr(vision, key)} acts in training only and is not carried over")
    _prepared(made, vision, values, path)
    return made


def _mapping(values: dict[str, Any], key: str, path: Path, above: str = "") -> dict[str, Any]:
    found: Any = values.get(key)
    if not isinstance(found, dict):
        raise refused(path, above + key, found, "it is a mapping")
    return found  # type: ignore[reportUnknownVariableType] -- of any kind


def _native(v: Vision, width: int, quick: bool, path: Path, asked: Asked) -> Sheet:
    above = "model_cfg.vision_cfg."
    if v.width % v.head_width:
        raise refused(path, f"{above}head_width", v.head_width, f"width = {v.width} does not split into such heads")
    (height, across), (rows, columns) = pair(v.image_size), pair(v.patch_size)
    if height % rows or across % columns:
        raise refused(
            path, f"{above}image_size", v.image_size, f"it is not a multiple of patch_size = {shown(v.patch_size)}"
        )
    options = v.norm_kwargs or {}
    if options.keys() - {"eps"} or not 0 < options.get("eps", 1e-5) < 1:
        raise refused(path, f"{above}norm_kwargs", options, "of the norms `eps` alone can be said")
    entries = {
        "image": f"{height}x{across}x3", "patch": str(rows) if rows == columns else f"{rows}x{columns}",
        "dim": str(v.width), "depth": str(v.layers), "heads": str(v.width // v.head_width),
        "mlp.hidden": str(int(v.width * v.mlp_ratio)), "norm": f"layernorm(eps = {number(options.get('eps', 1e-5))})",
        "classes": str(width),
    }  # fmt: skip
    if quick:
        entries["mlp.act"] = "quick_gelu"
    entries |= {"patch_embed.bias": "false"} if v.no_ln_pre else {"norm_pre": "norm"}
    if v.ls_init_value is not None:
        entries["layer.scale"] = number(v.ls_init_value)
    if v.pool_type == "avg":
        entries |= {"pool": "mean"} | ({} if v.final_ln_after_pool else {"final_norm": "tokens"})
    return Sheet(asked.name, "vit", entries=entries, weights={"layout": "openai"})


def _around(v: Vision, width: int, path: Path, asked: Asked) -> Sheet:
    """`TimmModel` in src/open_clip/timm_model.py: the projection is the classifier of timm's model or stands after it."""
    args: dict[str, Any] = {"num_classes": 0 if v.timm_proj == "none" else width}
    if v.timm_proj != "linear" or v.timm_pool:
        args["global_pool"] = v.timm_pool
    above = "model_cfg.vision_cfg."
    config = {"architecture": v.timm_model_name, "model_args": args}
    names = {"architecture": f"{above}timm_model_name", "model_args.global_pool": f"{above}timm_pool"}
    made = timm.sheet(config, path, asked, names)
    size = timm.size_of(made)
    if pair(v.image_size) != size:
        raise refused(path, f"{above}image_size", v.image_size, f"{v.timm_model_name} takes {size[0]}x{size[1]}")
    if v.timm_proj == "linear" and (pool := made.entries.pop("pool", "")):  # open_clip sets it when the norms are there
        made.entries["final_norm"] = "pooled" if "fc_norm.weight" in timm.program(made).weights() else "tokens"
        made.entries["pool"] = pool
    made.weights = {"layout": "open_clip_timm"}
    return made


def _prepared(made: Sheet, v: Vision, values: dict[str, Any], path: Path) -> None:
    given: Any = {} if values.get("preprocess_cfg") is None else _mapping(values, "preprocess_cfg", path)
    p = valid(Pictures, given, path, "preprocess_cfg.")
    if len(p.mean) != 3 or len(p.std) != 3:
        raise refused(
            path, "preprocess_cfg.mean", given.get("mean"), "a picture has three channels, and so have mean and std"
        )
    if lacking := [key for key in ("mean", "std") if key not in given]:
        made.notes.append(f"preprocess_cfg lacks {' and '.join(lacking)}: that of open_clip")
    height, width = pair(v.image_size)
    forced = height != width and p.resize_mode == "shortest"  # which open_clip resizes by its own bicubic
    made.input = {**statistics(p.mean, p.std), "interpolation": "bicubic" if forced else p.interpolation, "crop": "1.0",
                  "crop_mode": "squash" if p.resize_mode == "squash" else "center"}  # fmt: skip
