-- Lists and objects are JSON, bytes hexadecimal, and names that repeat are numbered.
SELECT [1, NULL, 3] AS list, {'role': 'user', 'turns': [1.5]} AS object, MAP {'a': 1} AS map, '\xAA\x00'::BLOB AS bytes,
    uuid '00000000-0000-0000-0000-00000000002a' AS id, 1 AS twice, 2 AS twice, 'x' AS twice_2
