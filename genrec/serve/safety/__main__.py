"""``python -m genrec.serve.safety NAME SCOPES``: a new key, as an entry of `GENREC_API_KEYS`. Nothing is kept of it."""

from __future__ import annotations

import sys

from genrec.errors import UserError
from genrec.serve.safety.keys import SCOPES, new_key, parse


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        sys.stderr.write(f"usage: python -m genrec.serve.safety NAME {'+'.join(SCOPES)}\n")
        return 2
    entry = f"{arguments[0]}:{arguments[1]}:{new_key()}"
    try:
        parse(entry)
    except UserError as error:
        sys.stderr.write(f"genrec: {error}\n")
        return 2
    sys.stdout.write(entry + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
