"""Strategies that play each other: the league a group meets, what its games give, how strong each member is.

``court`` is the game for two and one match on it, ``ratings`` turn results into strengths, ``league`` keeps the members
and draws from them, ``contest`` decides who becomes champion, ``signs`` are its alarms. Held-out scores are none of its
business: they are about the game for one, against an opponent of its own, as in every other run.
"""
