"""Gives the concept page the selected layer's own numbers: its input from the chosen picture, its weights."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from cnnplay.viewmodels.concept import ConceptModel
from cnnplay.viewmodels.concept_data import layer_data
from cnnplay.viewmodels.concept_scene import LayerData
from cnnplay.viewmodels.editor import EditorModel
from cnnplay.viewmodels.look import LookModel
from cnnplay.viewmodels.run import RunModel
from cnnplay.viewmodels.tasks import Tasks


class ConceptLink(QObject):
    """Follows the editor's selection, and computes what the page asks for in a thread."""

    def __init__(
        self, concept: ConceptModel, editor: EditorModel, run: RunModel, look: LookModel, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._concept, self._editor, self._run, self._look = concept, editor, run, look
        self._tasks = Tasks("concept", self)
        self._picture: object = None
        editor.changed.connect(self._follow)
        editor.selection_changed.connect(self._follow)
        run.weights_changed.connect(concept.refresh)
        look.prediction_changed.connect(self._input_changed)
        concept.data_wanted.connect(self._give)
        self._follow()

    def shutdown(self) -> None:
        self._tasks.finish()

    @Slot()
    def _follow(self) -> None:
        self._concept.show_node(self._editor.report, self._editor.current)

    @Slot()
    def _input_changed(self) -> None:
        """Another picture makes what was given out of date; the same one, looked at again, does not."""
        picture = self._look.pictures.picture
        if picture is not self._picture and self._look.input is not None:
            self._picture = picture
            self._concept.refresh()

    @Slot(object)
    def _give(self, node_id: str) -> None:
        if not self._tasks.idle:
            return  # it asks again with the next refresh; the newest selection is read below
        network, picture = self._editor.network, self._look.input
        weights = self._run.weights if self._run.trained_network is not None else None
        words = "its trained weights" if weights is not None else "freshly initialised: not trained yet"

        def done(data: LayerData) -> None:
            if self._editor.network is network:
                self._concept.set_layer_data(node_id, data.maps, data.kernel, data.bias, data.words)
            if self._concept.node is not None and self._concept.node.id != node_id:
                self._give(self._concept.node.id)

        def failed(error: Exception) -> None:
            self._concept.set_layer_data(node_id, None, None, None, f"made-up numbers: {error}")

        self._tasks.run(lambda: layer_data(network, node_id, picture, weights, words), done, failed)
