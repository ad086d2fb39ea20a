"""What is said of a decision that cannot be taken, by the command and by the desk alike.

Belongs here: the catalogue `sentences.toml`.
Lives elsewhere: the words of the desk's pages (`desk/words.toml`), those of the command line (`pipelines/messages.toml`).
"""

from __future__ import annotations

from warehouse.speech import Catalogue

say = Catalogue("stewardship", "sentences.toml")
