"""Documentation in texts: `##` lines, found by their place and checked."""

import pytest
from vitc.diagnostics.source import Source
from vitc.grammar import tree
from vitc.grammar.docs import doc
from vitc.grammar.parser import read
from vitc.grammar.walking import walk

TEXT = """vit 1

## The plain ViT,
## as it was published.
## dim: channels of a token
## heads: heads of the attention,
##   which split the channels
block net(
  ## how large
  image: shape = 8x8x3, dim: int > 0 = 4,
  heads = 2,
) {
  ## a layer
  head = linear(dim)

  ## runs
  forward(image: [C, H, W]) { return head(mean(image, axis = [-2, -1])) }
}

# a comment
## A model.
model m = net {
  ## wider
  dim = 8
}
"""


def documented(text):
    file, problems = read(Source("spec.vit", text))
    found = []
    for node in walk(file):
        if isinstance(node, (tree.Block, tree.Model, tree.Param, tree.Bind, tree.Forward)):
            name = node.name.id if not isinstance(node, tree.Forward) else "forward"
            found.append((name, doc(node)))
    return found, problems


def test_lines_above_document_what_follows():
    found, problems = documented(TEXT)
    assert problems == ()
    assert [(name, d.text) for name, d in found if d.text] == [
        ("net", "The plain ViT, as it was published."), ("image", "how large"), ("head", "a layer"), ("forward", "runs"),
        ("m", "A model."), ("dim", "wider"),
    ]  # fmt: skip
    assert dict(found)["net"].parameters == {
        "dim": "channels of a token",
        "heads": "heads of the attention, which split the channels",
    }


@pytest.mark.parametrize(("text", "line"), [
    ("vit 1\n## lost\n\nmodel m = vit\n", 2),
    ("vit 1\nmodel m = vit\n## at the end\n", 3),
    ("vit 1\n## dm: no such parameter\nblock b(dim: int) { forward(x: [N]) { return x } }\n", 2),
    ("vit 1\nmodel m = vit {\n  dim = 96, heads = 3\n  ## nothing below\n}\n", 4),
    ("vit 1\nblock b(dim: int) {\n  forward(x: [N]) {\n    ## of a statement\n    return x\n  }\n}\n", 4),
])  # fmt: skip
def test_documentation_of_nothing_is_told(text, line):
    _, problems = documented(text)
    assert [(d.code, d.span.line) for d in problems if d.span] == [("V0112", line)]


def test_a_hash_inside_a_text_is_no_documentation():
    _, problems = documented(
        'vit 1\nblock b(dim: int) {\n  expect dim > 0 else "## {dim}"\n  forward(x: [N]) { return x }\n}\n'
    )
    assert problems == ()
