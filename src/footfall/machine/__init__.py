"""What the machine gives: disks and their room, processes, certificates, files only we may read."""
