"""Items as vectors: one encoder per modality, and fusers that join modalities.

Every encoder answers with ``(vectors float32 (N, d), mask bool (N,))``, row order = item index. A row whose modality is
missing has mask False; its vector is zero and must never be read. Nothing here imports torch before it is needed.
"""

from genrec.embed.vectors import checked, load, read_own, save

__all__ = ["checked", "load", "read_own", "save"]
