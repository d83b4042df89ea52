"""What can be said of a route's pattern before it is matched: how much it backtracks, and what it covers.

::

    syntax (text -> tree) -> automaton (tree -> states) -> backtracking (how the cost of a match grows, by graphs)
                                                       |-> coverage     (whether one pattern matches all of another)
                                                       '-> example      (a text that a pattern matches)

The theory is that of finite automata: a backtracking engine takes the ways through an automaton one after another, so
its cost is a matter of how many ways there are. `re` itself offers nothing of the kind by its public names.
"""
