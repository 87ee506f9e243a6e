"""Provides the step-by-step page with the selected layer's input for the current image, and its weights."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from cnnplay.ui.build.editor import EditorModel
from cnnplay.ui.kit.background import Background
from cnnplay.ui.learn.concept import ConceptModel
from cnnplay.ui.learn.concept_data import as_input, layer_data, random_weights
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
        self._jobs = Background("concept", self)
        self._next_request = ""
        editor.changed.connect(self._follow)
        editor.selection_changed.connect(self._follow)
        self._seed = run.settings.config.seed
        run.weights_cache.changed.connect(concept.refresh)
        run.settings.changed.connect(self._seed_changed)
        look.image_choice.changed.connect(concept.refresh)
        concept.data_requested.connect(self._provide)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        self._concept.show_node(self._editor.report, self._editor.current)

    @Slot()
    def _seed_changed(self) -> None:
        """Without trained weights, another seed means other weights."""
        seed = self._run.settings.config.seed
        if seed != self._seed:
            self._seed = seed
            if self._run.weights_cache.weights is None:
                self._concept.refresh()

    @Slot(object)
    def _provide(self, node_id: str) -> None:
        if not self._jobs.idle:
            self._next_request = node_id
            return
        self._next_request = ""
        network, weights = self._editor.network, self._run.weights_cache.weights
        image, seed = self._look.image_choice.image, self._run.settings.config.seed
        caption = "" if image is None else f", {image.caption}"
        facts, images, preprocessing = self._run.weights_cache.facts, self._run.data.images, self._look.rules
        given = facts.preprocessing if facts is not None and weights is not None else None

        def work() -> LayerData:
            rule = preprocessing.get(given, images, network.input.shape)
            pixels = None if image is None else as_input(image.pixels, network, rule)
            if weights is not None:
                return layer_data(network, node_id, pixels, weights, f"trained weights{caption}")
            initial = random_weights(network, seed)
            origin = (
                f"random weights, seed {seed}"
                if initial is not None
                else "random weights in the layers before it"
            )
            return layer_data(network, node_id, pixels, initial, origin + caption)

        def done(data: LayerData) -> None:
            if self._editor.network is network and not self._next_request:
                self._concept.set_layer_data(node_id, data.maps, data.kernel, data.bias, data.origin)
            self._handle_next_request()

        def failed(error: Exception) -> None:
            self._concept.set_layer_data(node_id, None, None, None, f"random values: {error}")
            self._handle_next_request()

        self._jobs.queue(work, done, failed)

    def _handle_next_request(self) -> None:
        """Handles a request that arrived meanwhile, if its layer is still selected."""
        asked, node = self._next_request, self._concept.node
        self._next_request = ""
        if asked and node is not None:
            self._provide(node.id)
