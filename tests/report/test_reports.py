"""Parameters, MACs, memory, tokens and the flow of shapes."""

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from vitc.compiler import driver
from vitc.compiler.backends.torch import source as torch_source
from vitc.compiler.elaborate.library import loads
from vitc.compiler.ir.builder import Builder
from vitc.compiler.ir.dump import dump
from vitc.compiler.ir.graph import Graph
from vitc.compiler.ir.program import Program
from vitc.compiler.ir.types import TensorType
from vitc.compiler.report.activations import activations, peak
from vitc.compiler.report.flow import flow
from vitc.compiler.report.summary import summary
from vitc.runtime.verify.modules import imported

VIT = "model m = vit { image = 32x32x3, patch = 8, dim = 32, heads = 4, depth = 3, classes = 5, registers = 2 }"
SWIN = """use "swin.vit"
model m = swin { image = 32x32x3, patch = 2, dim = 8, heads = [1, 2], depths = [2, 2], window = 4, classes = 3 }"""
MIXER = 'use "mixer.vit"\nmodel m = mixer { image = 16x16x3, patch = 4, dim = 8, depth = 2, classes = 3 }'
CAIT = 'use "cait.vit"\nmodel m = cait { image = 32x32x3, patch = 8, dim = 16, heads = 2, depth = 2, classes = 3 }'


def shown(text):
    """The programs on the way to the graph, and the summary with the rows of the layers."""
    states = [state for _, state in driver.stages(loads(f"vit 1\n{text}\n"), "m")]
    compiled = driver.prepare(loads(f"vit 1\n{text}\n"), "m")
    assert isinstance(states[-1], Graph) and dump(states[-1]) == dump(compiled.graph)
    return [s for s in states if isinstance(s, Program)], summary(compiled.program, compiled.graph)


@pytest.mark.parametrize(("text", "expected"), [(VIT, (19,)), (SWIN, (256, 64)), (MIXER, (16,))])
def test_tokens_are_the_positions_that_lists_hand_on(text, expected):
    assert shown(text)[1][0].tokens == expected


@pytest.mark.parametrize("text", [VIT, SWIN, MIXER, CAIT])
def test_the_rows_add_up_to_the_model(text):
    _, (about, rows) = shown(text)
    assert (rows[0].params, rows[0].macs, rows[0].activations) == (about.params, about.macs, about.activations)
    tops = [row for row in rows if row.path and not any(row.path.startswith(f"{r.path}.") for r in rows if r.path)]
    assert sum(row.macs for row in tops) == about.macs
    assert about.peak < about.activations


#: Weights in blocks and in lists, a layer that is shared, a state.
OWN = """
block part(inner: block) {
  gain  = weight([D], 1.0)
  inner = inner
  seen  = state([D], 0.0)

  forward(x: [N, D]) {
    return inner(x) * gain + seen
  }
}

block owner(image: shape = 8x8x3) {
  proj  = linear(8)
  shift = weight([1, 8], 0.0)
  inner = linear(8)
  parts = [part(share(inner)) for i in 0 .. 2]

  forward(image: [C, H, W]) {
    x = proj(rearrange(image, "c h w -> (h w) c")) + shift
    return parts(x)
  }
}

model m = owner"""


@pytest.mark.parametrize("text", [VIT, SWIN, MIXER, CAIT, OWN])
def test_the_parameters_of_the_innermost_rows_add_up_to_those_that_torch_counts(text, tmp_path):
    programs, (about, rows) = shown(text)
    (tmp_path / "model.py").write_text(torch_source.emit(programs[-1]))
    counted = sum(weight.numel() for weight in imported(tmp_path / "model.py").Model().parameters())
    innermost = [row for row in rows if not any(r.path.startswith(f"{row.path}.") for r in rows) and row.path]
    assert sum(row.params for row in innermost) == about.params == counted
    assert len({row.path for row in rows}) == len(rows)


