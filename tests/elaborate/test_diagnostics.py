"""Mistakes that people make: one diagnostic each, at the place between « and », with these words."""

from dataclasses import replace

import pytest
from vitc.compiler import elaborate
from vitc.compiler.elaborate.library import loads
from vitc.diagnostics import VitError, exit_status
from vitc.runtime.sections import SECTIONS

SHEET = "model m = vit {{ {} }}"
#: A table of some rows, of which an index takes some.
TABLE = (
    "block b(image: shape = 8x8x3) {{\n  w = weight([{}, 3])\n"
    "  forward(image: [C, H, W]) {{ return mean(image, axis = [-2, -1]) + sum(«take(w, {}, axis = -2)») }}\n}}\nmodel m = b"
)
CASES = {
    # heads and sizes
    "heads that do not divide": (
        "model m = vit {\n  dim   = 768\n  heads = «10»\n}", "V0412", "768 channels do not split into 10 heads", "8 and 12"),
    "a size that a shape does not have, in the text of an expect": (
        'block b(image: shape = 8x8x3, side: shape = 8x8) {\n  «expect side.h == 9 else "{side.h} of {side}, {side.c}"»\n  fc = linear(3)\n'
        '  forward(image: [C, H, W]) { return fc(mean(image, axis = [-2, -1])) }\n}\nmodel m = b', "V0412", "8 of 8x8, {side.c}", ""),
    "heads where the patch is the same number": (
        "model m = vit { patch = 14, dim = 768, heads = «14» }", "V0412", "768 channels do not split into 14 heads", "12 and 16"),
    "a width that the default heads do not divide": (
        "model m = vit { dim = «100», classes = 100 }", "V0412", "100 channels do not split into 12 heads", "96 and 108"),
    "heads in a block value": (
        "model m = vit { layer = parallel(attention(«10»), mlp, norm) }", "V0412", "768 channels do not split into 10 heads", ""),
    "heads in a nested value of an inherited sheet": (
        "model a = vit { layer = parallel(attention(heads), mlp, norm) }\nmodel m = a { heads = «7» }", "V0412", "into 7 heads", ""),
    "heads of an attention in a user's block": (
        "block mine(h: int) {\n  attn = attention(h)\n  forward(x: [N, D]) { return attn(x) }\n}\nmodel m = vit { layer = [mine(«5»)], blocks = [mine(«5»)] }".replace("layer = [mine(«5»)], ", ""),
        "V0412", "768 channels do not split into 5 heads", ""),
    "one of a list of heads": (
        'use "std/swin.vit"\nmodel m = swin { heads = [3, 6, «7», 24] }', "V0412", "384 channels do not split into 7 heads", ""),
    "an image that is no multiple of the patch": (
        "model m = vit { image = «225x225x3» }", "V0412", "an image of 225x225 does not split into patches of 16", "224 and 240"),
    "a patch that does not divide": (
        "model m = vit { image = 224x224x3, patch = «15» }", "V0412", "patches of 15", "14 and 16 divide 224"),
    "another patch embedding than the width": (
        "model m = vit { dim = 768, patch_embed = patch_embed(16, «384») }", "V0403", "384 where dim = 768 is wanted", ""),
    "token pooling without a token": ("model m = vit { cls_token = «none», pool = token }", "V0412", "token pooling needs the class token", ""),
    # types
    "a float for an int": ("model m = vit { depth = «3.5» }", "V0302", "`depth` takes int, not 3.5", ""),
    "a float that is a whole number": ("model m = vit { depth = «12.0» }", "V0302", "`depth` takes int, not 12", "write 12"),
    "a text for a number": ('model m = vit { depth = «"12"» }', "V0302", '`depth` takes int, not the text "12"', "without quotes"),
    "a text for a word": ('model m = vit { pool = «"mean"» }', "V0302", "`pool` takes token | mean", "without quotes: mean"),
    "a wrong word": ("model m = vit { pool = «maen» }", "V0201", "nothing here is called `maen`", "did you mean `mean`?"),
    "a bool for a block": ("model m = vit { norm = «true» }", "V0302", "`norm` takes block, not true", ""),
    "none for a block": ("model m = vit { norm = «none» }", "V0302", "`norm` takes block, not none",
                         "`identity` is the layer that does nothing"),
    "an int for an image": ("model m = vit { image = «224» }", "V0302", "`image` takes shape, not 224", "224x224x3"),
    "none where there is nothing to leave out": ("model m = vit { depth = «none» }", "V0302", "`depth` takes int, not none", ""),
    "zero": ("model m = vit { depth = «0» }", "V0304", "`depth` must be > 0", ""),
    "negative": ("model m = vit { registers = «-1» }", "V0304", "`registers` must be >= 0", ""),
    "astronomical": ("model m = vit { dim = «1_000_000_000_000», heads = 1 }", "V0501", "elements, more than", ""),
    "a float attribute": ("model m = vit { norm = layernorm(eps = «true») }", "V0303", "`eps` is a number, not true", ""),
    "a positive axis": ("model m = vit { norm = layernorm(axis = «1») }", "V0303", "axes count from the right", ""),
    # numbers that no machine holds
    "a float attribute beyond float32": ("model m = vit { pos_embed = weight([1, N, dim], trunc_normal(«1e39»)) }", "V0304", "`std` must stay within float32", ""),
    "an infinite attribute": ("model m = vit { pos_embed = weight([1, N, dim], trunc_normal(«inf»)) }", "V0304", "`std` must be finite", ""),
    "an integer beyond all sizes": (f"model m = vit {{ norm = layernorm(eps = «{'9' * 90}») }}", "V0501", "an integer beyond 2**53", "as a float"),
    "an initial value beyond float32": ("model m = vit { layer.scale = «1e39» }", "V0304", "`init` must stay within float32", ""),
    "an initial spread whose draws would overflow": ("model m = vit { pos_embed = weight([1, N, dim], normal(«1e38»)) }", "V0304", "`std` must be at most 1e+36", ""),
    "a factor beyond float32": (
        "block b(image: shape = 8x8x3) {\n  forward(image: [C, H, W]) { return «mean(image, axis = [-2, -1]) * 1e39» }\n}\nmodel m = b",
        "V0304", "a number that meets a tensor must stay within float32", ""),
    "a product beyond all floats": ("model m = vit { drop_path = «1e300 * 1e300» }", "V0309", "1e+300 * 1e+300 is no number", ""),
    "a difference of infinities": ("model m = vit { drop_path = «inf - inf» }", "V0309", "inf - inf is no number", ""),
    "bounds in the wrong order": (
        "block b(image: shape = 8x8x3) {\n  w = weight([3], uniform(1.0, «0.5»))\n  forward(image: [C, H, W]) { return mean(image, axis = [-2, -1]) + w }\n}\nmodel m = b",
        "V0304", "`high` must be at least `low`, 1", ""),
    "a rate beyond float32": ("model m = vit { depth = 1 }\ntrain { optimizer = adamw(lr = «1e39») }", "V0601", "must fit into float32", ""),
    "a product of a section beyond all floats": ("model m = vit { depth = 1 }\ntrain { clip = «1e308» * 10 }", "V0601", "must fit into float32", ""),
    "an integer of a section beyond 64 bits": ("model m = vit { depth = 1 }\ntrain { seed = «10_000_000_000_000_000_000» }", "V0601", "must fit into 64 bits", ""),
    # limits: the number that causes it, wherever it is written
    "a depth": ("model m = vit {\n  norm = layernorm, depth = «100_000_000_000»\n}", "V0504", "a list of 100,000,000,000 items", ""),
    "a depth that unfolds too far": ("model m = vit { norm = layernorm, depth = «9000» }", "V0504", "unfolds into 396,024 ops", ""),
    "a count that takes too long": (
        "block b(image: shape = 8x8x3, n: int = 5) {\n  y = sum([sum([i * j for j in 0 .. n]) for i in 0 .. n])\n"
        "  forward(image: [C, H, W]) { return image * y }\n}\nmodel m = b { n = «5000» }",
        "V0502", "100,000 steps", ""),
    "an inherited depth": ("model a = vit {\n  depth = «100_000_000_000», expect depth > 1\n}\nmodel m = a { norm = layernorm }", "V0504", "100,000,000,000 items", ""),
    "a depth read from another model": (
        "model a = vit { depth = «100_000_000_000», blocks = [layernorm] }\nmodel m = vit { depth = a.depth }", "V0504", "100,000,000,000 items", ""),
    "all weights together": ("model m = vit { dim = «24_000», heads = 1, depth = 100 }", "V0501", "all weights together", ""),
    "classes": ("model m = vit { dim = 384, classes = «100_000_000_000», heads = 6 }", "V0501", "elements, more than", ""),
    "an image": ("model m = vit { dim = 384, heads = 6, image = «102400x102400x3» }", "V0501", "elements, more than", ""),
    "hidden channels": ("model m = vit { mlp.hidden = «2_000_000_000» }", "V0501", "elements, more than", ""),
    "a product of sizes": ("model m = vit { dim = «2000 * 1_000_000», heads = 1 }", "V0501", "elements, more than", ""),
    "a loop": (
        "block b(image: shape = 8x8x3) {\n  forward(image: [C, H, W]) {\n    for i in 0 .. «10 ** 9» { image = image }\n    return image\n  }\n}\nmodel m = b",
        "V0504", "1,000,000,000 items", ""),
    "a weight": (
        "block b(image: shape = 8x8x3, n: int = 5) {\n  w = weight([n, n])\n  forward(image: [C, H, W]) { return mean(image, axis = [-2, -1]) + mean(w, axis = [-2, -1]) }\n}\nmodel m = b { n = «1_000_000» }",
        "V0501", "elements, more than", ""),
    "a list by position": (
        "block b(image: shape = 8x8x3, n: int = 5) {\n  forward(image: [C, H, W]) {\n    y = linspace(0.0, 1.0, n)\n    return image\n  }\n}\nmodel m = b { n = «100_000» }",
        "V0504", "a list of 100,000 items is longer than 10,000", ""),
    "a repeated axis": (
        'block b(image: shape = 8x8x3) {\n  forward(image: [C, H, W]) { return repeat(image, "c h w -> c h w n", n = «1_000_000_000_000») }\n}\nmodel m = b',
        "V0501", "elements, more than", ""),
    "constants": (
        "block b(image: shape = 8x8x3, n: int = 5) {\n  forward(image: [C, H, W]) { return image + mean(zeros([n, n]), axis = [-2, -1]) }\n}\nmodel m = b { n = «100_000» }",
        "V0507", "elements of constants", ""),
    # calls that ops do not take
    "an op with weights called on a size": (
        "block b(image: shape = 8x8x3) {\n  forward(image: [C, H, W]) { return «linear(mean(image, axis = [-2, -1]), 8)» }\n}\nmodel m = b",
        "V0216", "linear has weights: bind it to a name", "write `NAME = linear` above `forward` and `NAME(x)` in it"),
    "a norm called without its statistics": (
        "block b(image: shape = 8x8x3) {\n  forward(image: [C, H, W]) { return mean(«batchnorm(image)», axis = [-2, -1]) }\n}\nmodel m = b",
        "V0216", "batchnorm has weights: bind it to a name", "write `NAME = batchnorm`"),
    "an op of two tensors on one": (
        "block b(image: shape = 8x8x3) {\n  forward(image: [C, H, W]) { return mean(«where(image)», axis = [-2, -1]) }\n}\nmodel m = b",
        "V0301", "where needs `a`", "it takes c, a, b"),
    "nothing to concatenate": (
        "block b(image: shape = 8x8x3) {\n  forward(image: [C, H, W]) { return concat(«[]») }\n}\nmodel m = b", "V0308", "this list is empty", ""),
    "a product of matrices of numbers": ("model m = vit { depth = «2 @ 3» }", "V0308", "`@` multiplies tensors, not 2 and 3", ""),
    # values that a call does not take are told at the call
    "a default handed to a convolution": (
        "block b(image: shape = 8x8x3, p: int = 2) {\n  c = conv2d(3, «p»)\n  forward(image: [C, H, W]) { return mean(c(image), axis = [-2, -1]) }\n}\nmodel m = b",
        "V0311", "conv2d takes one value by position", "write `conv2d(3, kernel = p)`"),
    "arguments in the wrong order": (
        'use "std/hierarchy.vit"\nblock b(image: shape = 8x8x3, depths: list = [2], top = 0.1) {\n  r = ramp(«depths», top)\n  fc = linear(len(r))\n'
        "  forward(image: [C, H, W]) { return fc(mean(image, axis = [-2, -1])) }\n}\nmodel m = b",
        "V0302", "`top` takes float, not [2]", ""),
    "a list for a number": (
        "block b(image: shape = 8x8x3, heads: list = [3]) {\n  a = attention(«heads»)\n  forward(image: [C, H, W]) { return mean(a(tokens(image)), axis = -2) }\n}\nmodel m = b",
        "V0302", "`heads` takes int, not [3]", ""),
    "an item that is not there": (
        "block b(image: shape = 8x8x3, heads: list = [3]) {\n  a = attention(heads[«1»])\n  forward(image: [C, H, W]) { return mean(a(tokens(image)), axis = -2) }\n}\nmodel m = b",
        "V0310", "item 1 of a list of 1", "the items are 0 to 0"),
    "a parameter missing in one of a list": (
        "block w(n) {\n  forward(x: [N, D]) { return x * n }\n}\nblock b(image: shape = 8x8x3) {\n  a = [if i == 0 then «w» else identity for i in 0 .. 2]\n"
        "  forward(image: [C, H, W]) { return mean(a(tokens(image)), axis = -2) }\n}\nmodel m = b",
        "V0301", "block `w` needs `n`", ""),
    # index tables
    "an index table beyond its rows": (TABLE.format("4", "arange(2) * 4"), "V0310", "index 4 of an axis of 4", "an index is 0 to 3"),
    "a negative index in a table": (TABLE.format("4", "arange(3) - 1"), "V0310", "index -1 of an axis of 4", "does not count from the end"),
    "a number as an index": (TABLE.format("4", "4"), "V0310", "index 4 of an axis of 4", ""),
    "an index table that takes computing": (TABLE.format("9", "int(4.0 * abs(arange(5) - 2.0) ** 1.0 + 2)"), "V0310", "index 10 of an axis of 9", ""),
    # keys in quotes
    "a quoted key of a model": ('model m = vit { «"dim"» = 8 }', "V0316", "the keys of a model are names", "write dim without quotes"),
    "a quoted key of a section": ('model m = vit { depth = 1 }\ntrain { «"epochs"» = 8 }', "V0316", "the keys of section `train` are names", ""),
    "an expectation in init": ("model m = vit { depth = 1 }\ninit { «expect 1 == 2» }", "V0314", "`expect` stands in models and blocks", ""),
    "a weight given twice": (
        "model m = vit { depth = 1 }\ninit { cls_token = 1.0, «cls_token» = 2.0 }", "V0204", "`cls_token` is set twice", ""),
    # names
    "an unknown parameter": ("model m = vit { «dpeth» = 12 }", "V0202", "block `vit` has no `dpeth`", "did you mean `depth`?"),
    "an unknown parameter of a block": ("model m = vit { mlp = mlp(«hiden» = 4) }", "V0202", "block `mlp` has no `hiden`", "did you mean `hidden`?"),
    "an unknown attribute": ("model m = vit { norm = layernorm(«epsilon» = 1e-6) }", "V0202", "layernorm has no attribute `epsilon`", "eps"),
    "an unknown base": ("model m = «vti» { depth = 3 }", "V0201", "called `vti`", "did you mean `vit`?"),
    "a bundled model without its file": (
        "model m = «vit_tiny_patch16_224» { depth = 1 }", "V0201", "nothing is called `vit_tiny_patch16_224`", 'add `use "zoo/vit.vit"`'),
    "a bundled block without its file": ("model m = vit { attn = «rope_attention»(heads, 1) }", "V0201", "called `rope_attention`", 'add `use "std/eva.vit"`'),
    "a function as a base": ("model m = «attend»", "V0201", "a fn, no block or model", ""),
    "an unknown name in a block": (
        "block b(image: shape = 8x8x3) {\n  a = linear(4)\n  forward(image: [C, H, W]) { return mean(«aa»(image), axis = [-2, -1]) }\n}\nmodel m = b",
        "V0201", "nothing here is called `aa`", ""),
    "an unknown name in a block that nothing uses": (
        "block b {\n  a = linear(«wdth»)\n  forward(x: [N, D]) { return a(x) }\n}\nmodel m = vit { depth = 1 }", "V0201", "nothing here is called `wdth`", ""),
    "an unknown name in a function that nothing uses": ("fn f(x) = x + «y»\nmodel m = vit { depth = 1 }", "V0201", "nothing here is called `y`", ""),
    "a value that names itself": ("model m = vit { heads = «heads» }", "V0201", "nothing here is called `heads`", ""),
    "a base's parameter that is not there": (
        "model a = vit { depth = 2 }\nmodel m = vit { depth = a.«dept» }", "V0202", "model `a` has no `dept`", "did you mean `depth`?"),
    "a part that a shape does not have": ("model m = vit { depth = image.«x» }", "V0202", "224x224x3 has no `.x`", ".h, .w and .c"),
    "a section of nobody": ("model m = vit { depth = 1 }\ntrain «nobody» { epochs = 1 }", "V0201", "there is no model `nobody`", ""),
    "an unknown section": ("model m = vit { depth = 1 }\n«trian» { epochs = 1 }", "V0202", "there is no section `trian`", "did you mean `train`?"),
    "a reserved name": (
        "block b(image: shape = 8x8x3) {\n  «type» = linear(4)\n  forward(image: [C, H, W]) { return mean(type(image), axis = [-2, -1]) }\n}\nmodel m = b",
        "V0205", "can't be called `type`", ""),
    # twice, and in the wrong place
    "set twice": ("model m = vit { depth = 1, «depth» = 2 }", "V0204", "`depth` is set twice", ""),
    "given twice": ("model m = vit { mlp = mlp(4.0, «ratio» = 2.0) }", "V0204", "`ratio` is given twice", ""),
    "defined twice": ("model m = vit { depth = 1 }\nmodel «m» = vit { depth = 2 }", "V0203", "`m` is defined twice", ""),
    "two sections": ("model m = vit { depth = 1 }\ntrain { epochs = 1 }\n«train» { epochs = 2 }", "V0204", "two sections `train`", ""),
    "two parameters of one name": ("fn f(a, «a») = a\nmodel m = vit { depth = 1 }", "V0204", "`a` stands twice in `f`", ""),
    "bound twice": (
        "block b {\n  a = linear(4)\n  «a» = linear(5)\n  forward(x: [N, D]) { return a(x) }\n}\nmodel m = vit { depth = 1 }", "V0204", "`a` stands twice in `b`", ""),
    "by position after by name": ("model m = vit { attn = attention(heads = 12, «true») }", "V0311", "by position stands before", ""),
    "too many by position": ("model m = vit { mlp = layerscale(1.0, «2.0») }", "V0311", "`layerscale` takes 1 value by position, not 2", ""),
    "a missing parameter": ("model m = vit { layer = «parallel» }", "V0301", "block `parallel` needs `norm`", ""),
    "a ring": ("model m = vit { heads = depth, depth = «heads» }", "V0207", "depends on itself", ""),
    "a self-inheriting model": ("model m = «m»", "V0206", "model `m` inherits from itself", ""),
    "a block in itself": ("block b {\n  a = «b»\n  forward(x: [N, D]) { return a(x) }\n}\nmodel m = vit { depth = 1 }", "V0206", "block `b` contains itself", ""),
    "a wrong count": ("model m = vit { depth = 1, «expect params == 5» }", "V0411", "`params == 5` does not hold", ""),
    "a path out of the root": ('use «"../a.vit"»\nmodel m = vit { depth = 1 }', "V0211", "`../a.vit`", ""),
    "a file that is not there": ('use «"nothing.vit"»\nmodel m = vit { depth = 1 }', "V0210", "there is no file `nothing.vit`", ""),
    "a bundled file by another name": ('use «"std/hierarchies.vit"»\nmodel m = vit { depth = 1 }', "V0210",
                                      "there is no file `std/hierarchies.vit`", "did you mean `std/hierarchy.vit`?"),
    # tensors
    "operands that do not meet": (
        "block b(image: shape = 8x8x3) {\n  forward(image: [C, H, W]) {\n    y = mean(image, axis = -1)\n    return «y @ mean(image, axis = -2)»\n  }\n}\nmodel m = b",
        "V0401", "matmul", ""),
    "a rank that the pattern does not have": (
        "block tokens_only {\n  forward(x: [N, D]) { return x }\n}\nblock b(image: shape = 8x8x3) {\n  t = tokens_only\n  forward(image: [C, H, W]) { return mean(«t(image)», axis = [-2, -1]) }\n}\nmodel m = b",
        "V0402", "`x` is [N, D], the tensor here is [3, 8, 8]", ""),
    "a block of the library on the wrong rank": (
        "block b(image: shape = 8x8x3) {\n  a = attention(2)\n  forward(image: [C, H, W]) { return «a(image[0, 0])» }\n}\nmodel m = b",
        "V0402", "the tensor here is [8]", ""),
    "a layer of another width in a slot": (
        "block wide {\n  a = linear(«100»)\n  forward(x: [N, D]) { return a(x) }\n}\nmodel m = vit { mlp = wide }", "V0401", "768", ""),
    "a slot that is passed what it does not take": (
        "block plain {\n  forward(x: [N, D]) { return x }\n}\nmodel m = vit { layer = «plain» }", "V0202", "block `plain` has no `drop_path`", ""),
    "names for another number of values": (
        "block b(image: shape = 8x8x3) {\n  forward(image: [C, H, W]) {\n    «a», c = split(image, 4)\n    return mean(a, axis = [-2, -1])\n  }\n}\nmodel m = b",
        "V0404", "2 names for 4 values", ""),
    "a split that leaves a rest": (
        "block b(image: shape = 8x8x3) {\n  forward(image: [C, H, W]) {\n    a, c, d = «split(image, 3)»\n    return mean(a, axis = [-2, -1])\n  }\n}\nmodel m = b",
        "V0403", "8 does not split into 3 equal parts", ""),
    "a pattern of another size": (
        'block b(image: shape = 8x8x3) {\n  forward(image: [C, H, W]) { return mean(rearrange(image, «"c (h p) w -> c h (p w)"», p = 3), axis = [-2, -1]) }\n}\nmodel m = b',
        "V0403", "an axis of 8 is not (h * p = 3)", ""),
    "a library function on what it does not take": (
        "block b(image: shape = 8x8x3) {\n  forward(image: [C, H, W]) { return mean(«split_heads(image[0], 3)», axis = [-2, -1])[0] }\n}\nmodel m = b",
        "V0403", "8", ""),
    "a condition on a tensor": (
        "block b(image: shape = 8x8x3) {\n  forward(image: [C, H, W]) {\n    if «image» { return image }\n    return image\n  }\n}\nmodel m = b",
        "V0306", "a condition is true or false while compiling, not a tensor", ""),
    "a name for the mode": (
        "fn f(x, «training»: int) = x\nmodel m = vit { depth = 1 }", "V0205", "nothing can be called `training`", "true while the model is trained"),
    "a name for the mode in a loop": (
        "block b(image: shape = 8x8x3) {\n  forward(image: [C, H, W]) {\n    for «training» in [1, 2] { image = image + 1.0 }\n    return mean(image, axis = [-2, -1])\n  }\n}\nmodel m = b",
        "V0205", "nothing can be called `training`", ""),
    "a weight without a name": (
        "block b(image: shape = 8x8x3) {\n  forward(image: [C, H, W]) { return mean(«image * weight([8])», axis = [-2, -1]) }\n}\nmodel m = b",
        "V0308", "`*` does not go with a weight that is bound to no name and a tensor", ""),
    "tensors where a list of them is wanted": (
        "block b(image: shape = 8x8x3) {\n  forward(image: [C, H, W]) { return mean(concat(«image», image), axis = [-2, -1]) }\n}\nmodel m = b",
        "V0308", "concat takes a list of tensors", "write `concat([image, image])`"),
    "a name of the block in a function": (
        "fn f(x) = x * «dim»\nmodel m = vit { depth = 1 }", "V0201", "nothing here is called `dim`", "make `dim` a parameter"),
    "a number as a condition": (
        "block b(image: shape = 8x8x3, shift: int = 1) {\n  forward(image: [C, H, W]) {\n    if «shift» { image = image + 1.0 }\n    return mean(image, axis = [-2, -1])\n  }\n}\nmodel m = b",
        "V0306", "a condition is true or false while compiling, not 1", "write `shift > 0`"),
    "more axes than the pattern has": (
        "block q {\n  forward(x: [N, dim]) { return x }\n}\nblock b(image: shape = 8x8x3) {\n  q = q\n  forward(image: [C, H, W]) { return mean(«q(image)», axis = [-2, -1]) }\n}\nmodel m = b",
        "V0402", "`x` is [N, dim], the tensor here is [3, 8, 8]", "`[.., N, dim]` takes any axes before these"),
    "an axis that is no multiple": (
        'block b(image: shape = 8x8x3) {\n  forward(image: [C, H, W]) { return mean(rearrange(image, «"c (a p) w -> c a p w"», p = 7), axis = [-3, -2, -1]) }\n}\nmodel m = b',
        "V0403", "an axis of 8 is not (a * p = 7)", "8 is no multiple of 7"),
    "a missing parameter of one's own block": (
        "block w(a: int, b: int) {\n  forward(x: [C, H, W]) { return x * a * b }\n}\nblock n(image: shape = 8x8x3) {\n  w = «w(2)»\n  forward(image: [C, H, W]) { return mean(w(image), axis = [-2, -1]) }\n}\nmodel m = n",
        "V0301", "block `w` needs `b`", ""),
    "an unknown argument of a distribution": (
        "model m = vit { depth = 1, cls_token = weight([1, 1, dim], normal(0.1, «mean» = 1.0)) }", "V0202", "normal has no attribute `mean`", "std"),
    "a result that does not depend on the image": (
        "block b(image: shape = 8x8x3) {\n  w = weight([3], 1.0)\n  forward(image: [C, H, W]) { return w * 1.0 }\n}\nmodel m = «b»", "V0409", "does not depend on the image", ""),
}  # fmt: skip


