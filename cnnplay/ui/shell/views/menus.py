"""The menu bar: every command, with its shortcut."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from cnnplay.ui.kit.views.theme import theme
from cnnplay.ui.shell.views.header import WORKSPACES, keys_of
from cnnplay.ui.train.final_test import final_test_disabled_reason

if TYPE_CHECKING:
    from cnnplay.ui.shell.views.main_window import MainWindow

_STANDARD = QKeySequence.StandardKey
EXPORT_HINT = "Export weights, ONNX, Python code or the training history"
LOAD_HINT = "Load a safetensors or state-dict file into this network"
FIT_HINT = "Change the network or resize the images so that they match; each choice shows its estimate"
RATE_KEYS = "Ctrl+Shift+L"
TEST_HINT = "Evaluate the trained weights on the held-out test split: once, at the end"
RATE_HINT = "Increase the learning rate batch by batch on a copy, and see where the loss falls most steeply"
SEARCH_KEYS = "Ctrl+Shift+F"
SEARCH_HINT = "Try settings and layer fields within ranges, trial by trial, and take over the best"
BROWSE_HINT = "Images by class, counts for each split, mean images"
Keys = QKeySequence.StandardKey | str | None


class Menus:
    """Creates the window's actions and menus; `groups` lists them for the shortcuts dialog."""

    def __init__(self, window: "MainWindow") -> None:
        self._window = window
        self.bar: QMenuBar = window.menuBar()
        self.recent = QMenu("Open &recent", window)
        self.recent.setToolTipsVisible(True)
        self.recent.aboutToShow.connect(self._fill_recent)
        self.groups: list[tuple[str, list[QAction]]] = []
        self._file()
        self._edit()
        self._train()
        self._view()
        self._help()

    def action(self, text: str, run: Callable[[], object], keys: Keys = None, hint: str = "") -> QAction:
        action = QAction(text, self._window)
        if keys is not None:
            action.setShortcuts(QKeySequence(keys) if isinstance(keys, str) else keys)  # type: ignore[arg-type]
        if hint:
            action.setToolTip(hint)
        action.triggered.connect(lambda _checked=False: run())
        return action

    def _menu(self, title: str, entries: Iterable[QAction | QMenu | None]) -> QMenu:
        menu = self.bar.addMenu(title)
        menu.setToolTipsVisible(True)
        actions: list[QAction] = []
        for entry in entries:
            if entry is None:
                menu.addSeparator()
            elif isinstance(entry, QMenu):
                menu.addMenu(entry)
            else:
                menu.addAction(entry)
                actions.append(entry)
        self.groups.append((title.replace("&", ""), actions))
        return menu

    def _file(self) -> None:
        window, act = self._window, self.action
        self.export = act("&Export…", window.files.export, "Ctrl+E", EXPORT_HINT)
        self.load_weights = act("Load &weights…", window.files.load_weights, None, LOAD_HINT)
        self._menu(
            "&File",
            (
                act("&New", window.files.new, _STANDARD.New, "LeNet-5 on the digits, as at the first start"),
                act(
                    "New, &empty",
                    window.files.new_empty,
                    "Ctrl+Shift+N",
                    "An empty stack for the current data set",
                ),
                act("&Open…", window.files.open, _STANDARD.Open, "Open a .cnnplay project"),
                self.recent,
                None,
                act("&Save", window.files.save, _STANDARD.Save),
                act("Save &as…", window.files.save_as, "Ctrl+Shift+S"),
                None,
                self.export,
                self.load_weights,
                act("Open &image…", window.files.open_image, None, "See what the network predicts for it"),
                None,
                act("&Quit", window.close, "Ctrl+Q"),
            ),
        )
        # Shortcuts work while the menu is closed, so refreshing when it opens would not be enough.
        session = window.session
        for signal in (
            session.editor.changed,
            session.run.weights_changed,
            session.run.state_changed,
            session.data.changed,
        ):
            signal.connect(self._refresh_file)
        self._refresh_file()

    def _edit(self) -> None:
        by_name, session = self._window.stack_actions.by_name, self._window.session
        self.fit_network = self.action("&Fit network to data…", session.fit_offer.ask, None, FIT_HINT)
        self._window.build.properties.add_input_action(self.fit_network)
        names = (
            *("undo", "redo", None, "cut", "copy", "paste", "duplicate", "delete", "select_all", None),
            *("insert", "move_up", "move_down", "wrap", "unwrap", "add_branch", "remove_branch", "add_head"),
            *(None, "collapse", "collapse_all", "expand_all"),
        )
        entries = [by_name[name] if name else None for name in names]
        self._menu("&Edit", (*entries, None, self.fit_network))
        for signal in (session.editor.changed, session.data.changed):
            signal.connect(self._refresh_fit)
        self._refresh_fit()

    def _train(self) -> None:
        self.search = self.action("Search &hyperparameters…", self._window.search, SEARCH_KEYS, SEARCH_HINT)
        self.find_rate = self.action("Find &learning rate…", self._window.find_learning_rate, RATE_KEYS)
        self.final_test = self.action("&Final test…", self._window.final_test, None, TEST_HINT)
        more = (self.find_rate, self.search, None, self.final_test)
        self._menu("&Train", (*self._window.controls.run_actions, None, *more))
        run = self._window.session.run
        for signal in (run.weights_changed, run.state_changed, self._window.session.data.changed):
            signal.connect(self._refresh_test)
        self._refresh_test()
        run.readiness_changed.connect(self._refresh_rate)
        self._refresh_rate()

    def _view(self) -> None:
        window, act = self._window, self.action
        workspaces = [
            act(title, _showing(window, key), keys_of(key), hint) for key, title, hint in WORKSPACES
        ]
        looks = QMenu("&Theme", window)
        group = QActionGroup(window)
        for choice, title in (("system", "System"), ("light", "Light"), ("dark", "Dark")):
            action = act(title, _choosing(window, choice))
            action.setCheckable(True)
            action.setChecked(theme().choice == choice)
            group.addAction(action)
            looks.addAction(action)
        self.full_screen = act("&Full screen", window.toggle_full_screen, "F11")
        self._menu(
            "&View",
            (
                *workspaces,
                None,
                act("Browse &data set…", window.browse_data, "Ctrl+Shift+D", BROWSE_HINT),
                None,
                looks,
                act("Zoom &in", window.larger_text, "Ctrl++", "Larger text, for a lecture hall"),
                act("Zoom &out", window.smaller_text, "Ctrl+-", "Smaller text"),
                act("Reset &zoom", window.reset_zoom, "Ctrl+0"),
                None,
                self.full_screen,
                act("&Reset layout", window.reset_layout, None, "Arrange all panels as at the first start"),
            ),
        )

    def _help(self) -> None:
        window, act = self._window, self.action
        self._menu(
            "&Help",
            (
                act("&Keyboard shortcuts", window.show_shortcuts, "F1", "List all keyboard shortcuts"),
                act("&About CNN Playground", window.show_about),
            ),
        )

    def _fill_recent(self) -> None:
        self.recent.clear()
        paths = self._window.session.preferences.recent()
        if not paths:
            empty = self.recent.addAction("No recent projects")
            empty.setEnabled(False)
        for path in paths:
            action = self.recent.addAction(path.name)
            action.setToolTip(str(path))
            action.triggered.connect(lambda _checked=False, chosen=path: self._window.files.open_path(chosen))

    def _refresh_file(self) -> None:
        reason = self._window.session.importing.disabled_reason()
        self.load_weights.setEnabled(not reason)
        self.load_weights.setToolTip(f"{LOAD_HINT}\nUnavailable: {reason}." if reason else LOAD_HINT)
        problems = not self._window.session.editor.report.valid and self._window.session.run.trained is None
        self.export.setEnabled(not problems)
        self.export.setToolTip(
            f"{EXPORT_HINT}\nUnavailable: fix the network's problems first." if problems else EXPORT_HINT
        )

    def _refresh_rate(self) -> None:
        reason = self._window.session.run.disabled_reason("from_scratch")
        self.find_rate.setEnabled(not reason)
        self.find_rate.setToolTip(f"{RATE_HINT}\nUnavailable: {reason}." if reason else RATE_HINT)

    def _refresh_test(self) -> None:
        reason = final_test_disabled_reason(self._window.session.run, self._window.session.data)
        self.final_test.setEnabled(not reason)
        self.final_test.setToolTip(f"{TEST_HINT}\nUnavailable: {reason}." if reason else TEST_HINT)

    def _refresh_fit(self) -> None:
        reason = self._window.session.fit_offer.disabled_reason()
        self.fit_network.setEnabled(not reason)
        self.fit_network.setToolTip(f"{FIT_HINT}\nUnavailable: {reason}." if reason else FIT_HINT)


def _showing(window: "MainWindow", key: str) -> Callable[[], None]:
    return lambda: window.show_workspace(key)


def _choosing(window: "MainWindow", choice: str) -> Callable[[], None]:
    return lambda: window.set_theme(choice)
