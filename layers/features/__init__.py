"""Features of web services (WFS, OGC API Features) and of GML documents."""
