"""`vitc doctor`."""

import json
import platform
from importlib.metadata import PackageNotFoundError, version

#: What is used, and the command that gets it.
PACKAGES = {
    "torch": "pip install torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu",
    "onnx": "pip install onnx",
    "onnxruntime-gpu": "pip install onnxruntime-gpu",
    "numpy": "pip install numpy",
    "safetensors": "pip install safetensors",
    "pillow": "pip install pillow",
    "lark": "pip install lark",
    "pydantic": "pip install pydantic",
}


def run(format: str) -> None:
    """Prints versions, what really loads, and how to get what is missing."""
    rows = [(name, _version(name), how) for name, how in PACKAGES.items()]
    facts = {"python": platform.python_version(), "vitc": _version("vitc"), "cuda": _cuda(), "providers": _providers()}
    if format == "json":
        print(json.dumps({**facts, "packages": {name: found for name, found, _ in rows}}, indent=2))
        return
    for name, value in facts.items():
        print(f"{name:16} {', '.join(value) if isinstance(value, list) else value}")
    for name, found, how in rows:
        print(f"{name:16} {found or f'missing: {how}'}")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _cuda() -> str:
    """The device that torch can use."""
    try:
        import torch
    except ImportError:
        return "no torch"
    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no device"


def _providers() -> list[str]:
    """Providers that load; CUDA is asked only where a device is, as onnxruntime lists it everywhere."""
    try:
        import onnxruntime
    except ImportError:
        return []
    listed = onnxruntime.get_available_providers()
    return [name for name in listed if name == "CPUExecutionProvider" or not _cuda().startswith("no ")]
