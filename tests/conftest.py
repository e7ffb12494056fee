"""How property tests run: no limit on the time of one example, which on a busy machine says nothing about the code."""

from hypothesis import settings

settings.register_profile("winnow", deadline=None)
settings.load_profile("winnow")
