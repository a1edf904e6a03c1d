"""Fusers: several modalities' vectors become one vector an item. One file each."""

from genrec.embed.fuse.concat import WhitenedConcat

__all__ = ["WhitenedConcat"]
