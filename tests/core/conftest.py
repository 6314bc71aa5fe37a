"""How the property tests of the core run: without a clock's opinion and without a folder of old examples."""

from hypothesis import settings

settings.register_profile("core", database=None, deadline=None, print_blob=True)
settings.load_profile("core")
