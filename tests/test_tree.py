"""The Merkle tree of RFC 9162, by the vectors of the reference implementation of Certificate
Transparency (its merkle_tree_test).
"""

from hashlib import sha256

import pytest

from proposals.history.ledger import Growing, Tree, leaf_hash, node_hash

ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
ENTRIES += ["606162636465666768696a6b6c6d6e6f"]
LEAVES = [leaf_hash(bytes.fromhex(entry)) for entry in ENTRIES]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
FIRST = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
PAIR = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
HALF = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
FIFTH = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
# (number from 0, size): proof
INCLUSIONS = {
    (0, 1): [],
    (0, 8): [FIRST, PAIR, HALF],
    (5, 8): [
        FIFTH,
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", PAIR, FIFTH],
}
# (older size, size): proof
CONSISTENCIES = {
    (1, 1): [],
    (1, 8): [FIRST, PAIR, HALF],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [PAIR, FIFTH],
}


def hashes_of(leaves):
    """As a ledger keeps them: each eighth level."""
    levels = {0: leaves}
    for level in (8, 16):
        below = levels[level - 8]
        levels[level] = [
            root_by_definition(below[place : place + 256])
            for place in range(0, len(below) // 256 * 256, 256)
        ]
    return lambda level, begin, end: levels[level][begin:end]


def root_by_definition(hashes):
    """Section 2.1.1 word for word."""
    if not hashes:
        return sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(root_by_definition(hashes[:split]), root_by_definition(hashes[split:]))


def tree(size):
    return Tree(size, hashes_of(LEAVES))


@pytest.mark.parametrize("size", range(9))
def test_the_roots(size):
    growing = Growing()
    for leaf in LEAVES[:size]:
        growing.add(leaf)
    assert tree(size).root().hex() == growing.root().hex() == ROOTS[size]


@pytest.mark.parametrize("number_and_size", INCLUSIONS)
def test_the_proofs_of_inclusion(number_and_size):
    number, size = number_and_size
    assert [h.hex() for h in tree(size).inclusion(number)] == INCLUSIONS[number_and_size]


@pytest.mark.parametrize("sizes", CONSISTENCIES)
def test_the_proofs_of_consistency(sizes):
    older, size = sizes
    assert [h.hex() for h in tree(size).consistency(older)] == CONSISTENCIES[sizes]


@pytest.mark.parametrize("size", [255, 256, 257, 511, 512, 700, 65_535, 65_536, 66_049])
def test_a_large_tree_is_the_same_by_what_is_kept_of_it(size):
    leaves = [leaf_hash(str(number).encode()) for number in range(size)]
    large, growing, closed = Tree(size, hashes_of(leaves)), Growing(), []
    for leaf in leaves:
        closed += growing.add(leaf)
    assert large.root() == growing.root() == root_by_definition(leaves)
    assert all([hashed] == large.kept(level, place, place + 1) for level, place, hashed in closed)
    assert len(closed) == size // 256 + size // 65_536
    resumed = Growing.from_tree(large)
    assert [resumed.add(leaf) for leaf in LEAVES] == [growing.add(leaf) for leaf in LEAVES]
    assert resumed.root() == growing.root()
