"""What the classes of trainers make of the golden jobs."""

VALUES = {
    "chat": {"learning_rate": 2e-4, "max_length": 1024, "rank": 16},
    "context-only-answers": {"learning_rate": 1e-4, "max_length": 512, "rank": 8},
    "tools": {"learning_rate": 2e-4, "max_length": 512, "rank": 16},
    "small-gpu": {"learning_rate": 2.86e-4, "max_length": 512, "rank": 64},
    "two-gpus": {"learning_rate": 2e-4, "max_length": 512, "rank": 16},
    "full": {"learning_rate": 2e-5, "max_length": 512, "rank": None},
    "preferences": {"learning_rate": 5e-6, "max_length": 512, "rank": 16, "objective": "preference", "beta": 0.1},
    "judgements": {"learning_rate": 1e-6, "max_length": 512, "rank": 8, "objective": "kto", "beta": 0.1},
    "sharded": {"learning_rate": 2e-4, "max_length": 512, "rank": 16},
    "sharded-qlora": {"learning_rate": 2e-4, "max_length": 512, "rank": 16},
    "texts": {"learning_rate": 2e-4, "max_length": 64, "rank": 16, "objective": "text"},
}