def test_weights_that_a_block_owns_itself_have_rows():
    rows = {row.path: (row.kind, row.outputs, row.params, row.calls) for row in shown(OWN)[1][1]}
    assert rows["shift"] == ("weight", ((1, 8),), 8, 0)
    assert rows["parts.1.gain"] == ("weight", ((8,),), 8, 0)
    assert rows["parts.1.seen"] == ("state", ((8,),), 0, 0)
    assert "proj.weight" not in rows
    assert rows["inner"] == ("linear", ((64, 8),), 72, 0)
    assert rows["parts.1.inner"] == ("linear", ((64, 8),), 0, 1)


@pytest.mark.parametrize("text", [VIT, SWIN, MIXER, CAIT])
def test_macs_are_half_of_the_flops_that_torch_counts(text, tmp_path):
    programs, (about, _) = shown(text)
    (tmp_path / "model.py").write_text(torch_source.emit(programs[-1]))
    module = imported(tmp_path / "model.py")
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        module.Model().requires_grad_(False)(torch.zeros(1, *about.inputs["image"]))
    assert counter.get_total_flops() == 2 * about.macs


def test_memory_of_a_graph_done_by_hand():
    """x [10] -> a = exp(x); b = a reshaped to [5, 2]; c = exp(b); d = c + b: at d, a (through b), c and d are alive."""
    builder = Builder()
    x = builder.input(TensorType((10,)), "x")
    (a,) = builder.add("exp", [x], [TensorType((10,))])
    (b,) = builder.add("unflatten", [a], [TensorType((5, 2))], {"axis": -1, "sizes": (5, 2)})
    (c,) = builder.add("exp", [b], [TensorType((5, 2))])
    (d,) = builder.add("add", [c, b], [TensorType((5, 2))])
    graph = builder.graph([d], ["y"])
    assert activations(graph) == 3 * 40
    assert peak(graph) == 3 * 40


def test_the_flow_has_the_names_of_the_text_and_what_does_nothing_is_left_out():
    programs, _ = shown(VIT)
    image, embed, concat, add, *rest = flow(programs[0])
    assert (image.name, image.shapes) == ("image", ((3, 32, 32),))
    assert [(s.name, s.shapes) for s in embed.steps] == [("patch_embed.proj", ((32, 4, 4),)), ("tokens", ((16, 32),))]
    assert (concat.text, add.name, add.shapes) == (
        "concat([t[0] for t in [cls_token, reg_token] if t != none] …",
        "x",
        ((19, 32),),
    )
    blocks = rest[0]
    assert (blocks.name, blocks.times) == ("blocks.0", 3)
    attention = next(step for step in blocks.steps if step.name == "blocks.0.attn")
    found = {step.name: step.shapes[0] for step in attention.steps}
    assert found["q"] == found["k"] == found["v"] == (4, 19, 8)
    assert found["scores"] == (4, 19, 19)
    assert not any("dropout" in step.kind for step in attention.steps)
    assert [step.name for step in rest[1:]] == ["norm", "x", "head"]


def test_members_that_differ_are_told_apart():
    programs, _ = shown(SWIN)
    stages = [step for step in flow(programs[0]) if step.kind == "swin_stage"]
    assert [step.times for step in stages] == [1, 1]
    plain, shifted = (step for step in stages[0].steps if step.kind == "swin_block")
    assert (plain.times, shifted.times) == (1, 1)


def test_every_state_has_a_name_and_the_dump_is_the_same_each_time():
    first, second = (dict(driver.stages(loads(f"vit 1\n{SWIN}\n"), "m")) for _ in range(2))
    assert next(iter(first)) == "elaborate"
    assert {"local.attention", "flatten", "global.constants"} < set(first)
    texts = [
        {name: dump(state) for name, state in states.items() if isinstance(state, Graph)} for states in (first, second)
    ]
    assert texts[0] == texts[1]
    assert " = attention(" in texts[0]["flatten"]
    assert "sha256:" in texts[0]["global.constants"]
