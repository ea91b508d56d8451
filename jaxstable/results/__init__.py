"""What a run leaves behind: the result, its findings, pictures, reports and exports."""
