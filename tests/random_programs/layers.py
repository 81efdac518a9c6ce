"""Productions that bind layers: ops with weights, blocks, lists of them, layers called twice."""


def image(v):
    return len(v.shape) > 2


def call(b, layer, x, shape):
    """A layer on a tensor, which may be called again later."""
    out = b.let(f"{layer}({x.name})", shape, sample=x.sample)
    b.layers.append((layer, x, out))
    return out


def linear(b):
    x, n = b.pick(lambda v: v.shape), b.rng.randint(1, 4)
    out = "width" if b.depth else str(n)
    layer = b.bind(f"linear({out}{b.rng.choice(['', ', bias = false'])})", "l")
    call(b, layer, x, (*x.shape[:-1], 3 if b.depth else n))


def norm(b):
    x = b.pick(lambda v: v.shape)
    axis = b.rng.randint(-min(len(x.shape), 3), -1)
    kind = b.rng.choice(["layernorm", "rmsnorm", "batchnorm"])
    if kind == "batchnorm" and not x.sample:
        raise IndexError
    extra = b.rng.choice(["", ", eps = 0.01", ", affine = false" if kind != "batchnorm" else ", momentum = 0.2"])
    if "affine" in extra:
        b.let(f"{kind}({x.name}{extra}, axis = {axis})", x.shape, sample=x.sample)
        return
    call(b, b.bind(f"{kind}(axis = {axis}{extra})", "l"), x, x.shape)


def groupnorm(b):
    x = b.pick(lambda v: image(v) and v.shape[-1] * v.shape[-2] > 2)
    groups = b.rng.choice([g for g in (1, 2, 3) if x.shape[-3] % g == 0])
    call(b, b.bind(f"groupnorm(groups = {groups})", "l"), x, x.shape)


