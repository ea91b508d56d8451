"""What `discover` decides by: criteria, calibration, stability and its time."""
