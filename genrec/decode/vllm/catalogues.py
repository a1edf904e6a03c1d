"""The versions of the catalogue that a vLLM engine answers with: calls keep theirs while the next one comes."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from torch import Tensor

from genrec.data.catalog import Catalog
from genrec.decode.bitmaps import RankBitmap
from genrec.decode.trie import Trie
from genrec.decode.vllm.lines import Line
from genrec.decode.vllm.wire import Teller, pack, unpack
from genrec.errors import UserError


class Catalogue:
    """One version. tokens: per level int64, the token of every code. available: the ranks that anybody may get, None
    for all. number: the workers' for it, 0 where they do not have it. asked: calls that use it."""

    def __init__(self, trie: Trie, tokens: list[Tensor], available: RankBitmap | None = None) -> None:
        self.trie, self.tokens, self.available = trie, tokens, available
        self.teller, self.asked, self.number = Teller(), 0, 0


class Catalogues:
    """The current version, and those before that are still in use. Safe to use from several threads."""

    def __init__(self, line: Line, trie: Trie, tokens: list[Tensor]) -> None:
        self.line, self.shared = line, False
        self.current = Catalogue(trie, tokens)
        self._lock, self._swaps = threading.RLock(), 0

    def share(self) -> None:
        """From now on the workers have the versions too."""
        with self._lock:
            self.shared = True
            self._tell(self.current)

    def keep(self) -> None:
        """They need none any more."""
        with self._lock:
            if self.current.number:
                self.line.call("genrec_forget", self.current.number)
            self.shared, self.current.number = False, 0

    def swap(self, trie: Trie, available: RankBitmap | None, catalog: Catalog | None) -> None:
        """See `VllmEngine.swap`."""
        if trie.codebook_sizes != self.current.trie.codebook_sizes:
            raise UserError(
                f"the new catalogue's semantic IDs have codebook sizes {trie.codebook_sizes}, the model was made for "
                f"{self.current.trie.codebook_sizes}: give IDs of the same tokenizer"
            )
        with self._lock:
            fresh = Catalogue(trie, self.current.tokens, available)
            if self.shared:
                self._tell(fresh)
            try:
                self._stock(fresh, catalog)
            except Exception as error:
                with suppress(Exception):  # what failed may fail here too
                    self._forget(fresh)
                if catalog is not None or isinstance(error, OSError | UserError):
                    raise
                raise UserError(
                    f"chat cannot name the items of this catalogue: {error}; give swap its table"
                ) from error
            former, self.current = self.current, fresh
            self._forget(former)

    @contextmanager
    def snapshot(self, now: Catalogue | None = None) -> Iterator[Catalogue]:
        """The version of one call, kept until it is done: the current one, or one that somebody keeps already."""
        with self._lock:
            now = now or self.current
            now.asked += 1
        try:
            yield now
        finally:
            with self._lock:
                now.asked -= 1
                self._forget(now)

    def _forget(self, catalogue: Catalogue) -> None:
        if catalogue is not self.current and not catalogue.asked and catalogue.number:
            self.line.call("genrec_forget", catalogue.number)

    def _stock(self, catalogue: Catalogue, table: Catalog | None) -> None:
        """Exchange what chat may name, where the workers know any catalogue."""
        self._swaps += 1
        with tempfile.TemporaryDirectory() as folder:
            files = {"trie": Path(folder) / "trie.safetensors", "catalog": Path(folder) / "catalog.parquet"}
            catalogue.trie.save(files["trie"])
            if table is not None:
                table.write(files["catalog"])
            words = None if catalogue.available is None else catalogue.available.words.tobytes()
            self.line.call(
                "swap_stock", self._swaps, words, str(files["trie"]), None if table is None else str(files["catalog"])
            )

    def _tell(self, catalogue: Catalogue) -> None:
        """Give the workers a version. They map the trie's file; its name may go once they have."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "trie.safetensors"
            catalogue.trie.save(path)
            tokens = {f"tokens.{level}": ids for level, ids in enumerate(catalogue.tokens)}
            reply, _ = unpack(self.line.call("genrec_catalogue", pack({"trie": str(path)}, tokens))[0])
        catalogue.number = reply["version"]
