"""Loading pretrained encoders: quietly, and with errors a user can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from genrec.errors import UserError


@contextmanager
def loading(kind: str, model: str) -> Iterator[None]:
    """Without transformers' own bars; whatever the hub, the folder or its files lack becomes a UserError."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise UserError(
            f"{kind} encoder {model!r} cannot be loaded ({(str(error) or repr(error)).splitlines()[0]}): "
            "give a hub id that this machine can reach, or a local folder in Hugging Face's layout"
        ) from error
    finally:
        if shown:
            logging.enable_progress_bar()
