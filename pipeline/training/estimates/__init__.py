"""How much memory, time and money a workload takes: low, expected and high, and what that rests on."""
