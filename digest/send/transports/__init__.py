"""What carries letters away: a folder of files (`maildir`), or a mail server (`smtp`), behind one `seam`."""
