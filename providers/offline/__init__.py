"""The offline demo: a provider without a model. It works by rules on the text it is given, and says so.

It lets the product run without a key. It never invents facts: what it cannot do by rule, it declines in plain words.
"""

from providers.offline.provider import OfflineProvider, words_per_second

__all__ = ["OfflineProvider", "words_per_second"]
