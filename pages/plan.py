"""."""

from pages._ui.components import frame

frame.title("x", "y")
