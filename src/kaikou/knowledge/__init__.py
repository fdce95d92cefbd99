"""Knowledge bases: documents as passages, found by meaning and by words."""
