"""torchvision, JAX and CLIP: numbers of torchvision, and the very tensors that timm's own readers make of the same files."""

import warnings

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from vitc.runtime.weights.exported import export
from vitc.runtime.weights.files import Stored, save

D, HEADS, DEPTH, HIDDEN, PATCH, N = 32, 4, 2, 64, 8, 16


def test_numbers_are_those_of_torchvision(timm, filled, small, imported, run, images, close, tmp_path):
    import torch
    from torchvision.models import VisionTransformer

    model = filled(VisionTransformer(32, PATCH, DEPTH, HEADS, D, HIDDEN, num_classes=5))
    save_file({k: v.numpy() for k, v in model.state_dict().items()}, tmp_path / "tv.safetensors")
    program = small("vit_base_patch16_224", **{"classes": "5", "mlp.hidden": str(HIDDEN)})
    weights = imported(tmp_path / "tv.safetensors", program, "torchvision")
    with torch.no_grad():
        close(run(program, weights, images), model(torch.from_numpy(images)))
    old = {
        k.replace("mlp.0", "mlp.linear_1").replace("mlp.3", "mlp.linear_2"): v.numpy()
        for k, v in model.state_dict().items()
    }
    save_file(old, tmp_path / "old.safetensors")
    earlier = imported(tmp_path / "old.safetensors", program, "torchvision")
    assert all(np.array_equal(earlier[name], weights[name]) for name in weights)


def jax(dialect, *, prefix="", pool=None, classes=5):
    """The tensors of a JAX checkpoint, written down from the sources of both repositories."""
    rng = np.random.default_rng(1)
    attention, second, mlp = (1, 2, 3) if dialect == "augreg" else (0, 1, 0)
    tensors = {}

    def add(name, *shape):
        tensors[prefix + name] = rng.standard_normal(shape).astype(np.float32)

    add("embedding/kernel", PATCH, PATCH, 3, D)
    add("embedding/bias", D)
    if pool is None:
        add("cls", 1, 1, D)
    positions = N + (pool is None)
    add("Transformer/posembed_input/pos_embedding" if dialect == "augreg" else "pos_embedding", 1, positions, D)
    stack = (DEPTH,) if dialect == "scan" else ()
    for block in ("encoderblock",) if stack else [f"encoderblock_{i}" for i in range(DEPTH)]:
        base = f"Transformer/{block}/"
        for norm in (0, second):
            add(f"{base}LayerNorm_{norm}/scale", *stack, D)
            add(f"{base}LayerNorm_{norm}/bias", *stack, D)
        heads(add, f"{base}MultiHeadDotProductAttention_{attention}/", stack)
        dense(add, f"{base}MlpBlock_{mlp}/", stack)
    add("Transformer/encoder_norm/scale", D)
    add("Transformer/encoder_norm/bias", D)
    if pool == "map":
        add("MAPHead_0/probe", 1, 1, D)
        heads(add, "MAPHead_0/MultiHeadDotProductAttention_0/", ())
        add("MAPHead_0/LayerNorm_0/scale", D)
        add("MAPHead_0/LayerNorm_0/bias", D)
        dense(add, "MAPHead_0/MlpBlock_0/", ())
    if classes:
        add("head/kernel", D, classes)
        add("head/bias", classes)
    return tensors


