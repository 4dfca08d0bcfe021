"""What a run costs: seconds, and processor seconds of the process and its database."""

import time
from pathlib import Path


class Watch:
    """Counts seconds, and processor seconds of this process and one database backend."""

    def __init__(self, backend: int | None = None) -> None:
        self.backend = backend
        self.cpu = 0.0
        self.cpu = self._processor()
        self.start = time.perf_counter()

    def _processor(self) -> float:
        spent = time.process_time() + (_processor_of(self.backend) if self.backend else 0.0)
        return spent - self.cpu

    def before_commit(self) -> None:
        """Take the processor seconds while the backend is still there."""
        self.cpu = self._processor()

    def told(self) -> dict[str, float]:
        """Return what has passed."""
        return {"seconds": time.perf_counter() - self.start, "cpu": self.cpu}


def _processor_of(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0.0
