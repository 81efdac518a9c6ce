"""What a random program can say next: each production writes statements into a body or raises `IndexError`."""

from math import prod

from vitc.compiler import ops
from vitc.compiler.ops.elementwise import FloatUnary

FLOATS = ["exp(tanh({x}))", "log(abs({x}) + 0.5)", "log2(abs({x}) + 0.5)", "sqrt(abs({x}) + 0.1)", "rsqrt(abs({x}) + 0.5)",
          "sin({x})", "cos({x})", "tanh({x})", "sigmoid({x})", "erf({x})", "silu({x})", "hardswish({x})",
          "hardsigmoid({x})", "gelu({x})", "gelu_tanh({x})", "quick_gelu({x})", "relu({x})", "abs({x})", "-{x}",
          "(abs({x}) + 0.5) ** 1.5", "{x} ** 2", "-({x})"]  # fmt: skip
# Whatever other functions of one tensor there are: between -1 and 1 each has a value, and a small one.
FLOATS += [f"{name}(tanh({{x}}))" for name in ops.names()
           if isinstance(ops.get(name), FloatUnary) and not any(text.startswith(f"{name}(") for text in FLOATS)]  # fmt: skip
#: Taken off zero, where targets may round a tail of gelu to either side.
STEPS = ["floor({x})", "sign({x})"]
PAIRS = ["{a} + {b}", "{a} - {b}", "{a} * tanh({b})", "{a} / (abs({b}) + 1.0)", "max({a}, {b})", "min({a}, {b})",
         "(abs({a}) + 0.5) ** tanh({b})"]  # fmt: skip
NUMBERS = ["{x} + {n}", "{n} - {x}", "{x} * {n}", "{n} / (abs({x}) + 1.0)", "max({x}, {n})", "min({n}, {x})", "{x} / 3",
           "1.5 ** tanh({x})", "clamp({x}, min = -0.5)", "clamp({x}, min = -1, max = 1.5)", "clamp({x}, max = {n})"]  # fmt: skip
INTS = ["{x} // 2", "{x} % -3", "{x} // {d}", "{x} % {d}", "{x} * 2 - 1", "max({x}, 1)", "abs({x} - 1)", "relu({x} - 1)", "floor({x})",
        "sign({x} - 1)", "clamp({x}, min = 0, max = 2)", "-{x}"]  # fmt: skip
COMPARE = ["<", "<=", ">", ">=", "==", "!="]
INITS = ["normal(0.5)", "trunc_normal(0.3)", "uniform(-0.5, 0.5)", "0.7", "zeros", "normal(0.5, {s}) * 0.5",
         "trunc_normal(0.3, {s}) + 0.1", "uniform(-0.5, 0.5, {s})", "ones({s}) * 0.3"]  # fmt: skip


def unary(b):
    x = b.pick()
    b.let(b.rng.choice(FLOATS).format(x=x.name), x.shape, sample=x.sample)


def steps(b):
    x = b.pick()
    b.let(b.rng.choice(STEPS).format(x=f"({x.name} * 2 + 0.3)"), x.shape, sample=x.sample)


def number(b):
    x = b.pick()
    b.let(b.rng.choice(NUMBERS).format(x=x.name, n=b.number()), x.shape, sample=x.sample)


def remainder(b):
    x, n = b.pick(), abs(b.number()) + 0.3
    text = b.rng.choice(
        ["{x} // {n}", "{x} % {n}", "{x} % (abs({x}) + 0.7)", "{n} % (abs({x}) + 0.7)", "{n} // (abs({x}) + 0.7)"]
    )
    b.let(text.format(x=x.name, n=n), x.shape, sample=x.sample)


def meet(a, other):
    """The shape of two that broadcast, or IndexError."""
    rank = max(len(a.shape), len(other.shape))
    wide = [(1,) * (rank - len(v.shape)) + v.shape for v in (a, other)]
    if any(m != n and 1 not in (m, n) for m, n in zip(*wide, strict=True)):
        raise IndexError
    return tuple(max(m, n) for m, n in zip(*wide, strict=True))


def binary(b):
    x = b.pick()
    y = b.pick(lambda v: v.shape[-1:] == x.shape[-1:] or not v.shape or not x.shape)
    b.let(b.rng.choice(PAIRS).format(a=x.name, b=y.name), meet(x, y), sample=x.sample or y.sample)


