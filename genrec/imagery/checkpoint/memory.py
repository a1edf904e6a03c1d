"""When memory does not suffice: half as many at once, down to one, and then a word on what would fit."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from typing import TypeVar

from genrec import progress
from genrec.errors import UserError

Item = TypeVar("Item")
Result = TypeVar("Result")


def exhausted(error: BaseException) -> bool:
    """Whether the error says that memory ran out: Python's own, torch's on a GPU, torch's on a CPU."""
    if isinstance(error, MemoryError):
        return True
    import torch

    if isinstance(error, torch.OutOfMemoryError):
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and any(
        words in said for words in ("out of memory", "can't allocate memory", "not enough memory", "bad_alloc")
    )


def release() -> None:
    """Give back what nobody refers to any more."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def in_batches(
    items: Sequence[Item],
    size: int,
    work: Callable[[Sequence[Item]], list[Result]],
    *,
    advice: str,
) -> tuple[list[Result], int]:
    """The results of all items, in order, and the batch size that memory sufficed for.

    work: some items to as many results. advice: what to do where memory does not suffice for one; UserError says it.
    """
    done: list[Result] = []
    while len(done) < len(items):
        some = items[len(done) : len(done) + size]
        try:
            done += work(some)
            continue
        except (MemoryError, RuntimeError) as error:
            if not exhausted(error):
                raise
            why = str(error).splitlines()[0] if str(error) else "out of memory"
        # Outside of the handler: the error's traceback holds the very tensors that are in the way.
        release()
        if len(some) == 1:
            raise UserError(f"memory does not suffice for one picture ({why}): {advice}")
        size = len(some) // 2
        progress.say(f"Memory does not suffice for {len(some)} pictures at once: {size} from here on")
    return done, size
