-- A table shows the first rows; programs get all of them.
SELECT range AS number FROM range(101)
