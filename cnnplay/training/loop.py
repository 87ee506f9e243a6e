"""The training loop.

For each epoch, for each batch: forward, loss, backward, step; then the network is evaluated on the validation
split. `_learn` is all of this. What surrounds it (plan, control, events, keeping good weights) is in
`run.py`.
"""

from collections.abc import Callable

from cnnplay.data.loading import LoadCancelled
from cnnplay.spec.events import Event
from cnnplay.training.control import Control, Interrupted
from cnnplay.training.job import Job, Observation, Reason, Result
from cnnplay.training.rng import preserved_torch_state
from cnnplay.training.run import Run

__all__ = ["train"]


def train(
    job: Job,
    sink: Callable[[Event], None],
    observer: Callable[[Observation], None] | None = None,
    control: Control | None = None,
) -> Result:
    """Trains in the calling thread until all epochs are done, `control` stops the run, or it fails.

    Every event goes to `sink`, in order. `observer` is called between batches and after every epoch; it
    should be quick. Errors are reported by a Failed event and in the result, never raised.
    """
    run = Run(job, sink, observer, control or Control())
    with preserved_torch_state():
        try:
            run.prepare()
            reason = _learn(run)
        except (Interrupted, LoadCancelled):
            reason = run.interrupt()
        except Exception as error:
            reason = run.fail(error)
        return run.finish(reason)


def _learn(run: Run) -> Reason:
    """The loop itself."""
    for epoch in run.epochs():
        for images, labels, _ in run.batches(epoch):
            if not run.steer():  # pause, single step, stop, changed settings
                return "stopped"
            with run.arithmetic:  # bfloat16 if the device benefits
                logits = run.model(images)  # forward: B × classes
                loss = run.loss(logits, labels)  # a single number, to be minimized
            run.note(loss, logits, labels)  # reports its value; ends the run if it is not finite
            loss.backward()  # the gradient of the loss with respect to every weight
            run.clip()  # limits the gradient norm as the settings say
            run.fused_step.step()  # every weight moves a little against its gradient
            run.fused_step.zero_grad()  # clears the gradients for the next batch
            run.after_step()
        if not run.after_epoch():
            return "early"
    return "done"
