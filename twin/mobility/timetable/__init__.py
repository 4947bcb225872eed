"""What runs when: lines led along streets and tracks, timetables made and changed."""
