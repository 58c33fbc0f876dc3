"""Bounds for location problems: what no choice of sites can beat.

This package stands alone: arrays in, arrays out. It reads no file, writes none, and
knows neither policies nor PuLP. Its page is ``docs/bounds.md``.
"""
