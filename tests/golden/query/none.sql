-- No rows still have columns.
SELECT id, total_tokens FROM datasets