def integers(b):
    x = b.pick(dtype="int")
    divisors = f"(arange({x.shape[-1]}) * 2 - 3)" if x.shape else "-3"  # none is zero
    b.let(b.rng.choice(INTS).format(x=x.name, d=divisors), x.shape, "int", x.sample)


def of_integers(b):
    """Integers among floats: `sin(i)`, `i / 2`, `x + i`."""
    i = b.pick(dtype="int")
    y = b.pick(lambda v: v.shape[-1:] == i.shape[-1:] or not v.shape)
    text = b.rng.choice(["sin({i})", "{i} / 2", "{i} * 0.5", "{y} + {i}", "{i} - {y}", "max({i}, {y})", "{y} / ({i} * {i} + 1)",
                         "rsqrt({i} * {i} + 1)", "min({i}, 0.5)", "2 / ({i} * {i} + 3)"])  # fmt: skip
    both = "{y}" in text
    b.let(text.format(i=i.name, y=y.name), meet(i, y) if both else i.shape, sample=i.sample or (both and y.sample))


def compare(b):
    kind = b.rng.choice(["float", "int"])
    x = b.pick(dtype=kind)
    op = b.rng.choice(COMPARE if kind == "int" else COMPARE[:4])
    if b.rng.random() < 0.5:
        n = b.rng.randint(0, 2) if kind == "int" else b.number()
        b.let(b.rng.choice([f"{x.name} {op} {n}", f"{n} {op} {x.name}"]), x.shape, "bool", x.sample)
    else:
        y = b.pick(lambda v: v.shape[-1:] == x.shape[-1:], b.rng.choice(["float", "int"]))
        b.let(f"{x.name} {op} {y.name}", meet(x, y), "bool", x.sample or y.sample)


def equality(b):
    x = b.pick(dtype=b.rng.choice(["int", "bool", "float"]))
    a = f"int({x.name} * 2)" if x.dtype == "float" else x.name
    other = "(0 * 1)" if x.dtype == "int" else f"roll({a}, 1, axis = -1)" if x.shape else a
    b.let(f"{a} {b.rng.choice(['==', '!='])} {other}", x.shape, "bool", x.sample)


def logic(b):
    """Truth values of the text, or made on the spot."""
    x = b.pick(dtype=b.rng.choice(["bool", "float", "float"]))
    p, q = (
        (x.name, f"(not {x.name})")
        if x.dtype == "bool"
        else (f"({x.name} > {b.number()})", f"({x.name} < {b.number()})")
    )
    text = b.rng.choice(["not {p}", "{p} and {q}", "{p} or {q}", "{p} == {q}", "{p} and not {q}", "{p} != {q}"])
    b.let(text.format(p=p, q=q), x.shape, "bool", x.sample)


def where(b):
    c, x = b.pick(dtype="bool"), b.pick()
    text = b.rng.choice([f"where({c.name}, {x.name}, {b.number()})", f"where({c.name}, 0.5, {x.name})",
                         f"where({c.name}, {x.name}, -{x.name})"])  # fmt: skip
    b.let(text, meet(c, x), sample=c.sample or x.sample)


def cast(b):
    x = b.pick(dtype=b.rng.choice(["bool", "int", "float"]))
    b.let(f"int({x.name}{' * 3' if x.dtype == 'float' else ''})", x.shape, "int", x.sample)


def reduce(b):
    x = b.pick(lambda v: v.shape, b.rng.choice(["float", "float", "int"]))
    rank = len(x.shape)
    axes = sorted(b.rng.sample(range(-rank, 0), b.rng.randint(1, rank)), reverse=True)
    keep = b.flag()
    shape = tuple(1 if i - rank in axes else n for i, n in enumerate(x.shape) if keep == "true" or i - rank not in axes)
    name = b.rng.choice(["mean", "sum", "max", "min"] if x.dtype == "float" else ["sum", "max", "min"])
    listed = str(axes[0]) if len(axes) == 1 and b.rng.random() < 0.5 else str(axes)
    b.let(
        f"{name}({x.name}, axis = {listed}{b.rng.choice(['', f', keep = {keep}']) if keep == 'false' else ', keep = true'})",
        shape,
        x.dtype,
        x.sample,
    )


