"""Words of PyTorch, timm, einops and numpy, and how the language says the same."""

#: Names of parameters and attributes elsewhere: ours, the first that exists where the name is used.
SYNONYMS: dict[str, tuple[str, ...]] = {
    # torch, numpy, einops
    "dim": ("axis", "axes"), "dims": ("axes", "axis"), "keepdim": ("keep",), "keepdims": ("keep",),
    "out_features": ("out",), "out_channels": ("out",), "kernel_size": ("kernel",), "k": ("kernel",),
    "p": ("rate",), "drop_prob": ("rate", "drop_path"), "num_groups": ("groups",), "hidden_size": ("hidden", "dim"),
    "elementwise_affine": ("affine",), "ceil_mode": ("ceil",), "count_include_pad": ("count_pad",), "approx": ("approximate",),
    "scale_factor": ("size",),
    # timm, transformers
    "img_size": ("image",), "image_size": ("image",), "in_chans": ("image",), "patch_size": ("patch",), "embed_dim": ("dim",),
    "d_model": ("dim",), "num_layers": ("depth",), "n_layers": ("depth",), "layers": ("depth",), "num_hidden_layers": ("depth",),
    "num_heads": ("heads",), "n_heads": ("heads",), "num_attention_heads": ("heads",), "nhead": ("heads",),
    "num_classes": ("classes",), "num_labels": ("classes",), "n_classes": ("classes",), "mlp_ratio": ("ratio", "hidden"),
    "intermediate_size": ("hidden",), "mlp_dim": ("hidden",), "dim_feedforward": ("hidden",), "norm_layer": ("norm",),
    "act_layer": ("act",), "activation": ("act",), "hidden_act": ("act",), "global_pool": ("pool",), "init_values": ("layer_scale", "scale"),
    "drop_path_rate": ("drop_path",), "drop_rate": ("drop",), "attn_drop_rate": ("attn_drop",), "reg_tokens": ("registers",),
    "num_register_tokens": ("registers",), "layer_norm_eps": ("norm",), "embed_layer": ("embed",), "block_fn": ("layer",),
    # training
    "batch_size": ("batch",), "num_epochs": ("epochs",), "n_epochs": ("epochs",), "opt": ("optimizer",), "optim": ("optimizer",),
    "learning_rate": ("lr", "optimizer"), "lr": ("optimizer",), "wd": ("weight_decay", "optimizer"), "weight_decay": ("optimizer",),
    "momentum": ("optimizer",), "scheduler": ("schedule",), "lr_scheduler": ("schedule",), "warmup": ("schedule",),
    "warmup_epochs": ("schedule",), "loss": ("criterion",), "label_smoothing": ("smoothing", "criterion"), "amp": ("precision",),
    "clip_grad": ("clip",), "grad_clip": ("clip",), "max_grad_norm": ("clip",), "augmentation": ("augment",), "transforms": ("augment",),
    "dataset": ("source",), "root": ("source", "path"), "data_dir": ("source",), "num_samples": ("count",),
}  # fmt: skip

#: Attributes elsewhere that give the size of an input.
_INPUT_SIZES = frozenset(
    [
        "in_features",
        "in_channels",
        "in_planes",
        "in_dim",
        "input_dim",
        "input_size",
        "num_features",
        "num_channels",
        "normalized_shape",
    ]
)
_BATCH = frozenset(["b", "bs", "batch", "batch_size"])

#: What to write in the section `train` for a key that is an argument of a choice there.
NESTED = {
    "learning_rate": "optimizer = adamw(lr = 1e-3)", "lr": "optimizer = adamw(lr = 1e-3)",
    "weight_decay": "optimizer = adamw(weight_decay = 0.05)", "wd": "optimizer = adamw(weight_decay = 0.05)",
    "momentum": "optimizer = sgd(momentum = 0.9)", "warmup": "schedule = cosine(warmup = 5 epochs)",
    "warmup_epochs": "schedule = cosine(warmup = 5 epochs)", "label_smoothing": "criterion = cross_entropy(smoothing = 0.1)",
    "amp": "precision = bf16",
}  # fmt: skip

#: Types elsewhere.
TYPES = {
    "Tensor": "tensor", "str": "text", "string": "text", "number": "float", "double": "float", "integer": "int", "boolean": "bool",
    "List": "list", "tuple": "list", "Tuple": "list", "Module": "block", "None": "none",
}  # fmt: skip