def heads(add, base, stack):
    for name in ("query", "key", "value"):
        add(f"{base}{name}/kernel", *stack, D, HEADS, D // HEADS)
        add(f"{base}{name}/bias", *stack, HEADS, D // HEADS)
    add(f"{base}out/kernel", *stack, HEADS, D // HEADS, D)
    add(f"{base}out/bias", *stack, D)


def dense(add, base, stack):
    for index, (a, b) in enumerate(((D, HIDDEN), (HIDDEN, D))):
        add(f"{base}Dense_{index}/kernel", *stack, a, b)
        add(f"{base}Dense_{index}/bias", *stack, b)


JAX = {
    "augreg": ("google_augreg", {"dialect": "augreg"}),
    "augreg_opt": ("google_augreg", {"dialect": "augreg", "prefix": "opt/target/"}),
    "big_vision": ("google_big_vision", {"dialect": "big_vision", "prefix": "params/"}),
    "scan": ("google_big_vision_scan", {"dialect": "scan", "prefix": "params/"}),
    "siglip": ("google_big_vision", {"dialect": "big_vision", "prefix": "params/img/", "pool": "map", "classes": 0}),
    "siglip_scan": (
        "google_big_vision_scan",
        {"dialect": "scan", "prefix": "params/img/", "pool": "map", "classes": 0},
    ),
}


@pytest.fixture
def jax_case(timm, small, tmp_path):
    """`jax_case(name)`: the npz file, timm's model after reading it, and our program."""

    def made(case):
        _, options = JAX[case]
        np.savez(tmp_path / "jax.npz", **jax(**options))
        sheet = "vit_base_patch16_siglip_224" if options.get("pool") else "vit_base_patch16_224"
        sizes = {
            "img_size": 32,
            "patch_size": PATCH,
            "embed_dim": D,
            "depth": DEPTH,
            "num_heads": HEADS,
            "mlp_ratio": 2,
        }
        reference = timm.create_model(sheet, **sizes, num_classes=options.get("classes", 5))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reference.load_pretrained(str(tmp_path / "jax.npz"))
        settings = {} if options.get("pool") else {"classes": "5"}
        return tmp_path / "jax.npz", reference, small(sheet, **{"mlp.hidden": str(HIDDEN), **settings})

    return made


@pytest.mark.parametrize("case", JAX)
def test_jax_files_give_the_tensors_that_timm_reads(case, jax_case, imported):
    path, reference, program = jax_case(case)
    weights = imported(path, program, "google")
    assert weights.plan.layout.name == JAX[case][0]
    state = {k: v.numpy() for k, v in reference.state_dict().items()}
    assert state.keys() == weights.keys()
    assert all(np.array_equal(weights[name], state[name]) for name in state)


@pytest.mark.parametrize("case", JAX)
def test_jax_files_come_back_to_the_bit(case, jax_case, imported, tmp_path):
    path, _, program = jax_case(case)
    weights = imported(path, program, "google")
    save(tmp_path / "ours.safetensors", weights, program.weights())
    export(Stored(tmp_path / "ours.safetensors"), weights.model, JAX[case][0], tmp_path / "back.npz")
    prefix = JAX[case][1].get("prefix", "")
    with np.load(path) as before, np.load(tmp_path / "back.npz") as after:
        assert {name.removeprefix(prefix) for name in before} == set(after)
        assert all(before[prefix + name].tobytes() == after[name].tobytes() for name in after)


def clip(prefix):
    rng = np.random.default_rng(2)
    shapes = {
        "class_embedding": (D,),
        "positional_embedding": (N + 1, D),
        "proj": (D, 16),
        "conv1.weight": (D, 3, PATCH, PATCH),
    }
    shapes |= {f"{n}.{p}": (D,) for n in ("ln_pre", "ln_post") for p in ("weight", "bias")}
    for i in range(DEPTH):
        base = f"transformer.resblocks.{i}."
        shapes |= {f"{base}{n}.{p}": (D,) for n in ("ln_1", "ln_2") for p in ("weight", "bias")}
        shapes |= {f"{base}attn.in_proj_weight": (3 * D, D), f"{base}attn.in_proj_bias": (3 * D,)}
        shapes |= {f"{base}attn.out_proj.weight": (D, D), f"{base}attn.out_proj.bias": (D,)}
        shapes |= {f"{base}mlp.c_fc.weight": (HIDDEN, D), f"{base}mlp.c_fc.bias": (HIDDEN,)}
        shapes |= {f"{base}mlp.c_proj.weight": (D, HIDDEN), f"{base}mlp.c_proj.bias": (D,)}
    tensors = {prefix + name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    return tensors | {
        "transformer.resblocks.0.ln_1.weight": np.ones(8, np.float32),
        "logit_scale": np.ones(1, np.float32),
    }


@pytest.mark.parametrize("prefix", ["visual.", "module.visual."])
def test_clip_files_give_the_tensors_that_timm_makes_of_them(prefix, timm, small, imported, tmp_path):
    import torch
    from timm.models.vision_transformer import checkpoint_filter_fn

    tensors = clip(prefix)
    save_file(tensors, tmp_path / "clip.safetensors")
    sizes = {"img_size": 32, "patch_size": PATCH, "embed_dim": D, "depth": DEPTH, "num_heads": HEADS, "mlp_ratio": 2}
    reference = timm.create_model("vit_base_patch16_clip_224", **sizes, num_classes=16)
    expected = checkpoint_filter_fn({k: torch.from_numpy(v) for k, v in tensors.items()}, reference)
    program = small("vit_base_patch16_clip_224", **{"mlp.hidden": str(HIDDEN), "classes": "16"})
    weights = imported(tmp_path / "clip.safetensors", program, "openai")
    assert weights.keys() == expected.keys()
    assert all(np.array_equal(weights[name], expected[name]) for name in expected)
    save(tmp_path / "ours.safetensors", weights, program.weights())
    export(Stored(tmp_path / "ours.safetensors"), weights.model, "openai", tmp_path / "back.safetensors")
    back = load_file(tmp_path / "back.safetensors")
    assert {f"{prefix}{n.removeprefix('visual.')}" for n in back} == {n for n in tensors if n.startswith(prefix)}
    assert all(
        back["visual." + n.removeprefix(prefix)].tobytes() == v.tobytes()
        for n, v in tensors.items()
        if n.startswith(prefix)
    )


def test_open_clip_around_timm(timm, small, imported, tmp_path):
    program = small("vit_base_patch16_siglip_224")
    rng = np.random.default_rng(3)
    tensors = {
        f"visual.trunk.{n}": rng.standard_normal(s.shape).astype(np.float32) for n, s in program.weights().items()
    }
    save_file(
        tensors | {"text.x": np.ones(2, np.float32), "logit_scale": np.ones(1, np.float32)}, tmp_path / "o.safetensors"
    )
    weights = imported(tmp_path / "o.safetensors", program, "auto")
    assert weights.plan.layout.name == "open_clip_timm"
    assert all(np.array_equal(weights[n.removeprefix("visual.trunk.")], v) for n, v in tensors.items())
