"""The page that plans a training: ways around what does not fit, in words of the page."""

from pipeline.service.pages.train_choices import choices_of
from pipeline.service.pages.train_page import Way, train_page
from pipeline.training.considering import NotPossible
from pipeline.training.jobs.job_refusals import Change
from pipeline.training.setup import Setup

SETUP = Setup("Qwen3-8B", gpu="T4", method="lora")
CHANGES = (Change("method", "qlora"), Change("max_length", "1024", "9 rows cut"), Change("gpu", "L4", "24 GB"))


def test_what_would_fit_is_chosen_by_a_link():
    obstacle = NotPossible(SETUP, "does-not-fit", "it does not fit", CHANGES)

    page = train_page("d-1", "chat", SETUP, choices_of(SETUP, {}, {}, (), ()), (), obstacle, ())

    asked = "/datasets/d-1/train?model=Qwen3-8B&preset=balanced"
    assert (page.obstacle, page.ways) == (
        "It does not fit.",
        (
            Way("QLoRA", f"{asked}&method=qlora&gpu=T4&gpu_count=1&trainer=trl"),
            Way(
                "Rows of at most 1,024 tokens (9 rows cut)",
                f"{asked}&method=lora&gpu=T4&gpu_count=1&trainer=trl&max_length=1024",
            ),
            Way("L4 (24 GB)", f"{asked}&method=lora&gpu=L4&gpu_count=1&trainer=trl"),
        ),
    )


def test_no_word_of_the_command_line_reaches_the_page_or_the_api():
    obstacle = NotPossible(SETUP, "does-not-fit", "it does not fit", CHANGES)

    assert obstacle.explained() == (
        "it does not fit; what would fit: the method qlora; a max_length of 1024 (9 rows cut); the GPU L4 (24 GB)"
    )
