"""Which device trains, and that one process does."""

import os
import re
from collections.abc import Mapping

from ...diagnostics import error

_NAMES = re.compile(r"auto|cpu|mps|cuda(:(0|[1-9][0-9]{0,3}))?")
#: What launchers of several processes set: the number of processes, or this one's place among them, counted from 0.
#: torchrun; Open MPI, MPICH and Intel MPI, MVAPICH; srun.
_SIZES = (
    "WORLD_SIZE",
    "LOCAL_WORLD_SIZE",
    "OMPI_COMM_WORLD_SIZE",
    "PMI_SIZE",
    "MV2_COMM_WORLD_SIZE",
    "SLURM_STEP_NUM_TASKS",
)
_PLACES = ("RANK", "LOCAL_RANK")


def refuse_several(environment: Mapping[str, str] = os.environ) -> None:
    """Raises V1108 under `torchrun`, `mpirun` or `srun` with more than one process: each would train the same run alone."""
    for name in (*_SIZES, *_PLACES):
        text = environment.get(name, "")
        if re.fullmatch("[0-9]{1,9}", text) and int(text) > (1 if name in _SIZES else 0):
            raise error("V1108", f"training runs in one process on one device; {name}={text} says that there are several",
                        help="start `vitc train` without torchrun, mpirun or srun; --device cuda:1 chooses a GPU")  # fmt: skip


def refuse_unknown(name: str) -> None:
    """Raises V1004 for anything but the name of a device."""
    if not _NAMES.fullmatch(name):
        raise error("V1004", f"--device takes auto, cpu, cuda, cuda:N or mps, not `{name}`")


def chosen(name: str) -> str:
    """The device of a name, as torch takes it; `auto` is a CUDA device where there is one, else the CPU. Raises V1104."""
    refuse_unknown(name)
    if name == "cpu":  # what is wrong with the data is told without torch
        return name
    import torch

    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    kind, _, index = name.partition(":")
    if name == "auto":
        kind, index = ("cuda", "") if there else ("cpu", "")
    if kind == "cuda":
        if not there:
            raise error("V1104", "torch finds no CUDA device",
                        help="`vitc doctor` says why; --device cpu trains without one")  # fmt: skip
        if int(index or 0) >= there:
            raise error("V1104", f"there is no CUDA device {index}: torch finds {there}, counted from 0",
                        help=f"--device cuda:{there - 1} is the last")  # fmt: skip
        kind = f"cuda:{index or torch.cuda.current_device()}"
    if kind == "mps" and not torch.backends.mps.is_available():
        raise error("V1104", "torch finds no MPS device", help="--device cpu trains without one")
    try:
        torch.zeros(1, device=kind)
    except RuntimeError as problem:  # a device that is there, and that this build of torch or another process rules out
        raise error("V1104", f"{kind} can't be used: {str(problem).splitlines()[0][:200]}") from None
    return kind


def described(device: str) -> str:
    """A device with the name of its hardware, where torch knows it: `cuda:0 (NVIDIA H100 80GB HBM3)`."""
    import torch

    return f"{device} ({torch.cuda.get_device_name(device)})" if device.startswith("cuda") else device
