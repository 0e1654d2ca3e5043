"""Prices: what an AI call cost, by the price in force on its own date.

    book    the price book: genai-prices, and a user's own file before it
    rates   the book's prices of some calls as a table of USD a token, with the times they hold
    charge  the SQL of a call's cost, over a table of calls joined to that table

A cost is linear in the counts of tokens, once the time, the tier and the size of the input have chosen
the price. So a handful of rates price a million calls, and sums of tokens can be priced again.
"""
