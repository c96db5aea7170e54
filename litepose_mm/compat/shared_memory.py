"""Report that the workers of a data loader have too little shared memory."""

import os
import traceback
from contextlib import contextmanager
from multiprocessing import synchronize

from ..errors import LitePoseError


@contextmanager
def report_shared_memory():
    """Raise an error of one line if the workers of a data loader have too little shared memory.

    Cause: a worker drops a batch that it cannot send, and DataLoader waits for it forever.
    Containers often have no ``/dev/shm``, or one of 64 MB. Retires: when DataLoader raises then.

    Raises:
        LitePoseError: There is too little shared memory.
    """
    from multiprocessing import queues

    from torch.utils.data import dataloader, get_worker_info

    drop = queues.Queue._on_queue_feeder_error

    def end(error: Exception, item: object) -> None:
        if get_worker_info() is None:
            drop(error, item)
        else:
            os._exit(1)  # DataLoader detects that a worker has ended

    queues.Queue._on_queue_feeder_error = staticmethod(end)
    try:
        yield
    except (OSError, RuntimeError) as error:
        if not _is_about_shared_memory(error):
            raise
        # Otherwise, the iterator raises another error when it is destroyed.
        dataloader._MultiProcessingDataLoaderIter._shutdown = True
        raise LitePoseError(
            'the workers that load data have too little shared memory (/dev/shm); provide more '
            '(docker run --shm-size 8g), or set num_workers=0 and persistent_workers=False in the '
            'data loader'
        ) from error
    finally:
        queues.Queue._on_queue_feeder_error = staticmethod(drop)


def _is_about_shared_memory(error: Exception) -> bool:
    text = str(error)
    if isinstance(error, OSError):  # raised for a lock, which needs shared memory
        frames = traceback.extract_tb(error.__traceback__)
        return any(frame.filename == synchronize.__file__ for frame in frames)
    return 'shared memory' in text or ('DataLoader worker' in text and 'exited unexpe' in text)
