"""Second moments of lagged rows: expected under gaps, held out, bootstrapped, imputed."""
