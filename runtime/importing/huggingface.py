"""Sheets of transformers' config.json."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from .sheet import Asked, Sheet, number, unsayable, valid

Count = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
Small = Annotated[float, Field(ge=0, le=1)]

ACTIVATIONS = {"gelu": "gelu", "gelu_pytorch_tanh": "gelu_tanh", "gelu_new": "gelu_tanh", "quick_gelu": "quick_gelu",
               "silu": "silu", "swish": "silu", "relu": "relu"}  # fmt: skip


class Config(BaseModel):
    """What the families share; a value that a file does not hold is that of transformers' class for all of them."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    model_type: str
    architectures: list[str] = Field(default_factory=list[str])
    hidden_size: Count
    num_hidden_layers: Count
    num_attention_heads: Count
    intermediate_size: Count | None = None
    image_size: Count | tuple[Count, Count]
    patch_size: Count
    num_channels: Count = 3
    hidden_act: str
    layer_norm_eps: Annotated[float, Field(gt=0, lt=1)]
    qkv_bias: bool = True
    id2label: dict[str, str] | None = None
    num_labels: Count | None = None
    projection_dim: Count | None = None
    mlp_ratio: Annotated[float, Field(gt=0, le=100)] = 4
    use_swiglu_ffn: bool = False
    use_gated_mlp: bool = False
    layerscale_value: Small = 1.0
    num_register_tokens: Annotated[int, Field(ge=0, le=10_000)] = 0
    query_bias: bool = True
    key_bias: bool = False
    value_bias: bool = True
    proj_bias: bool = True
    mlp_bias: bool = True
    rope_theta: Annotated[float, Field(gt=0, le=1e9)] = 100.0
    vision_use_head: bool = True
    layer_scale_init_value: Small = 0.1
    use_mean_pooling: bool = True
    use_absolute_position_embeddings: bool = False
    use_relative_position_bias: bool = False
    use_shared_relative_position_bias: bool = False

    @property
    def classes(self) -> int | None:
        """How many, where the model has a classifier."""
        if not any("ForImageClassification" in name for name in self.architectures):
            return None
        return len(self.id2label) if self.id2label is not None else self.num_labels or 2