def any_kind(b):
    return b.rng.choice(["float", "float", "float", "int", "bool"])


def rearrange(b):
    """A permutation with an axis split, two joined, or one of 1 put in."""
    x = b.pick(lambda v: v.shape, any_kind(b))
    names = list("hwcd")[: len(x.shape)]
    left, sizes = list(names), ""
    at = b.rng.randrange(len(names))
    factor = next((k for k in (2, 3) if x.shape[at] % k == 0), 0)
    parts = dict(zip(names, x.shape, strict=True))
    if factor and b.rng.random() < 0.5:
        left[at], sizes = "(p q)", f", p = {factor}"
        parts.pop(names[at])
        parts |= {"p": factor, "q": x.shape[at] // factor}
    order = list(parts)
    b.rng.shuffle(order)
    groups = [[n] for n in order]
    if len(groups) > 1 and b.rng.random() < 0.5:
        i = b.rng.randrange(len(groups) - 1)
        groups[i : i + 2] = [groups[i] + groups[i + 1]]
    if b.rng.random() < 0.2:
        groups.insert(b.rng.randrange(len(groups) + 1), [])
    right = " ".join("1" if not g else g[0] if len(g) == 1 else f"({' '.join(g)})" for g in groups)
    shape = tuple(prod(parts[n] for n in g) for g in groups)
    b.let(f'rearrange({x.name}, "{" ".join(left)} -> {right}"{sizes})', shape, x.dtype, x.sample)


def lead(b):
    x = b.pick(lambda v: len(v.shape) > 1, any_kind(b))
    if b.rng.random() < 0.5:
        b.let(f"transpose({x.name})", (*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype, x.sample)
    else:
        text = f'rearrange({x.name}, ".. a b -> .. (b a)")'
        b.let(text, (*x.shape[:-2], x.shape[-1] * x.shape[-2]), x.dtype, x.sample)


def repeat(b):
    x, k = b.pick(lambda v: v.shape, any_kind(b)), b.rng.randint(1, 3)
    text, shape = b.rng.choice([(".. a -> .. a k", (*x.shape, k)), (".. a -> .. k a", (*x.shape[:-1], k, x.shape[-1])),
                                (".. a -> .. (a k)", (*x.shape[:-1], x.shape[-1] * k))])  # fmt: skip
    b.let(f'repeat({x.name}, "{text}", k = {k})', shape, x.dtype, x.sample)


def index(b):
    x = b.pick(lambda v: v.shape, any_kind(b))
    n, first = x.shape[-1], x.shape[0]
    start, i, step = b.rng.randrange(n), b.rng.randrange(first), b.rng.randint(1, 3)
    text, shape = b.rng.choice(
        [(f"[{i}]", x.shape[1:]), (f"[{i - first}]", x.shape[1:]), (f"[.., {start}:]", (*x.shape[:-1], n - start)),
         (f"[.., {start}]", x.shape[:-1]), (f"[{i}:{first}:{step}]", (len(range(i, first, step)), *x.shape[1:])),
         (f"[.., ::{step}]", (*x.shape[:-1], len(range(0, n, step)))), (f"[:{i + 1}]", (i + 1, *x.shape[1:]))]
    )  # fmt: skip
    b.let(f"{x.name}{text}", shape, x.dtype, x.sample)


def concat(b):
    x = b.pick(lambda v: v.shape, any_kind(b))
    y = b.pick(lambda v: v.shape[1:] == x.shape[1:] and v.shape, x.dtype)
    b.let(
        f"concat([{x.name}, {y.name}], axis = {-len(x.shape)})",
        (x.shape[0] + y.shape[0], *x.shape[1:]),
        x.dtype,
        x.sample or y.sample,
    )


def token(b):
    """A stored row in front of the rows of every sample."""
    x = b.pick(lambda v: v.shape and v.sample)
    name = b.bind(f"weight({[1, *x.shape[1:]]}, normal(0.5))")
    b.let(f"concat([{name}, {x.name}], axis = {-len(x.shape)})", (x.shape[0] + 1, *x.shape[1:]))


def stack(b):
    x = b.pick(dtype=any_kind(b))
    y = b.pick(lambda v: v.shape == x.shape, x.dtype)
    axis = b.rng.randint(-len(x.shape) - 1, -1)
    shape = list(x.shape)
    shape.insert(len(shape) + 1 + axis, 2)
    b.let(f"stack([{x.name}, {y.name}], axis = {axis})", tuple(shape), x.dtype, x.sample or y.sample)


def split(b):
    x = b.pick(lambda v: v.shape and v.shape[-1] > 1, any_kind(b))
    n = x.shape[-1]
    if b.rng.random() < 0.4:
        b.let(f"sum([y * 0.5 for y in split({x.name} * 1.0, {n})])" if x.dtype == "float" else f"split({x.name}, {n})[1]",
              (*x.shape[:-1], 1), x.dtype, x.sample)  # fmt: skip
        return
    k = b.rng.randint(1, n - 1)
    first, second = b.name(), b.name()
    b.lines.append(f"{first}, {second} = split({x.name}, [{k}, {n - k}])")
    b.vars += [type(x)(name, (*x.shape[:-1], m), x.dtype, x.sample) for name, m in ((first, k), (second, n - k))]


def unstack(b):
    x = b.pick(lambda v: len(v.shape) > 1 and v.shape[0] > 1, any_kind(b))
    b.let(f"unstack({x.name})[{x.shape[0] - 1}]", x.shape[1:], x.dtype, x.sample)


def pad(b):
    x = b.pick(lambda v: v.shape, b.rng.choice(["float", "float", "int"]))
    p, q = b.rng.randint(0, 2), b.rng.randint(0, 2)
    value = "" if b.rng.random() < 0.5 else f", value = {b.rng.randint(0, 3) if x.dtype == 'int' else b.number()}"
    b.let(f"pad({x.name}, [[{p}, {q}]]{value})", (*x.shape[:-1], x.shape[-1] + p + q), x.dtype, x.sample)


def roll(b):
    x = b.pick(lambda v: v.shape, any_kind(b))
    if len(x.shape) > 1 and b.rng.random() < 0.5:
        b.let(f"roll({x.name}, [1, -2], axis = [-2, -1])", x.shape, x.dtype, x.sample)
    else:
        b.let(f"roll({x.name}, {b.rng.randint(-3, 3)}, axis = -1)", x.shape, x.dtype, x.sample)


def take(b):
    x = b.pick(lambda v: v.shape, any_kind(b))
    axis = b.rng.randint(-len(x.shape), -1)
    n, k = x.shape[axis], b.rng.randint(1, 4)
    table, shape = b.rng.choice([(f"arange({k}) % {n}", (k,)), (f'rearrange(arange({2 * k}), "(a b) -> a b", a = 2) % {n}', (2, k)),
                                 (f"{n - 1} - arange({n})", (n,))])  # fmt: skip
    at = len(x.shape) + axis
    b.let(f"take({x.name}, {table}, axis = {axis})", (*x.shape[:at], *shape, *x.shape[at + 1 :]), x.dtype, x.sample)


def subset(b):
    """An index of each sample."""
    x = b.pick(lambda v: v.shape and v.sample, any_kind(b))
    axis = b.rng.randint(-len(x.shape), -1)
    n = x.shape[axis]
    k, at = b.rng.randint(1, n), len(x.shape) + axis
    if not any(v.name in ("image", "x") and v.sample for v in b.vars[:1]):
        raise IndexError
    kept = b.let(f"random_subset({n}, {k})", (k,), "int")
    b.read.add(kept.name)
    b.let(f"take({x.name}, {kept.name}, axis = {axis})", (*x.shape[:at], k, *x.shape[at + 1 :]), x.dtype)


def matmul(b):
    x = b.pick(lambda v: len(v.shape) > 1)
    y = b.pick(lambda v: len(v.shape) > 1 and v.shape[-1] == x.shape[-1])
    lead = meet(type(x)("", x.shape[:-2]), type(x)("", y.shape[:-2]))
    b.let(
        f"{x.name} @ transpose({y.name}) / {x.shape[-1]}",
        (*lead, x.shape[-2], y.shape[-2]),
        sample=x.sample or y.sample,
    )


def einsum(b):
    x = b.pick(lambda v: len(v.shape) > 1)
    y = b.pick(lambda v: len(v.shape) == 2 and v.shape[-1] == x.shape[-1])
    text, shape = b.rng.choice([(".. n c, m c -> .. n m", (*x.shape[:-1], y.shape[0])), (".. n c, m c -> .. m", (*x.shape[:-2], y.shape[0])),
                                (".. a chan, b chan -> .. b chan a", (*x.shape[:-2], y.shape[0], x.shape[-1], x.shape[-2]))])  # fmt: skip
    b.let(f'einsum({x.name}, {y.name}, "{text}") * 0.3', shape, sample=x.sample or y.sample)


def softmax(b):
    x = b.pick(lambda v: max(v.shape, default=1) > 1)
    # of a single element it is 1, and a norm of that is noise
    axis = b.rng.choice([-i for i, n in enumerate(reversed(x.shape), 1) if n > 1])
    b.let(f"softmax({x.name}, axis = {axis})", x.shape, sample=x.sample)


def attend(b):
    x = b.pick(lambda v: len(v.shape) > 1)
    bias = b.pick(lambda v: v.shape == (x.shape[-2],) * 2) if b.rng.random() < 0.3 else None
    text = f", bias = {bias.name}" if bias else b.rng.choice(["", ", scale = 0.3", ", drop = 0.2" if x.sample else ""])
    b.let(f"attend({x.name}, {x.name} * 0.5, {x.name}{text})", x.shape, sample=x.sample or bool(bias and bias.sample))


def weight(b):
    shape = [b.rng.randint(1, 4) for _ in range(b.rng.randint(1, 3))]
    name = b.bind(f"{b.rng.choice(['weight', 'weight', 'state'])}({shape}, {b.rng.choice(INITS).format(s=shape)})")
    b.vars.append(type(b.vars[0])(name, tuple(shape), "float", False))


def constant(b):
    n = b.rng.randint(1, 5)
    text, shape, kind = b.rng.choice(
        [(f"arange({n})", (n,), "int"), (f"arange(0.5, {n + 0.5}, 0.5)", (2 * n,), "float"), (f"ones([2, {n}])", (2, n), "float"),
         (f"full([{n}], 3)", (n,), "int"), (f"full([{n}, 2], 0.25)", (n, 2), "float"), (f"zeros([{n}])", (n,), "float"),
         (f"sin(arange({n}))", (n,), "float"), (f"stack([w for w in linspace(0.0, 1.0, {n})])", (n,), "float"),
         (f'rearrange(arange({n}), "a -> a 1") >= arange({n})', (n, n), "bool"), (f"normal_table({n})", (n, n), "float")]
    )  # fmt: skip
    if "normal_table" in text:
        text = f'exp(-(rearrange(arange({n}), "a -> a 1") - arange({n})) ** 2 / 4)'
    b.let(text, shape, kind, False)


def dropped(b):
    x = b.pick(lambda v: v.sample)
    b.let(f"{b.rng.choice(['dropout', 'stochastic_depth'])}({x.name}, {b.rng.choice([0.0, 0.25])})", x.shape)


def training(b):
    x = b.pick()
    y = b.let(f"{x.name} * 0.5", x.shape, sample=x.sample)
    b.lines.append(
        f"if training {{ {y.name} = {y.name} + 1.0 }}" + b.rng.choice(["", f" else {{ {y.name} = tanh({y.name}) }}"])
    )


def control(b):
    """`for` over numbers, an `if` on a parameter, a conditional expression."""
    x = b.pick()
    y = b.let(f"{x.name} * (if {'width' if b.depth else 'depth'} > 2 then 0.5 else 0.25)", x.shape, sample=x.sample)
    b.lines.append(f"for i, n in linspace(0.1, 0.5, 3) {{ {y.name} = {y.name} * n + i }}")


from vitc.tests.random_programs.layers import LAYERS  # noqa: E402 -- the other half of the list

PRODUCTIONS = [unary, unary, unary, unary, steps, number, remainder, binary, integers, of_integers, compare, compare, equality, logic, logic, logic, where, where, cast, reduce, rearrange,
               lead, repeat, index, concat, token, stack, split, unstack, pad, roll, take, subset, matmul, einsum, softmax, attend,
               weight, weight, constant, constant, dropped, training, control, *LAYERS, *LAYERS]  # fmt: skip
