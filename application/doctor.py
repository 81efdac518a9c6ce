"""The state of an installation: versions, and what really loads."""

import ctypes
import os
import platform
import re
import sys
import tomllib
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

#: The driver that a provider of ONNX Runtime stands on: it is asked for only where that loads, as it complains otherwise.
DRIVERS = {
    "CPUExecutionProvider": None,
    "CUDAExecutionProvider": "libcuda.so.1",
    "TensorrtExecutionProvider": "libnvinfer.so.10",
}


@dataclass(frozen=True, slots=True)
class Package:
    """A library that vitc needs: its version, None where it is missing, and the command that gets it."""

    version: str | None
    how: str


@dataclass(frozen=True, slots=True)
class Installation:
    """`vitc` is None where it runs from its folder; `cuda` is the device that torch uses, or why there is none; `providers`
    are those of ONNX Runtime, each with what became of opening a model with it."""

    python: str
    vitc: str | None
    cuda: str
    providers: dict[str, str]
    telemetry: str
    packages: dict[str, Package]

    @property
    def whole(self) -> bool:
        """Whether nothing that vitc needs is missing."""
        return all(package.version for package in self.packages.values())


def installation() -> Installation:
    """Looks at versions and tries what is there to be loaded."""
    return Installation(platform.python_version(), _version("vitc"), _cuda(), _providers(), _telemetry(), _packages())


def _packages() -> dict[str, Package]:
    """What vitc needs: the version that is there, and the command that gets it."""
    gpu = sys.platform == "linux" and platform.machine() == "x86_64"
    found: dict[str, Package] = {}
    for line in _needed():
        requirement = line.partition(";")[0].strip()
        name, how = re.split(r"[<>=!~\[ ]", requirement)[0], f"pip install '{requirement}'"
        if not name.startswith("onnxruntime"):
            found[name] = Package(_version(name), how)
        elif name.endswith("-gpu") == gpu:  # one of two, by platform; the other one serves as well
            found["onnxruntime"] = Package(_version("onnxruntime-gpu") or _version("onnxruntime"), how)
    return found


def _needed() -> list[str]:
    """The requirements of vitc as it was installed; those of `pyproject.toml` where it runs from its folder."""
    try:
        return [line for line in requires("vitc") or () if "extra ==" not in line]
    except PackageNotFoundError:
        project = Path(__file__).resolve().parents[1] / "pyproject.toml"
        return tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _telemetry() -> str:
    """Whether ONNX Runtime reports home. `import vitc` turns that off unless the variable was set before; 1, true, yes, y and
    on turn it off, every other value leaves it on (measured with onnxruntime 1.31.1)."""
    value = os.environ["ORT_DISABLE_TELEMETRY"]
    state = "off" if value.strip().lower() in ("1", "true", "yes", "y", "on") else "on"
    return f"of ONNX Runtime {state} (ORT_DISABLE_TELEMETRY={value})"


def _cuda() -> str:
    """The device that torch can use."""
    try:
        torch: Any = import_module("torch")
    except ImportError as problem:
        return f"torch does not load: {problem}"
    if torch.version.cuda is None:
        return "no: this torch is built for the CPU"
    return str(torch.cuda.get_device_name(0)) if torch.cuda.is_available() else "no device, or no driver"


def _providers() -> dict[str, str]:
    """The providers that this ONNX Runtime lists, each with what became of opening a model with it."""
    try:
        onnxruntime: Any = import_module("onnxruntime")
        model = _identity()
    except ImportError as problem:
        return {"onnxruntime": f"does not load: {problem}"}
    return {name: _tried(onnxruntime, model, name) for name in onnxruntime.get_available_providers()}


def _tried(onnxruntime: Any, model: bytes, name: str) -> str:
    if name not in DRIVERS:
        return "listed, not tried"
    driver = DRIVERS[name]
    if driver is not None:
        try:
            ctypes.CDLL(driver)
        except OSError:
            return f"no: there is no {driver} (the driver is missing)"
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model, options, providers=[name])
    except Exception as problem:  # onnxruntime raises classes of its own that share no base
        return f"no: {str(problem)[:200]}"
    return (
        "loads"
        if name in session.get_providers()
        else "no: its libraries do not load (CUDA and cuDNN of the right version)"
    )


def _identity() -> bytes:
    """The smallest model."""
    helper: Any = import_module("onnx.helper")
    x, y = (helper.make_tensor_value_info(name, 1, [1]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return model.SerializeToString()
