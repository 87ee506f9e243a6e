"""The mailbox: all messages from many threads, the latest value under each key, at most 30 polls a second."""

import threading

from pytestqt.qtbot import QtBot

from cnnplay.ui.kit.mailbox import PERIOD_MS, Mail, Mailbox, MailboxPoller


def test_no_message_of_any_thread_is_lost_and_each_thread_keeps_its_order() -> None:
    box = Mailbox()
    found: list[tuple[int, int]] = []

    def write(writer: int) -> None:
        for number in range(5_000):
            box.put((writer, number))

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        found += box.drain().messages
    for writer in writers:
        writer.join()
    found += box.drain().messages
    assert len(found) == 20_000
    for writer in range(4):
        assert [number for who, number in found if who == writer] == list(range(5_000))


def test_only_the_latest_value_under_each_key_is_kept() -> None:
    box = Mailbox()
    for number in range(10):
        box.post("maps", number)
        box.post("filters", -number)
    mail = box.drain()
    assert mail.latest == {"maps": 9, "filters": -9}
    assert not box.drain()


def test_the_poller_delivers_all_messages_since_the_last_poll_at_once(qtbot: QtBot) -> None:
    box, got = Mailbox(), list[Mail]()
    poller = MailboxPoller(box, got.append)
    for number in range(1_000):
        box.put(number)
    poller.start()
    qtbot.waitUntil(lambda: bool(got))
    assert [mail.messages for mail in got] == [tuple(range(1_000))]
    poller.stop()


def test_the_poller_delivers_before_it_stops_and_then_leaves_the_event_loop_alone(qtbot: QtBot) -> None:
    box, got = Mailbox(), list[Mail]()
    poller = MailboxPoller(box, got.append)
    assert not poller.active
    poller.start()
    box.put("last message")
    poller.stop()
    assert [mail.messages for mail in got] == [("last message",)]
    assert not poller.active
    assert PERIOD_MS >= 33
