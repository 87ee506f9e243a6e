"""Threads that write files give way to those that people wait for."""

import os
import sys
import threading
from contextlib import suppress

NICE = 10


def give_way() -> None:
    """Has the calling thread compute, from now on, where no other thread or program wants to.

    A gigabyte of weights that is written keeps a core busy for a second; where the others train, the window
    would have to share what is left. On Linux alone a single thread can be so modest.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
