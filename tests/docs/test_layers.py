"""The picture of the layers shows the imports that there are."""

import importlib.util

from support import ROOT


def test_the_picture_of_the_layers_is_drawn_from_todays_imports():
    spec = importlib.util.spec_from_file_location("layers", ROOT / "docs/layers.py")
    layers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(layers)
    assert layers.PICTURE.read_text() == layers.draw(), "run .venv/bin/python docs/layers.py"