def found(text):
    try:
        library = replace(loads(text, "spec.vit"), sections=SECTIONS.names())
    except VitError as problem:
        return problem.diagnostics
    problems = []
    for name in library.models():
        problems += [d for d in elaborate.check(library, name).problems if d not in problems]
    return problems


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_told_once_at_its_place(name):
    marked, code, message, help = CASES[name]
    marked = f"vit 1\n{marked}\n"
    before, _, rest = marked.partition("«")
    inside = rest.partition("»")[0]
    problems = found(marked.replace("«", "").replace("»", ""))
    assert [(d.code, d.message) for d in problems] == [(code, problems[0].message)]
    (problem,) = problems
    assert message in problem.message
    assert problem.span is not None
    place = (problem.span.source.name, problem.span.line, problem.span.column, problem.span.text)
    assert place == ("spec.vit", before.count("\n") + 1, len(before) - before.rfind("\n"), inside)
    assert help in problem.help


#: What the command line sets, and what is under the caret in `--set KEY=VALUE`.
SETTINGS = {
    "dpeth=3": ("V0202", "dpeth"),
    "depth=100000000000": ("V0504", "100000000000"),
    "depth=3.5": ("V0302", "3.5"),
    "heads=7": ("V0412", "7"),
    "norm=layernorm(epsilon = 1e-6)": ("V0202", "epsilon"),
    "norm=layernorm(eps = 1e39)": ("V0304", "1e39"),
    "train.epoch=3": ("V0602", "epoch"),
    "train.batch=0": ("V0603", "0"),
    "trian.batch=1": ("V0202", "trian"),
    "train.optimizer=adamw(lr = 1e39)": ("V0601", "1e39"),
    "init.cls_token=1e39": ("V0304", "1e39"),
    "init.nothing=1.0": ("V0607", "nothing"),
    "depth=": ("V1004", ""),
    "depth=1 2": ("V1004", "2"),
    "train.optimizer=adamw(lr = 1e400)": ("V1004", "1e400"),
    "depth=1 }\nmodel x = m {": ("V1004", "1 }"),
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_is_shown_as_it_was_written(setting):
    from vitc.diagnostics.messages import render
    from vitc.runtime import sections

    key, _, value = setting.partition("=")
    text = "vit 1\nmodel m = vit { depth = 1 }\nmodel n = m { depth = 2 }\n"
    library = replace(loads(text, "spec.vit"), sections=SECTIONS.names())
    try:
        checked = [elaborate.check(library, name, {key: value}) for name in library.models()]
        problems = [d for c in checked for d in [*c.problems, *sections.mistakes(c.sections, c.program)]]
    except VitError as problem:
        problems = problem.diagnostics
    code, marked = SETTINGS[setting]
    assert {d.code for d in problems} == {code}
    (span,) = {d.span for d in problems if d.message == problems[0].message}  # of both models one place
    assert span is not None and span.source.text == f"--set {setting}" and span.text.startswith(marked)
    lines = render(problems[:1]).splitlines()
    assert any(line.startswith(f"   1 | --set {key}=") for line in lines)
    assert exit_status(problems) == 2


def test_a_setting_of_init_is_an_initialiser():
    library = loads("vit 1\nmodel m = vit { depth = 1 }\ninit { cls_token = 0.25 }\n", "spec.vit")
    assert elaborate.elaborate(library, "m").weights()["cls_token"].init == 0.25
    assert elaborate.elaborate(library, "m", {"init.cls_token": "0.5"}).weights()["cls_token"].init == 0.5


@pytest.mark.parametrize(("norm", "help"), [("batchnorm", "batchnorm(axis = -1)"), ("groupnorm", "layernorm")])
def test_a_norm_of_maps_on_tokens_says_what_tokens_take(norm, help):
    text = f"vit 1\nmodel m = vit {{ image = 32x32x3, patch = 8, dim = 32, depth = 1, heads = 2, norm = {norm} }}\n"
    (found,) = elaborate.check(loads(text, "spec.vit"), "m").problems
    assert found.span and (found.code, found.span.text) == ("V0401", norm) and help in found.help
    right = text.replace(f"norm = {norm}", f"norm = {norm}(axis = -1)" if norm == "batchnorm" else "norm = layernorm")
    assert elaborate.check(loads(right, "spec.vit"), "m").problems == ()
