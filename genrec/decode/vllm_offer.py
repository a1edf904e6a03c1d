"""The catalogue in vLLM's worker processes: found when the engine starts, exchanged while it runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genrec.decode import offer
from genrec.decode.offer import Offer
from genrec.errors import UserError

if TYPE_CHECKING:
    from vllm import SamplingParams
    from vllm.config import VllmConfig

VARIABLE = "GENREC_CATALOGUE"


class OfferExtension:
    """For `worker_extension_cls`: `llm.collective_rpc("swap_offer", kwargs={…})` exchanges what may be named."""

    def swap_offer(
        self,
        version: int | None = None,
        codes: np.ndarray | None = None,
        available: np.ndarray | None = None,
        table: bytes | None = None,
    ) -> int:
        """See `Offer.changed`. From the next step on it holds for requests in flight too. Returns the version."""
        now = offer.current()
        if now is None:
            raise UserError("this engine was started without a catalogue: there is nothing to exchange")
        after = now.changed(version=version, codes=codes, available=available, table=table)
        offer.put(after)
        return after.version


def adopt(config: VllmConfig) -> Offer | None:
    """Make the model's catalogue this process's, unless it has one; None where the model has none.

    The workspace is the one named by `additional_config={"genrec": {"catalogue": folder}}`, else by the environment
    variable GENREC_CATALOGUE, else the one that the model's folder lies in. UserError where it does not fit the model.
    """
    if offer.current() is None:
        model = Path(config.model_config.model)
        extra = config.additional_config
        own = extra.get("genrec", {}) if isinstance(extra, dict) else {}
        named = own.get("catalogue") or os.environ.get(VARIABLE)
        found = (Path(named), None) if named else offer.workspace_of(model)
        if found is not None:
            from transformers import AutoTokenizer

            offer.put(offer.load(found[0], AutoTokenizer.from_pretrained(config.model_config.tokenizer), found[1]))
    return offer.current()


def stop_of(params: SamplingParams, config: VllmConfig) -> int:
    """The token that ends an answer: the one vLLM stops at, else what the model's configuration has, else 0."""
    known = params.eos_token_id, *sorted(params.all_stop_token_ids), config.model_config.hf_config.eos_token_id
    found = next((token for token in known if token is not None), 0)
    return found if isinstance(found, int) else found[0]
