"""The page modules, in the order of the rail. A new module is added here and nowhere else."""

from titian.web.pages import (
    account,
    audiences,
    audit,
    banks,
    board,
    catalogue,
    home,
    indicators,
    runs,
    search,
    signin,
    system,
    tags,
    users,
)
from titian.web.room import Room

ROOMS: tuple[Room, ...] = (
    home.ROOM,
    board.ROOM,
    runs.ROOM,
    catalogue.ROOM,
    indicators.ROOM,
    tags.ROOM,
    audiences.ROOM,
    users.ROOM,
    banks.ROOM,
    audit.ROOM,
    account.ROOM,
    search.ROOM,
    signin.ROOM,
    system.ROOM,
)
