"""The names of the known layouts, each that of its file; the command line offers them before any is loaded."""

from __future__ import annotations

NAMES = ("uci", "toa5", "campbell", "pvgis", "hobo", "cams", "lvm", "arff", "epw", "usgs", "dwd")
NAMES += ("weatherlink", "surfrad", "srml", "lascar")
