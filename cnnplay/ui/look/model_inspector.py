"""Probes outside a run: a module built from stored weights, kept until the weights or the network change.

Everything here runs in the worker thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from cnnplay.network.network import Network
from cnnplay.spec.preprocessing import Preprocessing
from cnnplay.spec.settings import Initialization
from cnnplay.ui.data.preprocessing_cache import PreprocessingCache
from cnnplay.ui.look.evaluation_result import EvaluationResult, Evaluator
from cnnplay.ui.look.probe import ProbeRequest, ProbeResult, probe

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.modules.module import NetworkModule
    from cnnplay.modules.weights import Weights

Origin: TypeAlias = Literal["trained", "partly", "untrained"]

BATCH = 64


@dataclass(frozen=True, eq=False)
class ProbeTarget:
    """A network, its weights (None: initialized randomly with `seed`), and the preprocessing of images."""

    network: Network
    weights: Weights | None
    seed: int
    preprocessing: Preprocessing | None
    dataset: ImageSet | None
    initialization: Initialization = "default"
    """Of random weights."""

    @property
    def _random(self) -> tuple[int, Initialization]:
        return self.seed, self.initialization

    def same_module(self, other: ProbeTarget | None) -> bool:
        return (
            other is not None
            and other.network is self.network
            and other.weights is self.weights
            and (self.weights is not None or other._random == self._random)
        )


@dataclass(frozen=True, eq=False)
class StoredProbeResult:
    """A probe's result, and the weights' origin: `untrained` names the nodes without trained weights."""

    result: ProbeResult
    origin: Origin
    untrained: tuple[str, ...] = ()


class ModelInspector:
    """Builds modules for targets, and keeps the last one."""

    def __init__(self, rules: PreprocessingCache) -> None:
        self._target: ProbeTarget | None = None
        self._module: NetworkModule | None = None
        self._origin: Origin = "untrained"
        self._untrained: tuple[str, ...] = ()
        self._rules = rules

    def probe(self, target: ProbeTarget, request: ProbeRequest) -> StoredProbeResult:
        """Probes once. BuildError for an invalid network, DataError for images that do not fit it."""
        module = self._module_of(target)
        result = probe(module, request, self._preprocessing_of(target))
        return StoredProbeResult(result, self._origin, self._untrained)

    def evaluate(self, target: ProbeTarget, proceed: Callable[[int, int], bool]) -> EvaluationResult | None:
        """Evaluates the whole validation split, batch by batch.

        `proceed(done, total)` is called before each batch; None is returned once it answers False.
        """
        from cnnplay.data.fitting import fit_rows, normalize
        from cnnplay.data.images import DataError
        from cnnplay.data.polarity import mean_of, polarity_text
        from cnnplay.probing.maps import predict
        from cnnplay.training.validation import validation_batch

        dataset = target.dataset
        if dataset is None:
            raise DataError("choose a data set first: there is nothing to evaluate")
        preprocessing = self._preprocessing_of(target)
        evaluator, chosen = Evaluator(), dataset.validation
        means = []
        # Small batches for a large network: a probe, or closing the window, waits for one batch at most.
        batch = min(BATCH, validation_batch(self._module_of(target)))
        for start in range(0, len(chosen), batch):
            if not proceed(start, len(chosen)):
                return None
            module = self._module_of(target)
            rows, kept = [], []
            for index in chosen[start : start + batch]:
                try:
                    rows.append(fit_rows(dataset.image(int(index))[None], preprocessing.input)[0])
                    kept.append(int(index))
                except DataError:
                    continue  # a file that was removed after the data set was loaded
            if rows:
                x = normalize(np.stack(rows).transpose(0, 3, 1, 2), preprocessing)
                means.append(mean_of(x, preprocessing))
                evaluator.add(kept, predict(module, np.ascontiguousarray(x)))
        if not len(evaluator):
            raise DataError(f"{dataset.title}: none of the validation images can be read")
        polarity = polarity_text(float(np.mean(means)), preprocessing) if target.preprocessing else ""
        return replace(evaluator.result(dataset), polarity=polarity)

    def _module_of(self, target: ProbeTarget) -> NetworkModule:
        """The target's module; built unless it is the last one."""
        if self._module is None or not target.same_module(self._target):
            from cnnplay.modules.threads import use_one_thread
            from cnnplay.modules.weights import build_with_weights

            use_one_thread()

            self._module = self._target = None  # two large modules need not be in memory at once
            module, result = build_with_weights(
                target.weights, target.network, seed=target.seed, initialisation=target.initialization
            )
            module.eval()
            self._origin, self._untrained = "untrained", ()
            if target.weights is not None:
                lacking = [*result.missing, *(mismatch.key for mismatch in result.mismatched)]
                self._untrained = tuple(dict.fromkeys(key.rpartition(".")[0] for key in lacking))
                self._origin = "partly" if self._untrained else "trained"
                if not result.loaded:
                    self._origin = "untrained"
            self._module, self._target = module, target
        return self._module

    def _preprocessing_of(self, target: ProbeTarget) -> Preprocessing:
        return self._rules.get(target.preprocessing, target.dataset, target.network.input.shape)
