"""The only place that draws: in the terminal and in files, from results alone."""
