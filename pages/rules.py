"""Rules: what counts as a duplicate, and what each threshold costs."""

from pages._ui.components import frame, rules_bench, sidebar
from pages._ui.text import _

sidebar.enter()
frame.title(
    _("Rules"),
    _("Decide from which match probability records are merged. Every figure follows at once; your CRM stays as it is."),
)
entity = sidebar.entity()
if entity:
    rules_bench.draw(entity)
