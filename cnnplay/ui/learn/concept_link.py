"""Provides the step-by-step page with the selected layer's input for the current image, and its weights."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.kit.tasks import Tasks
from cnnplay.ui.learn.concept import ConceptModel
from cnnplay.ui.learn.concept_data import as_input, fresh_weights, layer_data
from cnnplay.ui.learn.concept_scene import LayerData
from cnnplay.ui.look.look import LookModel
from cnnplay.ui.train.run import RunModel


class ConceptLink(QObject):
    """Follows the editor's selection, and computes the requested values in a thread."""

    def __init__(
        self, concept: ConceptModel, editor: EditorModel, run: RunModel, look: LookModel, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._concept, self._editor, self._run, self._look = concept, editor, run, look
        self._tasks = Tasks("concept", self)
        self._asked_again = ""
        editor.changed.connect(self._follow)
        editor.selection_changed.connect(self._follow)
        self._seed = run.settings.config.seed
        run.weights_changed.connect(concept.refresh)
        run.settings.changed.connect(self._seed_changed)
        look.image_choice.changed.connect(concept.refresh)
        concept.data_wanted.connect(self._give)
        self._follow()

    def shutdown(self) -> None:
        self._tasks.finish()

    @Slot()
    def _follow(self) -> None:
        self._concept.show_node(self._editor.report, self._editor.current)

    @Slot()
    def _seed_changed(self) -> None:
        """Without trained weights, another seed means other weights."""
        seed = self._run.settings.config.seed
        if seed != self._seed:
            self._seed = seed
            if self._run.weights is None:
                self._concept.refresh()

    @Slot(object)
    def _give(self, node_id: str) -> None:
        if not self._tasks.idle:
            self._asked_again = node_id
            return
        self._asked_again = ""
        network, weights = self._editor.network, None
        if self._run.trained_network is not None:
            weights = self._run.weights
        picture, seed = self._look.image_choice.image, self._run.settings.config.seed
        caption = "" if picture is None else f", {picture.caption}"
        facts, images, rules = self._run.facts, self._run.data.images, self._look.rules
        given = facts.preprocessing if facts is not None and weights is not None else None

        def work() -> LayerData:
            rule = rules.of(given, images, network.input.shape)
            seen = None if picture is None else as_input(picture.pixels, network, rule)
            if weights is not None:
                return layer_data(network, node_id, seen, weights, f"trained weights{caption}")
            fresh = fresh_weights(network, seed)
            words = f"random weights, seed {seed}" if fresh is not None else "random weights above it"
            return layer_data(network, node_id, seen, fresh, words + caption)

        def done(data: LayerData) -> None:
            if self._editor.network is network and not self._asked_again:
                self._concept.set_layer_data(node_id, data.maps, data.kernel, data.bias, data.words)
            self._catch_up()

        def failed(error: Exception) -> None:
            self._concept.set_layer_data(node_id, None, None, None, f"random values: {error}")
            self._catch_up()

        self._tasks.run(work, done, failed)

    def _catch_up(self) -> None:
        """Handles a request that arrived meanwhile, if its layer is still selected."""
        asked, node = self._asked_again, self._concept.node
        self._asked_again = ""
        if asked and node is not None:
            self._give(node.id)
