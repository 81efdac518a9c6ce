"""What the classes of transformers say in a configuration, family by family, and the sheet of each.

A key of a configuration is read, acts in training only, has no effect on what a model computes, or is unknown; a test
compares these lists with the fields of transformers' classes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from ...grammar.values import number
from .sheet import Sheet, refused

Count = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
Share = Annotated[float, Field(ge=0, le=1)]
Pair = Count | tuple[Count, Count]

#: transformers' names of activations, by ours. `gelu_fast`, `gelu_new` and `gelu_accurate` write the same formula.
ACTIVATIONS = {
    "gelu": "gelu", "gelu_python": "gelu",
    "gelu_pytorch_tanh": "gelu_tanh", "gelu_python_tanh": "gelu_tanh", "gelu_new": "gelu_tanh", "gelu_fast": "gelu_tanh",
    "gelu_accurate": "gelu_tanh",
    "quick_gelu": "quick_gelu", "silu": "silu", "swish": "silu", "relu": "relu", "hardswish": "hardswish", "tanh": "tanh",
    "sigmoid": "sigmoid",
}  # fmt: skip


class Config(BaseModel):
    """The keys that are read; a value that a file does not hold is that of transformers' class for all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    hidden_size: Count
    num_hidden_layers: Count
    num_attention_heads: Count
    intermediate_size: Count | None = None
    head_dim: Count | None = None
    image_size: Pair
    patch_size: Pair
    num_channels: Count = 3
    hidden_act: str
    layer_norm_eps: Annotated[float, Field(gt=0, lt=1)]
    qkv_bias: StrictBool = True
    projection_dim: Count | None = None
    mlp_ratio: Annotated[float, Field(gt=0, le=100)] = 4
    use_swiglu_ffn: StrictBool = False
    use_gated_mlp: StrictBool = False
    layerscale_value: Share = 1.0
    num_register_tokens: Annotated[int, Field(ge=0, le=10_000, strict=True)] = 0
    query_bias: StrictBool = True
    key_bias: StrictBool = False
    value_bias: StrictBool = True
    proj_bias: StrictBool = True
    mlp_bias: StrictBool = True
    rope_theta: Annotated[float, Field(gt=0, le=1e9)] = 100.0
    vision_use_head: StrictBool = True
    layer_scale_init_value: Share = 0.1
    use_mean_pooling: StrictBool = True
    use_absolute_position_embeddings: StrictBool = False
    use_relative_position_bias: StrictBool = False
    use_shared_relative_position_bias: StrictBool = False

    @property
    def image(self) -> tuple[int, int]:
        """Height and width."""
        return pair(self.image_size)


def pair(size: int | tuple[int, int]) -> tuple[int, int]:
    """Height and width of what may be a number for both."""
    return (size, size) if isinstance(size, int) else size


@dataclass(frozen=True, slots=True)
class Built:
    """What a rule gets: the configuration, the class of transformers, the sheet to complete, and the file with the keys that
    lead to the configuration."""

    config: Config
    of: str
    made: Sheet
    path: Path
    above: str = ""

    def refused(self, key: str, why: str) -> Exception:
        """V0713 at a key."""
        return refused(self.path, self.above + key, getattr(self.config, key), why)


Rule = Callable[[Built], None]


@dataclass(frozen=True, slots=True)
class Family:
    """`defaults`: what transformers takes where a file says nothing. `models`: the classes there are rules for, that of
    `AutoModel` first, with the name that the weight of their classifier or projection has in a file. `resizes`: how transformers brings positions to another size by
    itself, None where it refuses pictures of another size; `resize`: how it does when asked to."""

    rule: Rule
    defaults: Mapping[str, Any]
    models: Mapping[str, str]
    reads: frozenset[str]
    training: frozenset[str]
    ignored: frozenset[str] = frozenset()
    resizes: str | None = None
    resize: str = "bicubic(pos_embed)"
    notes: Mapping[str, str] = field(default_factory=dict[str, str])


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_READ = _words(
    "hidden_size num_hidden_layers num_attention_heads image_size patch_size num_channels hidden_act layer_norm_eps"
)
_DROPOUT = _words("hidden_dropout_prob attention_probs_dropout_prob")
_BACKBONE = _words("apply_layernorm reshape_hidden_states stage_names out_features out_indices")
_POOLER = _words("pooler_output_size pooler_act")

