"""Analysis of the patterns of routes: how much they backtrack, and whether one matches all that another matches.

::

    syntax (text -> tree) -> automaton (tree -> states) -> backtracking (how the cost of a match grows, by graphs)
                                                       |-> coverage     (whether one pattern matches all of another)
                                                       '-> example      (a text that a pattern matches)

This uses finite automata: a backtracking engine tries the ways through an automaton one after another, so its cost
depends on the number of ways. The public functions of `re` do not offer such an analysis. `graphs` has algorithms for
graphs.
"""
