"""What a run is asked to do and what it reports: settings, data sets, preprocessing, events."""
