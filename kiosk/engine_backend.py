"""The networks of a running kiosk: on a GPU in processes of their own, the CPU standing in.

Whole pictures of one preset and size are a network, and so is each refiner, which works where the
CPU draws: for other steps than the presets', and while a whole picture's network does not answer.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from engine.runtime import backends
from engine.runtime.backends import Backends, Candidate, Choice, choose
from engine.runtime.cuda import NoDeviceError
from engine.runtime.onnx import OnnxRunner
from engine.runtime.plans import Precision
from engine.runtime.runner import Runner, RunnerError
from engine.synthesis.batch import LACK
from engine.synthesis.look import RefinerSize
from engine.synthesis.networks import Network, SynthesisNetwork, network
from engine.synthesis.refiner import SHELF, Shelf
from engine.synthesis.whole import WholePicture
from engine.synthesis.wholes import WHOLES, Wholes
from kiosk.config import Settings
from kiosk.fallbacks import Fallbacks
from kiosk.gpu_process import GpuProcess
from kiosk.gpu_warm import warm
from kiosk.metrics import Metrics
from kiosk.spare_runner import SpareRunner
from kiosk.standing import said

logger = logging.getLogger(__name__)

SAID_EACH_S: Final = 60.0
"""A network that fails at every picture is told of so often."""


class Networks:
    """Opens networks on a GPU where there is one; without, the engine opens them on the CPU.

    The kiosk's own process never touches the GPU's driver: a process that ends with it is another.
    """

    def __init__(
        self, settings: Settings, metrics: Metrics, shelf: Shelf = SHELF,
        clock: Callable[[], float] = time.monotonic, wholes: Wholes = WHOLES,
    ) -> None:  # fmt: skip
        """Open from now on what is asked of *shelf* and *wholes* on a GPU; see ``close``."""
        self._backends, self._metrics = settings.engine.backends(), metrics
        self._shelf, self._wholes = shelf, wholes
        self._processes: list[GpuProcess] = []
        self._clock, self._said_s = clock, -SAID_EACH_S
        self._opener = ThreadPoolExecutor(1, "gpu opener")
        if why_no_gpu(settings) is None:
            # Its thread starts now: whoever asks for a network may run with a low priority, which
            # the processes that are started from there would keep.
            self._opener.submit(lambda: None)
            shelf.open_by(self._open)
            wholes.open_by(self._open_whole)

    def mend(self) -> None:
        """From now on a network that fails costs what it would have added, and no picture."""
        LACK.tell(self._lack)

    def _lack(self, error: RunnerError) -> None:
        self._metrics.gpu_fallbacks.labels("warp").inc()
        now_s = self._clock()
        if now_s >= self._said_s + SAID_EACH_S:
            self._said_s = now_s
            logger.error("pictures are shown without what the refiner adds: %s", error)

    def close(self) -> None:
        """End the processes; networks are opened on the CPU again."""
        LACK.tell(None)
        self._shelf.open_by(None)
        # At once: each may have to wait for its driver, and a service is soon killed at its end.
        with ThreadPoolExecutor(thread_name_prefix="gpu closer") as pool:
            list(pool.map(lambda each: each.close(), list(self._processes)))
        self._wholes.open_by(None)
        self._opener.shutdown()
        while self._processes:
            self._processes.pop().close()

    @property
    def answer(self) -> bool:
        """Whether anything that was opened on a GPU answers just now.

        What is drawn together is for each stage to say: see ``pipeline.Batches``.
        """
        return any(each.answers for each in list(self._processes))

    def wait(self) -> None:
        """Return when each GPU's process is ready, or could not be started; blocks till then."""
        for each in list(self._processes):
            try:
                each.warmup()
            except RunnerError as error:
                logger.warning("%s", error)

    def _open(self, which: RefinerSize) -> Runner:
        name = f"refiner-{which}"
        spare = OnnxRunner(network(name).runnable("fp32"), self._backends.threads)
        return SpareRunner(self._started(name), spare, self._metrics)

    def _open_whole(self, which: SynthesisNetwork) -> WholePicture:
        gpu = self._started(which.name)
        return WholePicture(
            gpu, self._backends.precision, Fallbacks(self._metrics), partial(self._end, gpu)
        )

    def _started(self, name: str) -> GpuProcess:
        make = partial(on_gpu, self._backends, name)
        gpu = self._opener.submit(lambda: GpuProcess(make, self._metrics, name=name)).result()
        self._processes.append(gpu)
        logger.info("%s runs in a process of its own; the CPU stands in until it is ready", name)
        return gpu

    def _end(self, gpu: GpuProcess) -> None:
        if gpu in self._processes:
            self._processes.remove(gpu)
        gpu.close()


def on_gpu(each: Backends, name: str, without: frozenset[str] = frozenset()) -> Choice:
    """The network *name* on the best GPU backend, warm; called in the process that runs it.

    Args:
        each: how networks are to be run.
        name: of the network.
        without: backends that are used only if no other works.

    Raises:
        RunnerError: no GPU backend runs it; it tells every reason.
    """
    wanted = network(name)
    ways = [
        Candidate(way.name, partial(_warm, way, wanted, each.precision))
        for way in each.candidates(wanted)
        if way.name != "cpu"
    ]
    # Those without fault first; the order among them stays.
    return choose(sorted(ways, key=lambda way: way.name in without))


def _warm(way: Candidate, which: Network, precision: Precision) -> Runner:
    runner = way.open()
    try:
        warm(runner, which, precision)
    except RunnerError:
        getattr(runner, "close", lambda: None)()
        raise
    return runner


def why_no_gpu(settings: Settings) -> str | None:
    """Why no network will be run on a GPU; None: it will be tried. No driver is asked."""
    if settings.engine.backend == "cpu":
        return ""
    try:
        backends.check_gpu()
    except NoDeviceError as error:
        return str(error)
    return None


def log_standing(settings: Settings) -> None:
    """Say at start where networks are to run, and why not on a GPU."""
    wish = settings.engine.backend
    reason = why_no_gpu(settings)
    if reason is None:
        logger.info(
            "engine.backend = %s: there is a GPU: its process will say what runs there", wish
        )
        return
    passed_over = backends.order(wish)[:-1]
    level = logging.INFO if wish in ("auto", "cpu") else logging.WARNING
    told = said("cpu", [f"{name}: {reason}" for name in passed_over])
    logger.log(level, "engine.backend = %s: %s", wish, told)
