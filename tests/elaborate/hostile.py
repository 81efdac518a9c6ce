"""Texts that mean harm, by name: each is refused with one of the codes."""

IMAGE = "image: shape = 8x8x3"
MODEL = "forward(image: [C, H, W]) { return mean(image, axis = [-2, -1]) }"


def sheet(entries, extra=""):
    return f"vit 1\n{extra}\nmodel m = vit {{ {entries} }}\n"


def block(entries="", forward=MODEL, extra=""):
    return f"vit 1\n{extra}\nblock b({IMAGE}) {{\n{entries}\n{forward}\n}}\nmodel m = b\n"


def returning(expression, extra=""):
    return block(
        forward=f"forward(image: [C, H, W]) {{ x = mean(image, axis = [-2, -1])\nreturn {expression} }}", extra=extra
    )


DOUBLING = "\n".join(
    f"block d{i} {{\na = d{i - 1}\nb = d{i - 1}\nforward(x: [D]) {{ return b(a(x)) }}\n}}" for i in range(1, 41)
)
SEED = "block d0 {\na = linear(D)\nforward(x: [D]) { return a(x) }\n}\n"
NESTED_LISTS = "[" * 60 + "1" + "]" * 60
INHERIT = "\n".join(f"model m{i} = m{i - 1} {{ dim = m{i - 1}.dim + m{i - 1}.dim }}" for i in range(1, 41))