def conv(b):
    x = b.pick(image)
    k = [b.rng.randint(1, min(3, n)) for n in x.shape[-2:]]
    s, p = b.rng.randint(1, 2), b.rng.randint(0, 1)
    groups = x.shape[-3] if b.rng.random() < 0.3 else 1
    out = groups * b.rng.randint(1, 2)
    sizes = [(n + 2 * p - m) // s + 1 for n, m in zip(x.shape[-2:], k, strict=True)]
    text = f"conv2d({out}, kernel = {k}, stride = {s}, padding = {p}{f', groups = {groups}' if groups > 1 else ''}{b.rng.choice(['', ', bias = false'])})"
    call(b, b.bind(text, "l"), x, (*x.shape[:-3], out, *sizes))


def conv_transpose(b):
    x, s = b.pick(image), b.rng.randint(1, 2)
    k, o = b.rng.randint(1, 3), b.rng.randint(0, s - 1)
    out = b.rng.randint(1, 3)
    sizes = [(n - 1) * s + k + o for n in x.shape[-2:]]
    text = f"conv_transpose2d({out}, kernel = {k}, stride = {s}, output_padding = {o})"
    call(b, b.bind(text, "l"), x, (*x.shape[:-3], out, *sizes))


def lstm(b):
    x, n = b.pick(lambda v: len(v.shape) > 1), b.rng.randint(1, 2)
    both = b.flag()
    layer = b.bind(f"lstm({n}, bidirectional = {both})", "l")
    call(b, layer, x, (*x.shape[:-1], n * (1 + (both == "true"))))


def pool(b):
    x = b.pick(lambda v: image(v) and min(v.shape[-2:]) > 1)
    name = b.rng.choice(["avg_pool", "max_pool"])
    k, s, p = 2, b.rng.randint(1, 2), b.rng.randint(0, 1)
    ceil = b.rng.random() < 0.4
    sizes = []
    for n in x.shape[-2:]:
        count = (n + 2 * p - k) // s + 1
        if ceil:
            count = -(-(n + 2 * p - k) // s) + 1
            count -= (count - 1) * s >= n + p
        sizes.append(count)
    more = ", ceil = true" * ceil + (", count_pad = false" if name == "avg_pool" and b.rng.random() < 0.4 else "")
    b.let(f"{name}({x.name}, {k}, stride = {s}, padding = {p}{more})", (*x.shape[:-2], *sizes), sample=x.sample)


def resize(b):
    x = b.pick(image)
    size = [b.rng.randint(1, 6), b.rng.randint(2, 6)]
    more = b.rng.choice(["", ", mode = nearest", ", mode = bicubic", ", mode = bicubic, antialias = true", ", antialias = true",
                         ", align_corners = true", ", mode = bicubic, align_corners = true"])  # fmt: skip
    b.let(f"resize({x.name}, {size}{more})", (*x.shape[:-2], *size), sample=x.sample)


def columns(b):
    x = b.pick(lambda v: image(v) and min(v.shape[-2:]) > 1)
    h, w = x.shape[-2:]
    p, s = b.rng.randint(0, 1), b.rng.randint(1, 2)
    counts = [(n + 2 * p - 2) // s + 1 for n in (h, w)]
    y = b.let(
        f"unfold({x.name}, 2, stride = {s}, padding = {p})",
        (*x.shape[:-3], x.shape[-3] * 4, counts[0] * counts[1]),
        sample=x.sample,
    )
    if b.rng.random() < 0.7:
        b.read.add(y.name)
        b.let(f"fold({y.name}, [{h}, {w}], 2, stride = {s}, padding = {p})", x.shape, sample=x.sample)


def block(b):
    if b.depth > 1:
        raise IndexError
    x = b.pick(lambda v: v.shape)
    name, out = b.program.block(x, b.rng.randint(1, 4), b.depth + 1, same=False)
    layer = b.bind(b.rng.choice([f"{name}", f"{name}(scale = {b.number()})", f"{name}(act = relu)"]), "l")
    if name in b.program.optional and b.rng.random() < 0.6:
        y = b.pick(lambda v: v.shape == x.shape)
        b.let(f"{layer}({x.name}, {b.rng.choice(['', 'extra = '])}{y.name})", out.shape, sample=out.sample or y.sample)
        return
    call(b, layer, x, out.shape)


def blocks(b):
    """A list of blocks that differ in numbers, in kind, or in neither."""
    if b.depth > 1:
        raise IndexError
    x = b.pick(lambda v: v.shape and v.sample)
    first, _ = b.program.block(x, b.rng.randint(1, 4), b.depth + 1, same=True)
    text = b.rng.choice([f"[{first}(scale = 0.5 + 0.1 * i) for i in 0 .. 3]", f"[{first} for i in 0 .. 2]",
                         f"[{first}(0.5), {first}(scale = 0.25)]", f"[{first}(scale = linspace(0.1, 0.5, 3)[i]) for i in 0 .. 3]"])  # fmt: skip
    if b.rng.random() < 0.3:
        second, _ = b.program.block(x, b.rng.randint(1, 3), b.depth + 1, same=True)
        text = b.rng.choice([f"[{first}, {second}]", f"[if i % 2 == 0 then {first}(scale = 0.5) else {second} for i in 0 .. 4]",
                             f"[[{first}, {second}], [{second}]]"])  # fmt: skip
    layer = b.bind(text, "xs")
    if b.rng.random() < 0.7 or text.startswith("[["):
        if text.startswith("[["):
            call(b, f"{layer}[0]", x, x.shape)
            call(b, f"{layer}[1]", x, x.shape)
        else:
            call(b, layer, x, x.shape)
    else:
        y = b.let(f"{x.name} * 1.0", x.shape)
        b.lines.append(f"for layer in {layer} {{ {y.name} = layer({y.name}) }}")


def chain(b):
    """A list of ops, as stems are written."""
    x, n = b.pick(lambda v: image(v) and v.sample), b.rng.randint(1, 3)
    layer = b.bind(
        f"[conv2d({n}, kernel = 1), batchnorm, {b.rng.choice(['relu', 'gelu', 'tanh'])}, conv2d({n}, kernel = 1)]", "xs"
    )
    call(b, layer, x, (*x.shape[:-3], n, *x.shape[-2:]))


def again(b):
    """A layer once more, on the same shape or with other axes in front."""
    if not b.layers:
        raise IndexError
    layer, old, out = b.rng.choice(b.layers)
    x = b.pick(lambda v: v.shape == old.shape and v.sample == old.sample)
    b.let(f"{layer}({x.name})", out.shape, sample=x.sample or out.sample)


LAYERS = [
    linear,
    norm,
    groupnorm,
    conv,
    conv_transpose,
    lstm,
    pool,
    resize,
    columns,
    block,
    block,
    blocks,
    chain,
    again,
]
