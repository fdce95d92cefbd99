"""The reference xiaozhi server's ``config.yaml`` as settings and an agent, with a report of the rest."""

from kaikou.settings.importing.reading import Imported, Note, convert, merged

__all__ = ["Imported", "Note", "convert", "merged"]
