"""What is done later: reminders, alarms, and pushes to devices at a time."""
