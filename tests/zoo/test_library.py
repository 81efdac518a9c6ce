"""Every block of std is in a model that tests compile: in one of the zoo, or in one of `small`."""

import re
from itertools import zip_longest
from pathlib import Path

from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.bundled import SPECS
from vitc.compiler.elaborate.library import load
from vitc.compiler.ir.program import walk


def test_every_block_of_std_is_in_a_model():
    """`tests/hierarchies` uses those of `hierarchy.vit`. Files take turns, so that few models are enough."""
    texts = [path.read_text(encoding="utf-8") for path in (SPECS / "std").glob("*.vit") if path.stem != "hierarchy"]
    unused = {name for text in texts for name in re.findall(r"^block (\w+)", text, re.M)}
    files = [*Path(__file__).with_name("small").glob("*.vit"), *sorted((SPECS / "zoo").glob("*.vit"))]
    for row in zip_longest(*([(library, name) for name in library.models()] for library in map(load, files))):
        for library, name in filter(None, row):
            if unused:
                unused -= {layer.kind for _, layer in walk(elaborate(library, name).root)}
    assert not unused, "a model in tests/zoo/small has to use them"