TEXTS = {
    # sizes (class 13)
    "a size of 2**31": (sheet("dim = 2147483648, heads = 1"), {"V0501"}),
    "a size of 10**30": (sheet(f"dim = {10**30}"), {"V0501"}),
    "a power of a power": (sheet("dim = 10 ** 10 ** 10"), {"V0309"}),
    "a power beyond all floats": (sheet("drop_path = 10.0 ** 10.0 ** 10.0"), {"V0309"}),
    "a negative size": (sheet("dim = -3"), {"V0304"}),
    "a size of zero": (sheet("dim = 0"), {"V0304"}),
    "a depth of 10**9": (sheet("depth = 1000000000"), {"V0504"}),
    "an image of 10**9 pixels a side": (sheet("image = 1000000000x1000000000x3"), {"V0501"}),
    "an image of 9,000 digits": (sheet(f"image = {'9' * 9000}x8x3"), {"V0104", "V0108", "V0501", "V0102"}),
    "heads of 10**6": (sheet("heads = 1000000"), {"V0412"}),
    "a product of many": (sheet("dim = " + " * ".join(["1000000"] * 30)), {"V0501"}),
    "a product of floats": (sheet("drop_path = " + " * ".join(["1e300"] * 3)), {"V0401", "V0309"}),
    "classes that fill the memory": (sheet("classes = 1000000000000"), {"V0501"}),
    "an arange of 10**12": (returning("x + mean(arange(1000000000000), axis = -1)"), {"V0501", "V0507"}),
    "zeros of 10**10": (returning("x + mean(zeros([100000, 100000]), axis = [-2, -1])"), {"V0501", "V0507"}),
    "an outer product of ranges": (
        returning('x + mean(rearrange(arange(100000), "n -> n 1") * arange(100000), axis = [-2, -1])'), {"V0501", "V0507"}),
    "many constants": (
        block(forward="forward(image: [C, H, W]) { x = mean(image, axis = [-2, -1])\n"
              "for i in 0 .. 1000 { x = x + mean(1.0 * arange(i, i + 10000000), axis = -1) }\nreturn x }"), {"V0507"}),
    "linspace of 10**12": (sheet("drop_path = linspace(0.0, 1.0, 1000000000000)[0]"), {"V0504", "V0308"}),
    "repeat by 10**12": (returning('repeat(x, "c -> c n", n = 1000000000000)'), {"V0501"}),
    "padding by 10**15": (returning("pad(x, [[1000000000000000, 0]])"), {"V0501"}),
    "a weight of 2**60": (block("w = weight([1073741824, 1073741824])", "forward(image: [C, H, W]) { return mean(image, axis = [-2, -1]) + mean(w, axis = [-2, -1]) }"), {"V0501"}),
    "many large weights": (sheet("dim = 100000, depth = 500, heads = 1"), {"V0501"}),
    "a list of ramps": (sheet("depth = 9999"), {"V0504"}),
    # expansion (class 14)
    "a range of 10**9": (sheet("depth = len(0 .. 1000000000)"), {"V0504"}),
    "nested comprehensions": (sheet("depth = len([1 for a in 0 .. 9999 for b in 0 .. 9999 for c in 0 .. 9999])"), {"V0504"}),
    "lists of lists of lists": (
        sheet("depth = len([[[[1 for d in 0 .. 999] for c in 0 .. 999] for b in 0 .. 999] for a in 0 .. 999])"), {"V0502", "V0504"}),
    "loops in loops": (
        block(forward="forward(image: [C, H, W]) { x = image\n" + "for i in 0 .. 9999 { " * 4 + "y = i\n" + "}\n" * 4 + "return x }"),
        {"V0502"}),
    "a doubling list": (
        block(forward="forward(image: [C, H, W]) { x = [1]\nfor i in 0 .. 60 { x = x + x }\nreturn mean(image) }"), {"V0504", "V0502"}),
    "a doubling number": (
        block(forward="forward(image: [C, H, W]) { n = 2\nfor i in 0 .. 60 { n = n * n }\nreturn mean(image) }"), {"V0501"}),
    "forty blocks that double": (
        block("a = d40", "forward(image: [C, H, W]) { return a(mean(image, axis = [-2, -1])) }", SEED + DOUBLING), {"V0504", "V0503"}),
    "a doubling inheritance": (f"vit 1\nmodel m0 = vit {{ dim = 64, heads = 1, depth = 1 }}\n{INHERIT}\n", {"V0501", "V0508"}),
    "a fn that calls itself": (returning("f(x)", "fn f(x) = f(x) + f(x)"), {"V0206"}),
    "fns that call each other": (returning("f(x)", "fn f(x) = g(x)\nfn g(x) = f(x)"), {"V0206"}),
    "a block in itself": (block("a = b"), {"V0206"}),
    "blocks in each other": (
        block("a = c", extra=f"block c {{\nx = b\n{MODEL}\n}}"), {"V0206"}),
    "a model that inherits from itself": ("vit 1\nmodel m = m\n", {"V0206"}),
    "models in a ring": ("vit 1\nmodel m = n\nmodel n = m\n", {"V0206"}),
    "a block handed itself": (
        block("a = c(c)", "forward(image: [C, H, W]) { return a(image) }",
              "block c(inner: block) {\nx = inner(inner)\nforward(x: [C, H, W]) { return x(x) }\n}"), None),
    "fn doubling": (
        returning("f30(x)", "fn f0(x) = x + x\n" + "\n".join(f"fn f{i}(x) = f{i - 1}(f{i - 1}(x))" for i in range(1, 31))), {"V0502", "V0503"}),
    # depth (class 15)
    "a long sum": (sheet("dim = " + " + ".join(["1"] * 50_000)), {"V0107", "V0503", "V0502"}),
    "a long chain of powers": (sheet("drop = " + " ** ".join(["1.0"] * 20_000)), {"V0107", "V0503", "V0502"}),
    "a long chain of minus": (sheet("drop = " + "-" * 100_000 + "1.0"), {"V0107", "V0503"}),
    "a long chain of not": (sheet("mlp.bias = " + "not " * 50_000 + "true"), {"V0107", "V0503"}),
    "a long chain of if": (sheet("dim = " + "if true then 1 else " * 10_000 + "1"), {"V0107", "V0503"}),
    "a long chain of calls": (sheet("mlp = mlp" + "()" * 50_000), {"V0107", "V0503", "V0502"}),
    "a long chain of items": (sheet("dim = [1]" + "[0]" * 50_000), {"V0107", "V0503", "V0308"}),
    "a long chain of parts": (sheet("dim = image" + ".h" * 50_000), {"V0107", "V0503", "V0202"}),
    "a long chain of else if": (
        block(forward="forward(image: [C, H, W]) { if true { x = 1 } " + "else if true { x = 1 } " * 10_000 + "\nreturn mean(image) }"),
        {"V0107", "V0503"}),
    "deep lists": (sheet(f"drop_path = {NESTED_LISTS}"), {"V0302"}),
    # long texts (class 16)
    "a pattern of a million axes": (returning(f'rearrange(x, "c -> c {"1 " * 100_000}")'), {"V0506", "V0407"}),
    "a pattern of many names": (returning(f'rearrange(x, "{" ".join(f"a{i}" for i in range(30_000))} -> c")'), {"V0402", "V0407", "V0506"}),
    "a pattern of brackets": (returning(f'rearrange(x, "{"(" * 200_000} -> c")'), {"V0407"}),
    "a name of 200,000 letters": (sheet(f"{'a' * 200_000} = 1"), {"V0202"}),
    "many unknown names": (sheet(", ".join(f"x{i} = 1" for i in range(20_000))), {"V0202"}),
    "many models": ("vit 1\n" + "\n".join(f"model m{i} = vit {{ heads = 7 }}" for i in range(3_000)), {"V0412", "V0508"}),
    # names (class 10)
    "a dunder name": (block("__class__ = linear(3)", "forward(image: [C, H, W]) { return __class__(image) }"), {"V0205"}),
    "a look-alike": (sheet("dіm = 3"), {"V0103"}),
    "a full-width name": (sheet("ｄｉｍ = 3"), {"V0103"}),
    "a name of bidirectional marks": (sheet("di\u202em = 3"), {"V0103", "V0110"}),
    "a zero-width joiner": (sheet("di\u200dm = 3"), {"V0103", "V0110"}),
    "a layer called train": (block("train = linear(3)", "forward(image: [C, H, W]) { return train(image) }"), {"V0205"}),
    "a layer called import": (block("import = linear(3)", "forward(image: [C, H, W]) { return import(image) }"), {"V0205"}),
    "a dotted name": (sheet("mlp = os.system"), {"V0201"}),
    "a call of Python": (sheet('mlp = __import__("os")'), {"V0201"}),
}  # fmt: skip
