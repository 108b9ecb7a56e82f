"""A hospital day of HL7 v2 messages, and what must come of it, without any part of the addons."""
