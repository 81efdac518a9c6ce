"""Every distinct kind of model in the zoo: the same operators with the same attributes on weights of the same names, sizes and
repetition aside."""

import re
from math import prod

from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.bundled import SPECS
from vitc.compiler.elaborate.library import load
from vitc.compiler.flatten import flatten

LIBRARIES = {path.stem: load(path) for path in sorted((SPECS / "zoo").glob("*.vit")) if path.stem != "notes"}
#: Attributes that are sizes: a model is of the same kind at another size.
SIZES = {
    "out",
    "sizes",
    "size",
    "start",
    "stop",
    "index",
    "value",
    "shape",
    "count",
    "kernel",
    "stride",
    "groups",
    "step",
}
#: Blocks that a model needs to stay of its kind when it is made shallow, where two are not enough.
DEPTHS = {"vit_base_patch16_sapiens2": 12, "vit_large_patch16_sapiens2": 17}


def kind(program):
    """What a model is made of."""
    names = frozenset(re.sub(r"\d+", "0", name) for name in program.weights())
    nodes = {
        (node.op, tuple(sorted((k, str(v)) for k, v in node.attrs.items() if k not in SIZES)))
        for node in flatten(program).nodes
        if node.op not in ("weight", "constant", "number")
    }
    return names, frozenset(nodes)


def distinct():
    """The smallest model of every kind, by family."""
    found = {}
    for family, library in LIBRARIES.items():
        for name in library.models():
            program = elaborate(library, name)
            size = sum(prod(s.shape) for s in program.weights().values())
            key = kind(program)
            if key not in found or size < found[key][0]:
                found[key] = (size, family, name)
    return sorted(found.values())


KINDS = distinct()
