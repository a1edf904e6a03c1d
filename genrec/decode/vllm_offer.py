"""The catalogue in vLLM's worker processes: found when the engine starts, exchanged while it runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genrec.data.catalog import Catalog
from genrec.decode import offer
from genrec.decode.bitmaps import RankBitmap
from genrec.decode.offer import Offer
from genrec.decode.trie import Trie
from genrec.errors import UserError

if TYPE_CHECKING:
    from vllm import SamplingParams
    from vllm.config import VllmConfig

VARIABLE = "GENREC_CATALOGUE"


class OfferExtension:
    """For `worker_extension_cls`: `llm.collective_rpc("swap_offer", kwargs={…})` exchanges what may be named."""

    def swap_offer(
        self, version: int, available: bytes | None = None, trie: str | None = None, catalog: str | None = None
    ) -> int:
        """See `Offer.changed`. From the next step on it holds for requests in flight too. Returns the version.

        available: the words of a `RankBitmap`, as bytes. trie, catalog: files that `Trie.save` and `Catalog.write`
        wrote; they are read before this returns.
        """
        now = offer.current()
        if now is None:
            raise UserError("this engine was started without a catalogue: there is nothing to exchange")
        tree = now.trie if trie is None else Trie.load(Path(trie))
        ranks = None if available is None else RankBitmap(np.frombuffer(available, np.uint32).copy(), len(tree))
        table = None if catalog is None else Catalog.read(Path(catalog))
        offer.put(now.changed(available=ranks, trie=tree, catalog=table, version=version))
        return version


def adopt(config: VllmConfig) -> Offer | None:
    """Make the model's catalogue that of this process, unless it has one; None where the model has none.

    The workspace is the one named by `additional_config={"genrec": {"catalogue": folder}}`, else by the environment
    variable GENREC_CATALOGUE, else the one that the model's folder lies in. UserError where it does not fit the model.
    """
    if offer.current() is None:
        model = Path(config.model_config.model)
        extra = config.additional_config
        own = extra.get("genrec", {}) if isinstance(extra, dict) else {}
        named = own.get("catalogue") or os.environ.get(VARIABLE)
        lm = model.resolve().parent if (model.resolve().parent / "lm.json").is_file() else None
        workspace = Path(named) if named else None if lm is None else lm.parent
        if workspace is not None and (named or (workspace / "sid" / "sids.safetensors").is_file()):
            from transformers import AutoTokenizer

            offer.put(offer.load(workspace, AutoTokenizer.from_pretrained(config.model_config.tokenizer), lm))
    return offer.current()


def stop_of(params: SamplingParams, config: VllmConfig) -> int:
    """The token that ends an answer: the one vLLM stops at, else what the model's configuration has, else 0."""
    known = params.eos_token_id, *sorted(params.all_stop_token_ids), config.model_config.hf_config.eos_token_id
    found = next((token for token in known if token is not None), 0)
    return found if isinstance(found, int) else found[0]
