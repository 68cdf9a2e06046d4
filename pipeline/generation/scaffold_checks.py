"""Whether scaffolds fit one another: what each says of others, and what a plan and a request need of them.

What is found is a value, all of it at once; that a file cannot be read at all is an error of `scaffold_files.py`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.catalogues.nearest import did_you_mean
from pipeline.generation.filling import KNOWN, OF_ARC, placeholders_in
from pipeline.generation.model import EmotionalArc, Persona, PromptTemplate, Scaffolds
from pipeline.generation.plan import templates_for, turn_counts
from pipeline.state.catalog.statuses import ScaffoldKind

# What makes two requests of the same scaffolds differ, and what a conversation cannot be written without. Of some, a
# part is enough: `persona_name` for `persona`.
_NEEDED = ("persona", "topic", "situation", "opening", "turns")
_TURNS_A_PHASE = 2  # a question and an answer


@dataclass(frozen=True, slots=True, order=True)
class ScaffoldFinding:
    """What does not fit."""

    kind: ScaffoldKind
    key: str
    field: str
    """Of the scaffold; `*` as its key: of all of that kind together."""
    expected: str
    found: str


def check_scaffolds(scaffolds: Scaffolds) -> list[ScaffoldFinding]:
    """Everything that does not fit, by kind and key; also of scaffolds that are not active."""
    return sorted(
        {
            *_of_all(scaffolds),
            *(found for persona in scaffolds.personas.values() for found in _of_persona(persona, scaffolds)),
            *(found for arc in scaffolds.arcs.values() for found in _of_arc(arc, scaffolds)),
            *(found for template in scaffolds.templates.values() for found in _of_template(template, scaffolds)),
        }
    )


def _of_all(scaffolds: Scaffolds) -> Iterator[ScaffoldFinding]:
    kinds: tuple[tuple[ScaffoldKind, Sequence[bool]], ...] = (
        ("persona", [each.is_active for each in scaffolds.personas.values()]),
        ("emotional_arc", [each.is_active for each in scaffolds.arcs.values()]),
        ("training_topic", [each.is_active for each in scaffolds.topics.values()]),
    )
    for kind, are_active in kinds:
        if not any(are_active):
            yield ScaffoldFinding(kind, "*", "is_active", "an active one", "none")


def _of_persona(persona: Persona, scaffolds: Scaffolds) -> Iterator[ScaffoldFinding]:
    for arc in persona.arcs:
        if arc not in scaffolds.arcs:
            found = f"{arc}{did_you_mean(arc, scaffolds.arcs)}"
            yield ScaffoldFinding("persona", persona.key, "arcs", "keys of emotional arcs", found)
    known = [scaffolds.arcs[arc] for arc in persona.arcs if arc in scaffolds.arcs]
    if persona.is_active and known and not any(arc.is_active for arc in known):
        yield ScaffoldFinding("persona", persona.key, "arcs", "an active arc", "none")


def _of_arc(arc: EmotionalArc, scaffolds: Scaffolds) -> Iterator[ScaffoldFinding]:
    yield from _of_turns(arc)
    for name, feeling in (("start", arc.start), ("middle", arc.middle), ("end", arc.end)):
        if feeling.least > feeling.most:
            yield _arc_finding(arc, name, f"a least of {feeling.most:g} or less", f"{feeling.least:g}")
    if len(set(arc.phases)) < len(arc.phases) or not arc.phases:
        yield _arc_finding(arc, "phases", "each phase once", "one of them again" if arc.phases else "none")
    most = arc.turns_min // _TURNS_A_PHASE
    if len(arc.phases) > most:
        yield _arc_finding(arc, "phases", f"{most} at most, for {arc.turns_min} turns", str(len(arc.phases)))
    if arc.is_active and not templates_for(arc, scaffolds):
        yield _arc_finding(arc, "tier", "an active prompt template for it or its tier", f"none for {arc.tier}")
    suits = (each for each in scaffolds.personas.values() if not each.arcs or arc.key in each.arcs)
    if arc.is_active and not any(each.is_active for each in suits):
        yield _arc_finding(arc, "key", "an active persona that it suits", "none")


def _of_turns(arc: EmotionalArc) -> Iterator[ScaffoldFinding]:
    """The user begins and the assistant ends, so turns are even; odd bounds say something that cannot be."""
    if arc.turns_min > arc.turns_max:
        yield _arc_finding(arc, "turns_min", f"turns_max, {arc.turns_max}, or less", str(arc.turns_min))
    elif not turn_counts(arc):
        yield _arc_finding(arc, "turns_max", "an even number of turns", f"only {arc.turns_max}")
    else:
        for name, turns in (("turns_min", arc.turns_min), ("turns_max", arc.turns_max)):
            if turns % 2:
                yield _arc_finding(arc, name, "an even number of turns", str(turns))


def _arc_finding(arc: EmotionalArc, field: str, expected: str, found: str) -> ScaffoldFinding:
    return ScaffoldFinding("emotional_arc", arc.key, field, expected, found)


def _of_template(template: PromptTemplate, scaffolds: Scaffolds) -> Iterator[ScaffoldFinding]:
    arc = scaffolds.arcs.get(template.arc) if template.arc else None
    if template.arc and arc is None:
        found = f"{template.arc}{did_you_mean(template.arc, scaffolds.arcs)}"
        yield _template_finding(template, "arc", "the key of an emotional arc", found)
    elif arc and arc.tier != template.tier:
        yield _template_finding(template, "tier", f"that of its arc, {arc.tier}", template.tier)
    yield from _of_placeholders(template)


def _of_placeholders(template: PromptTemplate) -> Iterator[ScaffoldFinding]:
    in_system, in_prompt = placeholders_in(template.system), placeholders_in(template.prompt)
    for field, names in (("system", in_system), ("prompt", in_prompt)):
        for name in names:
            if name not in KNOWN:
                found = f"{{{name}}}{did_you_mean(name, KNOWN)}"
                yield _template_finding(template, field, "placeholders that are known", found)
    for name in in_system:
        if name in KNOWN - OF_ARC:
            expected = "only what is of the arc, the same for all its conversations"
            yield _template_finding(template, "system", expected, f"{{{name}}}")
    for needed in _NEEDED:
        if not any(name == needed or name.startswith(f"{needed}_") for name in in_prompt):
            yield _template_finding(template, "prompt", f"{{{needed}}}", "none")


def _template_finding(template: PromptTemplate, field: str, expected: str, found: str) -> ScaffoldFinding:
    return ScaffoldFinding("prompt_template", template.key, field, expected, found)
