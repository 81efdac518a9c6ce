"""How much memory and time a process may take that works on a file of anybody's."""

import os
from dataclasses import asdict, dataclass

GIB = 2**30
#: Address space in bytes that Python, numpy, Pillow and ONNX Runtime need for the largest picture and a small model.
#: Measured with onnxruntime-gpu 1.31.1 on two cores: 0.33 GiB with a session, 1.2 GiB more while 64 million pixels are decoded.
_LEAST = 4 * GIB
#: Seconds for one step, and for each GiB of the model file.
_STEP = 120


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of address space, seconds of CPU time for the whole process, seconds of wall-clock time for one step (opening
    the model, running it on a batch of pictures)."""

    memory: int
    cpu: int
    step: int

    @staticmethod
    def of(size: int, steps: int) -> "Limits":
        """For a model file of `size` bytes that runs so many times: half of the machine's memory, at least 4 GiB, and four
        times the file; two minutes for a step, and as much for each GiB of the file."""
        machine = _memory()
        step = _STEP + _STEP * size // GIB
        cpu = step * (steps + 1) * (os.cpu_count() or 1)
        return Limits(max(_LEAST, machine // 2) + min(4 * size, machine), cpu, step)

    def held(self) -> "Limits":
        """Holds this process to the limits and gives those that hold: one that the user set lower stays (`ulimit -v`, `-t`).

        Without the module `resource` (Windows) nothing is limited; whoever waits for the process still ends it in time."""
        try:
            import resource
        except ImportError:
            return self
        memory = _lowered(resource.RLIMIT_AS, self.memory, self.memory)
        # A second before the hard limit, which kills without saying why.
        cpu = _lowered(resource.RLIMIT_CPU, self.cpu, self.cpu + 1, earlier=1)
        _lowered(resource.RLIMIT_CORE, 0, 0)
        return Limits(memory, cpu, self.step)

    def as_data(self) -> dict[str, int]:
        """For another process."""
        return asdict(self)


def _lowered(kind: int, soft: int, hard: int, earlier: int = 0) -> int:
    """Lowers a limit, never raises it; gives the soft limit that holds. `earlier`: how far the soft one stays below."""
    import resource

    old_soft, old_hard = resource.getrlimit(kind)
    hard = hard if old_hard == resource.RLIM_INFINITY else min(hard, old_hard)
    soft = min(soft, max(hard - earlier, 0))
    soft = soft if old_soft == resource.RLIM_INFINITY else min(soft, old_soft)
    try:
        resource.setrlimit(kind, (soft, hard))
    except (OSError, ValueError):  # macOS has no limit of address space below what it maps at the start
        return old_soft
    return soft


def _memory() -> int:
    """Bytes of the machine's memory; the least that is assumed where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 2 * _LEAST
