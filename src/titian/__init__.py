"""Titian 梯田: one platform for a provincial union of rural banks."""

__version__ = "0.1.0"
