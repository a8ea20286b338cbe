"""The dashboard's tabs, a module each."""
