"""Looking while nothing trains: a module built from stored weights, kept until they or the network change.

Everything here runs in the looking thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from cnnplay.network.network import Network
from cnnplay.spec.preprocessing import Preprocessing
from cnnplay.spec.settings import Initialisation
from cnnplay.ui.data.rules import Rules
from cnnplay.ui.look.glance import Glance, Wish, glance
from cnnplay.ui.look.judged import Judged, Tally

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.modules.module import NetworkModule
    from cnnplay.modules.weights import Weights

Origin: TypeAlias = Literal["trained", "partly", "untrained"]

BATCH = 64


@dataclass(frozen=True, eq=False)
class Subject:
    """A network, its weights (None: freshly initialised by `seed`), and how pictures enter it."""

    network: Network
    weights: Weights | None
    seed: int
    preprocessing: Preprocessing | None
    images: ImageSet | None
    initialisation: Initialisation = "default"
    """Of weights that are freshly drawn."""

    @property
    def _drawn(self) -> tuple[int, Initialisation]:
        return self.seed, self.initialisation

    def same_module(self, other: Subject | None) -> bool:
        return (
            other is not None
            and other.network is self.network
            and other.weights is self.weights
            and (self.weights is not None or other._drawn == self._drawn)
        )


@dataclass(frozen=True, eq=False)
class Seen:
    """A glance, and where the weights came from: `fresh` names the nodes that have none of their own."""

    glance: Glance
    origin: Origin
    fresh: tuple[str, ...] = ()


class Studio:
    """Keeps the last module that was built."""

    def __init__(self, rules: Rules) -> None:
        self._subject: Subject | None = None
        self._module: NetworkModule | None = None
        self._origin: Origin = "untrained"
        self._fresh: tuple[str, ...] = ()
        self._rules = rules

    def look(self, subject: Subject, wish: Wish) -> Seen:
        """One glance. BuildError for a network with faults, DataError for pictures that do not fit it."""
        module = self._module_of(subject)
        return Seen(glance(module, wish, self._preprocessing_of(subject)), self._origin, self._fresh)

    def judge(self, subject: Subject, breathe: Callable[[int, int], bool]) -> Judged | None:
        """The verdict on the whole validation part, batch by batch. `breathe` hears how many pictures are
        done, and of how many; None when it says to give up.
        """
        from cnnplay.data.fitting import fit_rows, normalise
        from cnnplay.data.images import DataError
        from cnnplay.probing.maps import predict
        from cnnplay.training.validation import validation_batch

        images = subject.images
        if images is None:
            raise DataError("choose a data set first: there is nothing to judge")
        preprocessing = self._preprocessing_of(subject)
        tally, chosen = Tally(), images.validation
        # Few of a large network at a time: one look, or the window's end, waits for a batch at most.
        batch = min(BATCH, validation_batch(self._module_of(subject)))
        for start in range(0, len(chosen), batch):
            if not breathe(start, len(chosen)):
                return None
            module = self._module_of(subject)
            rows, kept = [], []
            for index in chosen[start : start + batch]:
                try:
                    rows.append(fit_rows(images.picture(int(index))[None], preprocessing.input)[0])
                    kept.append(int(index))
                except DataError:
                    continue  # a file that went away since the data set was loaded
            if rows:
                x = normalise(np.stack(rows).transpose(0, 3, 1, 2), preprocessing)
                tally.add(kept, predict(module, np.ascontiguousarray(x)))
        if not len(tally):
            raise DataError(f"{images.title}: none of the validation pictures can be read")
        return tally.verdict(images)

    def _module_of(self, subject: Subject) -> NetworkModule:
        """The subject's module; built where the last one is another's."""
        if self._module is None or not subject.same_module(self._subject):
            from cnnplay.modules.threads import compute_alone
            from cnnplay.modules.weights import build_with

            compute_alone()

            self._module = self._subject = None  # two large modules need not lie in memory at once
            module, result = build_with(
                subject.weights, subject.network, seed=subject.seed, initialisation=subject.initialisation
            )
            module.eval()
            self._origin, self._fresh = "untrained", ()
            if subject.weights is not None:
                lacking = [*result.missing, *(mismatch.key for mismatch in result.mismatched)]
                self._fresh = tuple(dict.fromkeys(key.rpartition(".")[0] for key in lacking))
                self._origin = "partly" if self._fresh else "trained"
                if not result.loaded:
                    self._origin = "untrained"
            self._module, self._subject = module, subject
        return self._module

    def _preprocessing_of(self, subject: Subject) -> Preprocessing:
        return self._rules.of(subject.preprocessing, subject.images, subject.network.input.shape)
