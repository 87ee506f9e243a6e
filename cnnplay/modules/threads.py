"""Computing next to a training run without slowing it down."""

import torch


def use_one_thread() -> None:
    """Makes the calling thread compute with a single thread from now on.

    A thread that computes with others keeps its own pool of them waiting. If there are more such threads
    than cores, those of a run sleep at a barrier instead of spinning, and every layer waits until they wake:
    on two cores this costs a third of the speed (libgomp then spins 1,000 times instead of 300,000).
    """
    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)
