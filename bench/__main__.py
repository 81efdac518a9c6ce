"""What vitc is measured against: timm in PyTorch and `torch.onnx.export`, side by side in one run.

    python bench [MODEL] [--threads N]

Prints ratios ours / theirs: below 1 is quicker. Times are medians of runs in turn, so a machine whose speed drifts
slows both.
"""

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

ROUNDS = 9
#: Definitions that have to live as long as the run.
_KEPT: list[Any] = []


def ratio(ours: Callable[[], object], theirs: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float, float]:
    """Medians of both in seconds and the median of their ratios, run in turn after one round that does not count."""
    pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(rounds + 1)][1:]
    return median(a for a, _ in pairs), median(b for _, b in pairs), median(a / b for a, b in pairs)


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> None:
    """Measures one model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="vit_tiny_patch16_224")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    import torch

    torch.set_num_threads(given.threads)
    with tempfile.TemporaryDirectory() as folder:
        for title, (ours, theirs, by) in measured(given.model, given.threads, Path(folder)).items():
            print(f"{title:34} {ours:9.4f} s  {theirs:9.4f} s  {by:6.2f}")


def measured(model: str, threads: int, folder: Path) -> dict[str, tuple[float, float, float]]:
    """Each comparison by its name."""
    import torch
    import vitc
    from vitc.runtime.verify.modules import imported

    print(f"{model}, {threads} thread(s)                       ours       theirs     ratio")
    theirs = _timm().create_model(model, pretrained=False).eval()
    out = folder / "ours"
    weights = {name: tensor.numpy() for name, tensor in theirs.state_dict().items()}
    vitc.compile(model, out=out, weights=weights, to=("torch", "onnx"), verify=False)
    ours = imported(out / "model.py").Model.load(str(out / "model.safetensors"))
    image = torch.randn(1, *vitc.load(model).graph.inputs[0].type.shape)
    exported = folder / "theirs.onnx"

    def export() -> None:
        torch.onnx.export(theirs, (image,), exported, dynamo=True, external_data=False, verbose=False)

    export()
    return {
        "write ONNX": ratio(
            lambda: vitc.compile(model, out=folder / "again", weights=weights, to=("onnx",), verify=False), export, 3
        ),
        "ONNX Runtime, batch 1": ratio(
            _session(out / "model.onnx", image, threads), _session(exported, image, threads)
        ),
        "PyTorch inference, batch 1": ratio(_forward(ours, image), _forward(theirs, image)),
        "training step, fp32, batch 8": ratio(_step(ours, image), _step(theirs, image)),
        "training step, bf16, batch 8": ratio(_step(ours, image, half=True), _step(theirs, image, half=True)),
    }


def _timm() -> Any:
    """timm, which imports torchvision; PyPI's is built for CUDA, and beside a CPU build of torch misses two operators
    that no classifier calls."""
    import torch

    if not torch.cuda.is_available():
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(library)
    import timm

    return timm


def _session(path: Path, image: Any, threads: int) -> Callable[[], object]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name, x = session.get_inputs()[0].name, np.asarray(image)
    return lambda: session.run(None, {name: x})


def _forward(model: Any, image: Any) -> Callable[[], object]:
    import torch

    run = torch.inference_mode()(model)
    return lambda: run(image)


def _step(model: Any, image: Any, *, half: bool = False) -> Callable[[], object]:
    import torch

    model.train()
    x = torch.as_tensor(image).expand(8, -1, -1, -1).contiguous()
    labels = torch.arange(8)

    def step() -> None:
        model.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = torch.nn.functional.cross_entropy(model(x).float(), labels)
        loss.backward()

    return step


if __name__ == "__main__":
    main()
