"""From a scan, and what targets have shown, to the migration report; nothing is run here."""
