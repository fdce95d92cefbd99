"""Reminders as other rooms meet them: REST, the agents' tool, and the places where they are told."""

from kaikou.api.reminders.routes import router as router
