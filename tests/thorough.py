"""How much is tried of what is alike: one of each kind, or with `TRIALS=long`, as `make test-long`
has it, all.
"""

import os
import random

LONG = os.environ.get("TRIALS") == "long"


def cases(everything, kind, of: str = "") -> list:
    """One of each `kind(case)`, and none of kind None; with TRIALS=long all of them.

    The one is the first. Where the same is asked `of` many things, it goes by the name of the
    thing: always the same for it, and others for others.
    """
    everything = list(everything)
    return everything if LONG else one_of_each(everything, kind, of)


def one_of_each(everything: list, kind, of: str) -> list:
    places = range(len(everything))
    chosen = {}
    for place in random.Random(of).sample(places, len(places)) if of else places:
        chosen.setdefault(kind(everything[place]), place)
    chosen.pop(None, None)
    return [everything[place] for place in sorted(chosen.values())]
