"""What several tests need: timm as an oracle."""

import warnings

import pytest
import vitc  # noqa: F401 -- turns the telemetry of ONNX Runtime off, before a test imports that


def pytest_addoption(parser):
    parser.addoption("--update", action="store_true", help="write what comes of the golden cases of today")


@pytest.fixture(scope="session")
def timm():
    """The library timm. It imports torchvision, whose wheel on PyPI is built for CUDA: beside a CPU build of torch its
    C++ part does not load, and the Python part then misses two operators that no classifier calls. Beside a CUDA build
    they exist, and a second definition would end the process."""
    import torch

    if torch.version.cuda is None:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        timm_library.append(library)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import timm

    return timm


#: Keeps the definitions alive as long as the tests run.
timm_library = []
