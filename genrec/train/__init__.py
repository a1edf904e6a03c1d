"""Losses and recipes of every model that learns; the loop itself is `genrec.loop`."""
