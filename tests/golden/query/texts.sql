-- Texts may be empty, wide, or full of commas, quotes and breaks; NULL differs from an empty text.
SELECT * FROM (VALUES
    (1, ''), (2, NULL), (3, 'a,b "c"'), (4, E'two\nlines\tand a tab'), (5, '漢字とかな, für 日本'), (6, ' padded '),
    (7, '👩‍👩‍👧 family'), (8, 'NULL')
) AS t(number, content)
