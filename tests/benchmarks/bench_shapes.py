"""How long shapes and costs take: `python tests/benchmarks/bench_shapes.py`.

Opening VGG-16 (its file read, everything inferred, formulas written) in a fresh process with the memory it
takes, and the re-inference after single edits of ResNet-34.
"""

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from random import Random

EDITS = 200

_OPEN = """
import resource, time
from cnnplay.network.presets import preset
from cnnplay.shapes.formulas import formulas
from cnnplay.shapes.infer import infer
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
report = infer(preset("vgg-16").network)
words = [formula.words for name in report.nodes for formula in formulas(report, name)]
took = time.perf_counter() - start
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(report.parameters, len(words), took * 1e3, (after - before) / 1024)
"""


def open_vgg() -> None:
    """Prints the time and the growth of the process's memory (Linux counts it in KiB)."""
    done = subprocess.run([sys.executable, "-c", _OPEN], check=True, capture_output=True, text=True)
    parameters, formulas, milliseconds, mebibytes = done.stdout.split()
    print(f"open vgg-16: {float(milliseconds):.1f} ms, {float(mebibytes):.1f} MiB more memory")
    print(f"             ({int(parameters):,} parameters, {formulas} formulas)")


def edit_resnet() -> None:
    """Prints the time of inference after each of 200 edits: a field, an insertion, a removal, a wrapping by
    turns."""
    from cnnplay.network import edits, nodes
    from cnnplay.network.network import Network, walk
    from cnnplay.network.presets import preset
    from cnnplay.shapes.infer import infer
    from cnnplay.shapes.suggest import wrap_in_skip

    random, original = Random(0), preset("resnet-34").network
    places = [(node, place) for node, place in walk(original)]
    convolutions = [node.id for node, _ in places if isinstance(node, nodes.Convolution)]
    kinds: tuple[Callable[[], Network], ...] = (
        lambda: (
            edits.replace_field(
                original, random.choice(convolutions), "filters", random.randint(1, 900)
            ).network
        ),
        lambda: edits.insert(original, random.choice(places)[1], nodes.Convolution(filters=64)).network,
        lambda: edits.remove(original, [random.choice(places)[0].id]).network,
        lambda: wrap_in_skip(original, [random.choice(places)[0].id]).network,
    )
    infer(original)
    times = []
    for index in range(EDITS):
        changed = kinds[index % len(kinds)]()
        start = time.perf_counter()
        infer(changed)
        times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    spread = f"5 % {times[EDITS // 20]:.2f}, 95 % {times[-EDITS // 20]:.2f}, worst {times[-1]:.2f}"
    print(f"edit resnet-34: median {statistics.median(times):.2f} ms of {EDITS} edits ({spread})")


if __name__ == "__main__":
    open_vgg()
    edit_resnet()
    print(f"peak of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
