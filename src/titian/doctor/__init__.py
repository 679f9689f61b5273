"""`titian doctor`: look at everything a start needs and say in plain words what is wrong."""

from titian.doctor.command import command

__all__ = ["command"]
