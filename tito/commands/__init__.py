"""The commands of `tito`: one file each, imported only when the command is called."""
