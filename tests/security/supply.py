"""What we are made of: every pin hashed, every licence allowed, no secret in any file.

    python -m tests.security.supply [FOLDER]

Prints one line for each thing that is wrong, and ends with 1 if there is one. Quick: it is a
part of `make check`. Known weaknesses of packages are looked up elsewhere: that takes a network.
"""

import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parents[2]

ALLOWED = frozenset(
    [
        "MIT",
        "MIT-0",
        "MIT-CMU",
        "BSD",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "0BSD",
        "ISC",
        "Apache-2.0",
        "PSF-2.0",
        "Zlib",
        "CC0-1.0",
    ]
)
"""SPDX identifiers that an MIT service may stand on without a further thought."""

WORDS = {
    "MIT License": "MIT",
    "BSD License": "BSD",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
}
"""What packages write where they have no SPDX expression."""

EXCEPTIONS = {
    "pi-heif": "GNU Lesser General Public License v3 (LGPLv3)",  # libheif, a library of its own
}
"""Thought about one by one: a library under the LGPL may be used, and replaced, as it lies."""

_PIN = re.compile(
    r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)((?: ; [^\\\n]+)?(?: \\\n +--hash=sha256:[0-9a-f]{64})+)\n",
    re.MULTILINE,
)
_SPDX = re.compile(r"[A-Za-z0-9.-]+")

SECRETS = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "a token of ours": re.compile(r"\bbct_[0-9a-f]{32}_[0-9A-Za-z]{40,}"),
    "a cloud key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a code host's token": re.compile(r"\b(?:gh[pousr]_[0-9A-Za-z]{36}|glpat-[\w-]{20})"),
    "a registry's token": re.compile(r"\b(?:pypi-AgEI|npm_)[\w-]{30,}"),
    "a chat's or a shop's token": re.compile(r"\b(?:xox[abprs]-[\w-]{10,}|[rs]k_live_\w{20,})"),
    "a signed token": re.compile(r"\beyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{20,}"),
}
_NAMED = re.compile(
    r"""(?i)(?:passw(?:or)?d|secret|token|api_?key|kek)\w*["']?\s*[:=]\s*["']([^"'\s]{16,})["']"""
)
_ENOUGH_BITS = 3.7
"""Shannon's, per letter: words and identifiers have less, random letters more."""


def main(root: Path = ROOT) -> int:
    faults = [*unpinned(root), *licence_faults(root), *secrets_in(tracked(root))]
    for fault in faults:
        print(fault)
    return bool(faults)


def pins(path: Path) -> dict[str, str]:
    """Name to version of what a lock pins with at least one hash."""
    return pinned_in(path.read_text())


def pinned_in(lock: str) -> dict[str, str]:
    return {match[1]: match[2] for match in _PIN.finditer(lock)}


def unpinned(root: Path = ROOT) -> Iterator[str]:
    for path in sorted(root.glob("requirements*.txt")):
        wanted = re.findall(r"^[A-Za-z0-9].*", path.read_text(), re.MULTILINE)
        hashed = len(_PIN.findall(path.read_text()))
        if not hashed or hashed != len(wanted):
            yield f"{path.name}: {len(wanted)} requirements, {hashed} of them pinned by hash"


def licence_faults(root: Path = ROOT) -> Iterator[str]:
    for name in pins(root / "requirements.txt"):
        try:
            found = distribution(name)
        except PackageNotFoundError:  # for another system
            continue
        refused = licences(found) - ALLOWED
        if refused and refused != {EXCEPTIONS.get(name)}:
            yield f"{name}: {', '.join(sorted(refused))} is not on the list of licences"


def licences(package: Distribution) -> set[str]:
    """What a package says of itself: SPDX identifiers, where its words have one."""
    metadata = package.metadata.json
    if expression := metadata.get("license_expression"):
        words = _SPDX.findall(str(expression))
        return {word for word in words if word not in ("AND", "OR", "WITH")}
    classified = [
        str(line).rpartition(" :: ")[2]
        for line in package.metadata.get_all("Classifier") or []
        if str(line).startswith("License")
    ]
    text = str(metadata.get("license", "")).strip()
    stated = classified or ([text] if text else ["nothing"])
    return {WORDS.get(words, words) for words in stated}


def tracked(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Name and text of every file that is committed, but for the locks: they are hashes."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True
    )
    for name in listed.stdout.split("\0"):
        if name and not name.startswith("requirements") and (root / name).is_file():
            yield name, (root / name).read_text(errors="replace")


def secrets_in(files: Iterator[tuple[str, str]]) -> Iterator[str]:
    """Name the place and the kind, never the secret."""
    for name, text in files:
        for number, line in enumerate(text.splitlines(), start=1):
            for kind in kinds_of_secret(line):
                yield f"{name}:{number}: {kind}"


def kinds_of_secret(line: str) -> Iterator[str]:
    for kind, pattern in SECRETS.items():
        if pattern.search(line):
            yield kind
    for match in _NAMED.finditer(line):
        if bits(match[1]) > _ENOUGH_BITS and not re.fullmatch(r"[a-z_./:{}-]+", match[1]):
            yield "something random with a secret's name"


def bits(text: str) -> float:
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)


if __name__ == "__main__":
    sys.exit(main(*(Path(folder) for folder in sys.argv[1:])))
