"""The main job end to end: a synthetic province, its feeds, its day, its pages.

`titian demo` builds everything once in the home folder, prints an account for each role and
serves; a second start finds it built. `titian demo --check` builds, visits every page as every
role and prints one JSON summary. It may use every room; nothing imports it.
"""

from titian.demo.command import command

__all__ = ["command"]
