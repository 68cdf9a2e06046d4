-- More columns than fit, and more text than a column may show.
SELECT repeat('long ', 40) AS first, repeat('漢', 60) AS second, * FROM (SELECT COLUMNS(*) FROM
    (SELECT 1 AS c01, 2 AS c02, 3 AS c03, 4 AS c04, 5 AS c05, 6 AS c06, 7 AS c07, 8 AS c08, 9 AS c09, 10 AS c10,
    11 AS c11, 12 AS c12, 13 AS c13, 14 AS c14, 15 AS c15, 16 AS c16))
