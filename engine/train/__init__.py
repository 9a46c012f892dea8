"""How the motion network is made. Needs the ``train`` extra; never imported at run time."""