#: What the classes of transformers take where a file says nothing.
_VIT: dict[str, Any] = {"image_size": 224, "patch_size": 16, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
                        "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12}  # fmt: skip
_DINOV2 = {**_VIT, "layer_norm_eps": 1e-6}
_DINOV3 = {**_VIT, "hidden_size": 384, "num_attention_heads": 6, "layer_norm_eps": 1e-5, "intermediate_size": 1536}
_CLIP = {**_VIT, "patch_size": 32, "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5, "projection_dim": 512}
_SIGLIP = {**_VIT, "hidden_act": "gelu_pytorch_tanh", "layer_norm_eps": 1e-6}


def sheet(values: dict[str, Any], path: Path, asked: Asked) -> Sheet:
    """The sheet of a model, or of the image side of one with two sides."""
    kind = str(values["model_type"])
    if kind in ("clip", "siglip"):
        vision: Any = values.get("vision_config")
        inner: dict[str, Any] = vision if isinstance(vision, dict) else {}  # type: ignore[reportUnknownVariableType] -- of any kind
        outer = {k: values[k] for k in ("architectures", "projection_dim", "id2label", "num_labels") if k in values}
        kind, values = f"{kind}_vision_model", {**inner, **outer}
    if kind not in FAMILIES:
        raise unsayable(path, f"no rule for the model type {kind[:40]!r}; there are rules for {', '.join(FAMILIES)}")
    defaults, family = FAMILIES[kind]
    config = valid(Config, {**defaults, **values, "model_type": kind}, path)
    made = Sheet(asked.name, "vit", entries=_common(config, path), weights={"layout": "hf"})
    family(config, made, path)
    return made


def _common(c: Config, path: Path) -> dict[str, str]:
    size = c.image_size if isinstance(c.image_size, tuple) else (c.image_size, c.image_size)
    if c.hidden_act not in ACTIVATIONS:
        raise unsayable(path, f"std has no activation {c.hidden_act[:40]!r}")
    entries = {
        "image": f"{size[0]}x{size[1]}x{c.num_channels}",
        "patch": str(c.patch_size),
        "dim": str(c.hidden_size),
        "depth": str(c.num_hidden_layers),
        "heads": str(c.num_attention_heads),
        "hidden": str(c.intermediate_size or 4 * c.hidden_size),
        "act": ACTIVATIONS[c.hidden_act],
        "norm": f"layernorm(eps = {number(c.layer_norm_eps)})",
        "classes": "none" if c.classes is None else str(c.classes),
    }
    return {k: v for k, v in entries.items() if (k, v) != ("act", "gelu")}


def _vit(c: Config, made: Sheet, path: Path) -> None:
    if not c.qkv_bias:
        made.entries["qkv_bias"] = "false"


def _deit(c: Config, made: Sheet, path: Path) -> None:
    """std's `distilled` has both heads; with one of them, transformers keeps the token and does not look at it."""
    if not c.qkv_bias or "act" in made.entries:
        raise unsayable(path, "std's `distilled` has a bias on q, k and v, and the exact gelu")
    if c.architectures != ["DeiTForImageClassificationWithTeacher"]:
        raise unsayable(path, "of DeiT only DeiTForImageClassificationWithTeacher can be said: the mean of both heads")
    made.base, made.uses = "distilled", ("std/deit.vit",)
    made.entries["mlp"] = f"mlp(hidden = {made.entries.pop('hidden')})"


def _ijepa(c: Config, made: Sheet, path: Path) -> None:
    made.entries |= {"class_token": "false", "pool": "mean", "fc_norm": "false"}
    _vit(c, made, path)


def _dinov2(c: Config, made: Sheet, path: Path) -> None:
    if c.classes is not None:
        raise unsayable(
            path, "its classifier reads the class token beside the mean of the patches, which `vit` does not"
        )
    hidden = int(c.hidden_size * c.mlp_ratio)
    made.entries |= {"hidden": str(hidden), "layer_scale": number(c.layerscale_value)}
    if c.use_swiglu_ffn:
        made.entries |= {"hidden": str((int(hidden * 2 / 3) + 7) // 8 * 8), "mlp": "glu(hidden = hidden)"}
        made.entries.pop("act", None)
    if c.model_type == "dinov2_with_registers":
        made.entries |= {"registers": str(c.num_register_tokens), "pos_prefix": "false"}
    _vit(c, made, path)


def _dinov3(c: Config, made: Sheet, path: Path) -> None:
    biases = {(True, False, True): "qv", (True, True, True): "qkv", (False, False, False): "none"}
    bias = biases.get((c.query_bias, c.key_bias, c.value_bias))
    if bias is None or not (c.proj_bias and c.mlp_bias):
        raise unsayable(
            path, "std's `eva` has biases on all of q, k, v, on q and v, or on none, and on the other layers"
        )
    if c.use_gated_mlp and c.hidden_act not in ("silu", "swish"):
        raise unsayable(path, f"std's `swiglu` is gated by silu, not {c.hidden_act[:40]!r}")
    act = made.entries.pop("act", "gelu")
    made.base, made.uses = "eva", ("std/eva.vit",)
    made.entries |= {
        "registers": str(c.num_register_tokens), "pos": "none", "bias": bias, "layer_scale": number(c.layerscale_value),
        "mlp": "swiglu(hidden = hidden)" if c.use_gated_mlp else f"mlp(hidden = hidden, act = {act})",
        "rope": f"rope_centred(image.h // patch, image.w // patch, dim // heads, temperature = {number(c.rope_theta)})",
        "rotate_half": "true", "pool": "token",
    }  # fmt: skip


def _clip(c: Config, made: Sheet, path: Path) -> None:
    if c.classes is not None:
        raise unsayable(path, "CLIPForImageClassification reads the mean of the patches, which is another model")
    if any(name in ("CLIPVisionModelWithProjection", "CLIPModel") for name in c.architectures):
        made.entries["classes"] = str(c.projection_dim)
    made.entries["norm_pre"] = "true"


def _siglip(c: Config, made: Sheet, path: Path) -> None:
    if c.classes is not None:
        raise unsayable(path, "SiglipForImageClassification reads the mean of the patches, which is another model")
    pool = {"pool": "map"} if c.vision_use_head else {"pool": "none"}
    made.entries |= {"class_token": "false", **pool}


def _beit(c: Config, made: Sheet, path: Path) -> None:
    if c.use_absolute_position_embeddings or c.use_shared_relative_position_bias or not c.use_relative_position_bias:
        raise unsayable(path, "std's BEiT has a table of relative positions in each block and no other positions")
    if not c.use_mean_pooling or c.layer_scale_init_value == 0:
        raise unsayable(path, "std's BEiT takes the mean of the patches and scales its layers")
    made.uses = ("std/beit.vit",)
    made.entries |= {
        "pos": "none", "pool": "mean", "layer_scale": number(c.layer_scale_init_value),
        "attn": "beit_attention(heads, image.h // patch, image.w // patch)",
        "layer": "beit_block(attn, mlp, norm, layer_scale)",
    }  # fmt: skip


FAMILIES: dict[str, tuple[dict[str, Any], Callable[[Config, Sheet, Path], None]]] = {
    "vit": (_VIT, _vit),
    "vit_mae": (_VIT, _vit),
    "deit": (_VIT, _deit),
    "ijepa": (_VIT, _ijepa),
    "dinov2": ({**_DINOV2, "patch_size": 14}, _dinov2),
    "dinov2_with_registers": ({**_DINOV2, "num_register_tokens": 4}, _dinov2),
    "dinov3_vit": (_DINOV3, _dinov3),
    "clip_vision_model": (_CLIP, _clip),
    "siglip_vision_model": (_SIGLIP, _siglip),
    "beit": (_VIT, _beit),
}
