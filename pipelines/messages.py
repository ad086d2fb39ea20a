"""What the command line says, in Chinese or English.

Belongs here: the catalogue `messages.toml`.
Lives elsewhere: how a sentence is found (`warehouse/speech.py`), the words of the quality page
(`expectations/report.toml`) and of the steward's desk (`stewardship/desk/words.toml`).
"""

from __future__ import annotations

from warehouse.speech import Catalogue, Language, language

__all__ = ["Language", "language", "say"]

say = Catalogue("pipelines", "messages.toml")
"""One sentence of the catalogue: `say("status_done", "en")` is 'done'."""
