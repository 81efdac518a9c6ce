"""`vitc doctor`."""

import ctypes
import json
import os
import platform
import re
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

from .columns import columns

#: The driver that a provider of ONNX Runtime stands on: it is asked for only where that loads, as it complains otherwise.
DRIVERS = {
    "CPUExecutionProvider": None,
    "CUDAExecutionProvider": "libcuda.so.1",
    "TensorrtExecutionProvider": "libnvinfer.so.10",
}


def run(format: str) -> None:
    """Prints versions, what really loads, and how to get what is missing; exit status 3 if something needed is missing."""
    packages = _packages()
    python, vitc, cuda, providers = platform.python_version(), _version("vitc"), _cuda(), _providers()
    if format == "json":
        listed = {name: {"version": found, "how": how} for name, (found, how) in packages.items()}
        data = {"python": python, "vitc": vitc, "cuda": cuda, "providers": providers, "telemetry": _telemetry(),
                "packages": listed}  # fmt: skip
        print(json.dumps(data, indent=2))
    else:
        rows = [("python", python, ""), ("vitc", vitc or "not installed: it runs from its folder", "")]
        rows += [(name, found or "missing", "" if found else how) for name, (found, how) in packages.items()]
        rows += [("CUDA in torch", cuda, ""), *((name, state, "") for name, state in providers.items())]
        rows.append(("telemetry", _telemetry(), ""))
        print(columns(rows))
    if not all(found for found, _ in packages.values()):
        raise SystemExit(3)


def _packages() -> dict[str, tuple[str | None, str]]:
    """What vitc needs: the version that is there, and the command that gets it."""
    try:
        needed = [line for line in requires("vitc") or () if "extra ==" not in line]
    except PackageNotFoundError:
        needed = ["torch", "onnx", "onnxruntime", "numpy", "safetensors", "pillow", "lark", "pydantic", "typer", "rich"]
    found: dict[str, tuple[str | None, str]] = {}
    for line in needed:
        requirement = line.partition(";")[0].strip()
        name = re.split(r"[<>=!~\[ ]", requirement)[0]
        if name.startswith("onnxruntime"):  # one of two, by platform
            found["onnxruntime"] = (
                _version("onnxruntime-gpu") or _version("onnxruntime"),
                f"pip install '{requirement}'",
            )
        else:
            found[name] = (_version(name), f"pip install '{requirement}'")
    return found


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
