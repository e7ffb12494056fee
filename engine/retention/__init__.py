"""Records + schedule + holds + a day → dispositions: what may stay, what is to be looked at, what falls due."""
