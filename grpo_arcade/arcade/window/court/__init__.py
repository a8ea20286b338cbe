"""One court for several: person against model, two persons, or programs, in a game of several seats."""