_VIT: dict[str, Any] = {"image_size": 224, "patch_size": 16, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
                        "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
                        "intermediate_size": 3072}  # fmt: skip
_DINOV2 = {k: v for k, v in _VIT.items() if k != "intermediate_size"} | {"layer_norm_eps": 1e-6}
_DINOV3 = {**_VIT, "hidden_size": 384, "num_attention_heads": 6, "layer_norm_eps": 1e-5, "intermediate_size": 1536}
_CLIP = {**_VIT, "patch_size": 32, "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5, "projection_dim": 512}
_SIGLIP = {**_VIT, "hidden_act": "gelu_pytorch_tanh", "layer_norm_eps": 1e-6}


def common(b: Built) -> None:
    """The entries of all families."""
    c = b.config
    if c.hidden_act not in ACTIVATIONS:
        raise b.refused("hidden_act", f"std has no such activation; it has {', '.join(sorted(ACTIVATIONS))}")
    if c.hidden_size % c.num_attention_heads:
        raise b.refused("num_attention_heads", f"hidden_size = {c.hidden_size} does not split into as many heads")
    if c.head_dim is not None and c.head_dim * c.num_attention_heads != c.hidden_size:
        raise b.refused("head_dim", f"std's heads have hidden_size / num_attention_heads = "
                        f"{c.hidden_size // c.num_attention_heads} channels")  # fmt: skip
    (height, width), (rows, columns) = c.image, pair(c.patch_size)
    if height % rows or width % columns:
        raise b.refused("image_size", f"it is not a multiple of patch_size = {c.patch_size}")
    entries = {
        "image": f"{height}x{width}x{c.num_channels}",
        "patch": str(rows) if rows == columns else f"{rows}x{columns}",
        "dim": str(c.hidden_size),
        "depth": str(c.num_hidden_layers),
        "heads": str(c.num_attention_heads),
        "mlp.hidden": str(c.intermediate_size),
        "mlp.act": ACTIVATIONS[c.hidden_act],
        "norm": f"layernorm(eps = {number(c.layer_norm_eps)})",
    }
    b.made.entries |= {k: v for k, v in entries.items() if (k, v) != ("mlp.act", "gelu")}


def _vit(b: Built) -> None:
    if not b.config.qkv_bias:
        b.made.entries["attn.qkv.bias"] = "false"


def _deit(b: Built) -> None:
    """With a teacher both heads count. The others keep the distillation token and do not read it: a register."""
    if b.of == "DeiTForImageClassificationWithTeacher":
        b.made.base, b.made.uses = "distilled", ("std/deit.vit",)
    else:
        b.made.entries["registers"] = "1"
    _vit(b)


def _ijepa(b: Built) -> None:
    b.made.entries |= {"cls_token": "none", "pool": "mean", "final_norm": "tokens"}
    _vit(b)


def _dinov2(b: Built) -> None:
    c, entries = b.config, b.made.entries
    hidden = int(c.hidden_size * c.mlp_ratio)
    entries |= {"mlp.hidden": str(hidden), "layer.scale": number(c.layerscale_value)}
    if c.use_swiglu_ffn:
        del entries["mlp.hidden"]
        entries["mlp"] = f"glu(hidden = {(int(hidden * 2 / 3) + 7) // 8 * 8})"
        entries.pop("mlp.act", None)
    if c.num_register_tokens:
        entries |= {"registers": str(c.num_register_tokens), "pos": "patches"}
    if b.of.endswith("ForImageClassification"):
        entries["pool"] = "token_mean"
    _vit(b)


def _dinov3(b: Built) -> None:
    c, entries = b.config, b.made.entries
    biases = {(True, False, True): "qv", (True, True, True): "qkv", (False, False, False): "none"}
    bias = biases.get((c.query_bias, c.key_bias, c.value_bias))
    if bias is None:
        raise b.refused("key_bias", f"with query_bias = {str(c.query_bias).lower()} and value_bias = "
                        f"{str(c.value_bias).lower()}: std's `eva` has biases on q, k and v, on q and v, or on none")  # fmt: skip
    for key in ("proj_bias", "mlp_bias"):
        if not getattr(c, key):
            raise b.refused(key, "std's `eva` has a bias there")
    act = entries.pop("mlp.act", "gelu")
    hidden = entries.pop("mlp.hidden")
    if c.use_gated_mlp and act != "silu":
        raise b.refused("hidden_act", "with use_gated_mlp = true: std's `swiglu` is gated by silu")
    b.made.base, b.made.uses = "eva", ("std/eva.vit",)
    entries |= {"registers": str(c.num_register_tokens)} if c.num_register_tokens else {}
    entries |= {
        "pos": "none", "attn.bias": bias, "layer.scale": number(c.layerscale_value),
        "mlp": f"swiglu(hidden = {hidden})" if c.use_gated_mlp else f"mlp(hidden = {hidden}, act = {act})",
        "rope": f"rope_centred(image.h // patch, image.w // patch, dim // heads, temperature = {number(c.rope_theta)})",
        "attn.rotate_half": "true", "pool": "token",
    }  # fmt: skip


def _clip(b: Built) -> None:
    b.made.entries["norm_pre"] = "norm"
    if b.of == "CLIPForImageClassification":
        b.made.entries |= {"pool": "mean", "final_norm": "none"}
        b.made.weights["skip"] = '["{*}post_layernorm.{p}"]'


def _siglip(b: Built) -> None:
    b.made.entries |= {"cls_token": "none", "pool": "map" if b.config.vision_use_head else "none"}
    if b.of == "SiglipForImageClassification":
        b.made.entries |= {"pool": "mean", "final_norm": "tokens"}
        b.made.weights["skip"] = '["vision_model.head.{*}", "vision_model.vision_model.head.{*}"]'


def _beit(b: Built) -> None:
    c = b.config
    for key, wanted, why in (
        ("use_absolute_position_embeddings", False, "std's BEiT has relative positions alone"),
        ("use_shared_relative_position_bias", False, "std's BEiT has a table of relative positions in each block"),
        ("use_relative_position_bias", True, "std's BEiT has a table of relative positions in each block"),
        ("use_mean_pooling", True, "std's BEiT takes the mean of the patches"),
    ):
        if getattr(c, key) is not wanted:
            raise b.refused(key, why)
    if c.layer_scale_init_value == 0:
        raise b.refused("layer_scale_init_value", "std's BEiT scales its layers")
    b.made.uses = ("std/beit.vit",)
    b.made.entries |= {
        "pos": "none", "pool": "mean",
        "attn": "beit_attention(heads, image.h // patch, image.w // patch)",
        "layer": f"beit_block(attn, mlp, norm, {number(c.layer_scale_init_value)})",
    }  # fmt: skip


_CLASSIFIER, _PROJECTION = "classifier.weight", "visual_projection.weight"
_ENCODED = "the encoder of {}: what restores the pictures is left out"
_TOWERS = _words("initializer_factor initializer_range logit_scale_init_value")

FAMILIES: dict[str, Family] = {
    "vit": Family(
        _vit, _VIT, {"ViTModel": "", "ViTForImageClassification": _CLASSIFIER, "ViTForMaskedImageModeling": ""},
        _READ | {"intermediate_size", "qkv_bias"}, _DROPOUT, _POOLER | {"encoder_stride"},
        notes={"ViTForMaskedImageModeling": _ENCODED},
    ),
    "vit_mae": Family(
        _vit, _VIT, {"ViTMAEModel": "", "ViTMAEForPreTraining": ""}, _READ | {"intermediate_size", "qkv_bias"}, _DROPOUT,
        _words("decoder_num_attention_heads decoder_hidden_size decoder_num_hidden_layers decoder_intermediate_size mask_ratio "
               "norm_pix_loss"),
        notes={"ViTMAEForPreTraining": _ENCODED, "ViTMAEModel": "{} masks patches at random; this is the encoder without a mask"},
    ),
    "deit": Family(
        _deit, _VIT,
        {"DeiTModel": "", "DeiTForImageClassification": _CLASSIFIER, "DeiTForImageClassificationWithTeacher": "cls_classifier.weight",
         "DeiTForMaskedImageModeling": ""},
        _READ | {"intermediate_size", "qkv_bias"}, _DROPOUT, _POOLER | {"encoder_stride"},
        notes={"DeiTForMaskedImageModeling": _ENCODED},
    ),
    "ijepa": Family(
        _ijepa, _VIT, {"IJepaModel": "", "IJepaForImageClassification": _CLASSIFIER}, _READ | {"intermediate_size", "qkv_bias"},
        _DROPOUT, _POOLER, notes={"IJepaModel": "{} gives a vector for each patch; this is their mean"},
    ),
    "dinov2": Family(
        _dinov2, {**_DINOV2, "patch_size": 14}, {"Dinov2Model": "", "Dinov2ForImageClassification": _CLASSIFIER},
        _READ | {"mlp_ratio", "qkv_bias", "layerscale_value", "use_swiglu_ffn"}, _DROPOUT | {"drop_path_rate"},
        _BACKBONE | {"use_mask_token"}, resizes="bicubic(pos_embed)",
    ),
    "dinov2_with_registers": Family(
        _dinov2, {**_DINOV2, "num_register_tokens": 4},
        {"Dinov2WithRegistersModel": "", "Dinov2WithRegistersForImageClassification": _CLASSIFIER},
        _READ | {"mlp_ratio", "qkv_bias", "layerscale_value", "use_swiglu_ffn", "num_register_tokens"},
        _DROPOUT | {"drop_path_rate"}, _BACKBONE, resizes="bicubic(pos_embed, antialias = true)",
    ),
    "dinov3_vit": Family(
        _dinov3, _DINOV3, {"DINOv3ViTModel": ""},
        _READ | _words("intermediate_size rope_theta query_bias key_bias value_bias proj_bias mlp_bias layerscale_value "
                       "use_gated_mlp num_register_tokens"),
        _words("attention_dropout drop_path_rate pos_embed_shift pos_embed_jitter pos_embed_rescale"), _BACKBONE, resizes="",
    ),
    "clip_vision_model": Family(
        _clip, _CLIP,
        {"CLIPVisionModel": "", "CLIPVisionModelWithProjection": _PROJECTION, "CLIPModel": _PROJECTION,
         "CLIPForImageClassification": _CLASSIFIER},
        _READ | {"intermediate_size", "projection_dim"}, _words("attention_dropout"), _TOWERS,
    ),
    "siglip_vision_model": Family(
        _siglip, _SIGLIP, {"SiglipVisionModel": "", "SiglipModel": "", "SiglipForImageClassification": _CLASSIFIER}, _READ | {"intermediate_size", "vision_use_head"},
        _words("attention_dropout"), _TOWERS,
    ),
    "beit": Family(
        _beit, _VIT, {"BeitModel": "", "BeitForImageClassification": _CLASSIFIER},
        _READ | _words("intermediate_size use_absolute_position_embeddings use_relative_position_bias "
                       "use_shared_relative_position_bias layer_scale_init_value use_mean_pooling"),
        _DROPOUT | {"drop_path_rate"},
        _BACKBONE | _words("vocab_size use_mask_token pool_scales use_auxiliary_head auxiliary_loss_weight auxiliary_channels "
                           "auxiliary_num_convs auxiliary_concat_input semantic_loss_ignore_index add_fpn"),
        resize='bilinear("blocks.{i}.attn.relative_position_bias_table")',
    ),
}  # fmt: skip

#: Of every configuration, of today and of version 4: names, files, how results are returned, the text side.
EVERYWHERE = _words(
    "architectures id2label label2id num_labels problem_type model_type "
    "dtype torch_dtype transformers_version chunk_size_feed_forward initializer_range is_encoder_decoder is_decoder "
    "output_attentions output_hidden_states return_dict return_dict_in_generate output_scores torchscript tf_legacy_loss "
    "use_bfloat16 use_cache tie_word_embeddings tie_encoder_decoder add_cross_attention cross_attention_hidden_size "
    "bad_words_ids begin_suppress_tokens bos_token_id decoder_start_token_id diversity_penalty do_sample early_stopping "
    "encoder_no_repeat_ngram_size eos_token_id exponential_decay_length_penalty finetuning_task forced_bos_token_id "
    "forced_eos_token_id length_penalty max_length min_length no_repeat_ngram_size num_beam_groups num_beams "
    "num_return_sequences pad_token_id prefix remove_invalid_values repetition_penalty sep_token_id suppress_tokens "
    "task_specific_params temperature tokenizer_class top_k top_p typical_p xla_device auto_map"
)
