"""The catalogue in vLLM's worker processes: found when the engine starts, exchanged while it runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genrec.data.catalog import Catalog
from genrec.decode import stock
from genrec.decode.bitmaps import RankBitmap
from genrec.decode.stock import Stock
from genrec.decode.trie import Trie
from genrec.model.lm import ABOUT

if TYPE_CHECKING:
    from vllm import SamplingParams
    from vllm.config import VllmConfig

NAME = "genrec.decode.vllm.logits:CatalogueMask"
"""The mask, for `LLM(logits_processors=[NAME])` and `vllm serve --logits-processors`."""
VARIABLE = "GENREC_CATALOGUE"


class StockExtension:
    """For `worker_extension_cls`: `llm.collective_rpc("swap_stock", kwargs={…})` exchanges what may be named."""

    def swap_stock(
        self, version: int, available: bytes | None = None, trie: str | None = None, catalog: str | None = None
    ) -> bool:
        """See `Stock.changed`. From the next step on it holds for requests in flight too.

        available: the words of a `RankBitmap`, as bytes. trie, catalog: files that `Trie.save` and `Catalog.write`
        wrote; they are read before this returns. False where the engine has no catalogue, and so masks nothing.
        """
        now = stock.current()
        if now is None:
            return False
        tree = now.trie if trie is None else Trie.load(Path(trie))
        ranks = None if available is None else RankBitmap(np.frombuffer(available, np.uint32).copy(), len(tree))
        table = None if catalog is None else Catalog.read(Path(catalog))
        stock.put(now.changed(available=ranks, trie=tree, catalog=table, version=version))
        return True


def adopt(config: VllmConfig) -> Stock | None:
    """Make the model's catalogue that of this process, unless it is; None where the model has none.

    The workspace is the one named by `additional_config={"genrec": {"catalogue": folder}}`, else by the environment
    variable GENREC_CATALOGUE, else the one that the model lies in as `<workspace>/lm…/model`. UserError where it does
    not fit the model.
    """
    model = Path(config.model_config.model)
    now = stock.current()
    if now is not None and now.model in ("", str(model)):
        return now
    extra = config.additional_config
    named = (extra.get("genrec", {}) if isinstance(extra, dict) else {}).get("catalogue") or os.environ.get(VARIABLE)
    home = model.resolve().parents[1] if len(model.resolve().parents) > 1 else model
    if named is None and not ((model.resolve().parent / ABOUT).is_file() and (home / "sid").is_dir()):
        stock.put(None)
        return None
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(config.model_config.tokenizer)
    stock.put(stock.load(Path(named) if named else home, tokenizer, model))
    return stock.current()


def stop_of(params: SamplingParams, config: VllmConfig) -> int:
    """The token that ends an answer: the one vLLM stops at, else what the model's configuration has, else 0."""
    known = params.eos_token_id, *sorted(params.all_stop_token_ids), config.model_config.hf_config.eos_token_id
    found = next((token for token in known if token is not None), 0)
    return found if isinstance(found, int) else found[0]
