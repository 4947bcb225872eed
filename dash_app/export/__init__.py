"""What one takes along: maps to print, tables, layers."""
