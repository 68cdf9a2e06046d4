-- What uploads hold must not command a terminal: colours, titles, 8-bit controls, reversed text, line separators.
SELECT * FROM (VALUES
    (E'\x1b[31mred\x1b[0m'), (E'\x1b]0;title\x07'), (chr(155) || '2J'), ('abc' || chr(8238) || 'fed'),
    ('one' || chr(8232) || 'two'), (E'back\b\b\b\bspace'), ('rubbed' || chr(127)), ('hidden' || chr(917569) || '.')
) AS t("the \x1b[1mname")
