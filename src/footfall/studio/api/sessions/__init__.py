"""Sessions of any definition: lists with filters over any column, and one as a timeline."""