_UNSORTED = "the language has no sorting: no `sort`, `argsort` or `topk`"
_UNPICKED = "the language picks no element by its value: no `argmax`; `vitc predict` names the class"
_UNCONV = "there are no convolutions over one axis or three: give the tensor axes of one and use `conv2d`"
_POOLED = "`mean(x, axis = [-2, -1])` averages a map"
#: Functions, methods and classes elsewhere: what to write.
WORDS: dict[str, str] = {
    "permute": '`rearrange(x, "a b c -> b a c")` permutes axes', "view": '`rearrange(x, "(h w) d -> h w d", h = 14)` splits and joins axes',
    "reshape": '`rearrange(x, "(h w) d -> h w d", h = 14)` splits and joins axes', "flatten": '`rearrange(x, "h w d -> (h w) d")` joins axes',
    "unflatten": '`rearrange(x, "(h w) d -> h w d", h = 14)` splits an axis', "swapaxes": "`transpose(x)` swaps the last two axes",
    "movedim": '`rearrange(x, "c h w -> h w c")` moves axes', "squeeze": "`x[.., 0]` drops an axis of one",
    "unsqueeze": '`rearrange(x, "n -> n 1")` adds an axis', "expand": '`repeat(x, "n -> b n", b = 2)` repeats along a new axis',
    "tile": '`repeat(x, "n -> (r n)", r = 2)` repeats along an axis', "cat": "`concat([a, b], axis = -1)`",
    "concatenate": "`concat([a, b], axis = -1)`", "unbind": "`unstack(x)` gives a list",
    "bmm": "`a @ b` is the matrix product", "mm": "`a @ b` is the matrix product", "dot": "`a @ b` is the matrix product",
    "size": "`shape(x)` gives the sizes; `[N, D]` in the signature names them", "T": "`transpose(x)` swaps the last two axes", "mT": "`transpose(x)` swaps the last two axes",
    "numel": "multiply the items of `shape(x)`", "ndim": "`len(shape(x))`", "contiguous": "leave it out: tensors have no memory layout",
    "to": "leave it out: the device and the element type are chosen at run time", "cuda": "leave it out: the device is chosen at run time",
    "cpu": "leave it out: the device is chosen at run time", "float": "leave it out: `1.0 * x` is a float, `inf` and `-inf` are numbers", "double": "leave it out: the element type is chosen at run time",
    "half": "leave it out: the element type is chosen at run time", "meshgrid": '`repeat(y, "a -> a b", b = n)` and `repeat(x, "b -> a b", a = m)`',
    "slice": "`x[a:b]` is a slice; there is no value for it", "gather": "`take(table, index, axis = -2)`", "index_select": "`take(table, index, axis = -2)`",
    "drop_path": "`stochastic_depth(x, rate)`, with a parameter `drop_path = 0.0`", "sequential": "`[a, b, c]` is a list of layers; calling it calls them in order",
    "norm_layer": "`layernorm`, or a parameter `norm: block`", "act_layer": "`gelu`, or a parameter `act: block`",
    "trunc_normal_": "`weight([n, d], trunc_normal(0.02))` above `forward`", "tuple": "`[a, b]` is a list", "list": "`[a, b]` is a list",
    "empty": "`zeros([n, d])`", "zeros_like": "`0 * x`", "ones_like": "`0 * x + 1`",
    "prod": "multiply them: `a * b`", "new_zeros": "`zeros([n, d])`", "repeat_interleave": '`repeat(x, "n -> (n r)", r = 2)`', "ModuleDict": "bind each layer to a name of its own",
    "head_dim": "`dim // heads`",
    "detach": "leave it out: gradients belong to training", "item": "leave it out: numbers are known while compiling",
    "masked_fill": "`where(mask, value, x)`", "softplus": "`log(1 + exp(x))`", "clone": "leave it out: no tensor is ever changed in place",
    "enumerate": "`for i, x in xs` gives the index and the item", "zip": "`[f(x, ys[i]) for i, x in xs]` goes through two lists",
    "range": "`0 .. n` are the integers from 0 up to n, without n", "map": "`[f(x) for x in xs]`", "print": "`vitc show SPEC --flow` prints every shape",
    "isinstance": "parameters have types: `p: int | none`", "super": "a block has no base class",
    "Sequential": "`[a, b, c]` is a list of layers; calling it calls them in order", "ModuleList": "`[a, b, c]` is a list of layers",
    "Parameter": "`weight([n, d], normal(0.02))`", "register_buffer": "`state([n], 0.0)`", "Linear": "`linear(out)`: the input size is never written",
    "Conv2d": "`conv2d(out, kernel = 3)`: the input size is never written", "LayerNorm": "`layernorm`: its size is never written",
    "BatchNorm2d": "`batchnorm`: its size is never written", "GroupNorm": "`groupnorm(groups = 32)`", "RMSNorm": "`rmsnorm`",
    "GELU": "`gelu`", "ReLU": "`relu`", "SiLU": "`silu`", "Identity": "`identity`", "Dropout": "`dropout(0.1)`", "DropPath": "`stochastic_depth(x, rate)`",
    "MultiheadAttention": "`attention(heads)` of std", "Softmax": "`softmax(x, axis = -1)`", "Embedding": "`take(table, index, axis = -2)` of a `weight`",
    "scaled_dot_product_attention": "`attend(q, k, v)`", "interpolate": "`resize(x, [h, w])`", "normalize": "`l2norm(x)`",
    "topk": _UNSORTED, "argsort": _UNSORTED, "sort": _UNSORTED, "lambda": "`fn f(x) = …` names a function",
    "Conv1d": _UNCONV, "conv1d": _UNCONV, "Conv3d": _UNCONV, "conv3d": _UNCONV, "ConvTranspose2d": "`conv_transpose2d(out, kernel = 2, stride = 2)`",
    "AdaptiveAvgPool2d": _POOLED, "adaptive_avg_pool2d": _POOLED, "AvgPool2d": "`avg_pool(x, 2)`", "avg_pool2d": "`avg_pool(x, 2)`",
    "MaxPool2d": "`max_pool(x, 2)`", "max_pool2d": "`max_pool(x, 2)`", "Upsample": "`resize(x, [h, w])`", "LSTM": "`lstm(hidden)`: the input size is never written",
    "Flatten": '`rearrange(x, "c h w -> (c h w)")` joins axes', "PixelShuffle": '`rearrange(x, "(c p q) h w -> c (h p) (w q)", p = 2, q = 2)`',
    "pixel_shuffle": '`rearrange(x, "(c p q) h w -> c (h p) (w q)", p = 2, q = 2)`', "Unfold": "`unfold(x, k)`", "Tanh": "`tanh`", "Sigmoid": "`sigmoid`",
    "Softplus": "`log(1 + exp(x))`", "LeakyReLU": "`max(x, 0.01 * x)`", "leaky_relu": "`max(x, 0.01 * x)`", "elu": "`where(x > 0, x, exp(x) - 1)`",
    "ELU": "`where(x > 0, x, exp(x) - 1)`", "mish": "`x * tanh(log(1 + exp(x)))`", "layer_norm": "bind `norm = layernorm` and call `norm(x)`",
    "batch_norm": "bind `norm = batchnorm` and call `norm(x)`", "group_norm": "bind `norm = groupnorm(groups = 32)` and call `norm(x)`",
    "argmax": _UNPICKED, "argmin": _UNPICKED, "reduce": "`mean`, `sum`, `max` and `min` take `axis`: `mean(x, axis = -1)`",
    "Rearrange": '`rearrange(x, "c h w -> (h w) c")` in `forward`', "null": "`none`", "nil": "`none`", "append": "lists are never changed: `xs + [x]` is a longer one",
    "extend": "lists are never changed: `xs + ys` is a longer one", "var": "`mean((x - mean(x, axis = -1, keep = true)) ** 2, axis = -1)`",
    "std": "`sqrt(mean((x - mean(x, axis = -1, keep = true)) ** 2, axis = -1))`", "square": "`x ** 2`", "outer": '`einsum(a, b, "n, m -> n m")`',
    "eq": "`a == b`", "ne": "`a != b`", "lt": "`a < b`", "le": "`a <= b`", "gt": "`a > b`", "ge": "`a >= b`", "randn": "`weight(shape, normal(1.0))`",
    "newaxis": '`rearrange(x, "n -> 1 n")` adds an axis', "transpose": '`transpose(x)` swaps the last two axes, `rearrange(x, "a b c -> b a c")` any',
    "PatchEmbed": "`patch_embed(patch, dim)` of std", "Mlp": "`mlp` of std", "LayerScale": "`layerscale(init)` of std", "shape": "`shape(x)` gives the sizes; `[N, D]` in the signature names them",
}  # fmt: skip

#: Names of libraries, as people import them.
_LIBRARIES = frozenset(
    ["nn", "torch", "F", "np", "numpy", "einops", "timm", "jnp", "tf", "keras", "functional", "math"]
)


def stands_alone(name: str) -> bool:
    """Whether a name before a dot is one that other languages have there: `self`, or a library."""
    return name == "self" or name in _LIBRARIES


def synonym(name: str, known: list[str]) -> str:
    """Our name for a parameter or attribute of another library, where it is among the known ones."""
    return next((ours for ours in SYNONYMS.get(name, ()) if ours in known), "")


def batch(first: str, axes: int, rank: int) -> str:
    """What to say of a pattern that begins with a batch axis: one name too many for a tensor of this rank."""
    return "the batch axis is not written: leave it out" if first.lower() in _BATCH and axes == rank + 1 else ""


def input_size(name: str) -> str:
    """What to say of an attribute that gives the size of an input."""
    return "input sizes are never written: leave it out" if name in _INPUT_SIZES else ""


def translation(name: str) -> str:
    """What to write for a function, method or class of another library."""
    return WORDS.get(name, "")
