"""What every backend that runs a network offers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, runtime_checkable

from numpy.typing import NDArray

Tensors = Mapping[str, NDArray[Any]]
"""Tensors by name, each of the type that the network has there."""


BATCH_MOST: Final = 8
"""Pictures in one pass, at most: what the networks are made for."""


class RunnerError(Exception):
    """A network is missing or failed; the message names the remedy."""


class InputsError(RunnerError):
    """Inputs that do not fit the network: another backend would refuse them too."""


class Runner(Protocol):
    """A network ready to run. It keeps no state between calls: state goes in and comes out."""

    @property
    def inputs(self) -> Mapping[str, tuple[int | None, ...]]:
        """Shape of every input; None where any size goes."""
        ...

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the network says of itself."""
        ...

    def run(self, tensors: Tensors) -> Tensors:
        """One pass.

        Raises:
            RunnerError: inputs that do not fit, or a failure of the backend.
        """
        ...

    def warmup(self) -> None:
        """Run once on zeros, so that the first real pass is not slower than the others."""
        ...


@runtime_checkable
class TakesRows(Protocol):
    """A ``Runner`` that keeps on its device what is given again and again."""

    def run_rows(self, tensors: Tensors, rows: Sequence[Tensors]) -> Tensors:
        """One pass; what of its inputs *tensors* lacks is given picture by picture.

        Args:
            tensors: inputs for all pictures.
            rows: the other inputs of each picture, batch 1: read-only arrays, which are taken to
                stay what they are, and are copied to the device once.

        Raises:
            RunnerError: inputs that do not fit, or a failure of the backend.
        """
        ...
