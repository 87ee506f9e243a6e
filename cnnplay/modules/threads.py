"""Computing beside a run without being in its way."""

import torch


def use_one_thread() -> None:
    """Has the calling thread compute by itself from now on.

    A thread that computes with others keeps them waiting for more. Once there are more such than cores,
    those of a run no longer spin at a barrier but sleep, and every layer waits until they wake: on two
    cores that costs a third of the speed (libgomp then spins 1,000 times in place of 300,000).
    """
    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)
