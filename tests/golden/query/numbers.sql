-- Numbers of every kind go to the right and lose nothing; what JSON has no name for is null there.
SELECT * FROM (VALUES
    (1::TINYINT, 1.5::DOUBLE, 2::HUGEINT * 100000000000000000000, 12.30::DECIMAL(9, 2), true),
    (-128, 'NaN', 0, -0.01, false),
    (NULL, '-Infinity', NULL, NULL, NULL)
) AS t(small, "float", huge, "decimal", "boolean")
