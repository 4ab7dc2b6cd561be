"""The manifest of promised behaviours and the checks that keep it true both ways."""
