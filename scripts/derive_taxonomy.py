#!/usr/bin/env python3
"""Derive marketplace's categories and skills from the O*NET database.

    KELMAH_DATA=../shared/data python scripts/derive_taxonomy.py > domains/marketplace/migrations/taxonomy_0002.json

Reads ``jobs/onet_{occupation_data,alternate_titles,technology_skills}.txt.gz`` below ``KELMAH_DATA`` and our choice
from them, ``taxonomy_choices.txt``. The same release and choice give the same bytes.

An occupation is a skill under the plain name we give it; chosen alternate titles and programs are skills under O*NET's
names. The occupation's other titles become synonyms of the skill they share most words with, best attested first.
"""

import gzip
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CHOICES = Path(__file__).with_name("taxonomy_choices.txt")
RELEASE = "O*NET 29.2 Database"
LICENCE = "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/"
ATTRIBUTION = (
    "This table includes information from the O*NET 29.2 Database by the U.S. Department of Labor, Employment and "
    "Training Administration (USDOL/ETA). Used under the CC BY 4.0 license. O*NET® is a trademark of USDOL/ETA. Kelmah "
    "has modified all or some of this information. USDOL/ETA has not approved, endorsed, or tested these modifications."
)
SYNONYMS = 8
# Ranks are no skills, nor are the titles of one sex that old lists still carry.
RANKS = {
    *("apprentice", "helper", "journeyman", "lead", "leader", "leadman", "foreman", "foreperson", "supervisor"),
    *("superintendent", "manager", "director", "chief", "boss", "trainee", "intern", "assistant", "instructor"),
    *("teacher", "man", "men", "woman", "boy", "girl", "person", "lady", "serviceman", "repairman", "crewman"),
    *("coordinator", "senior", "junior", "ii", "iii", "iv"),
}
OCCUPATION = re.compile(r"(\d\d-\d{4}\.\d\d) ([^:]+)(?:: (.+))?")
CATEGORY = re.compile(r"\[([a-z-]+)] (.+) \| (\w+)")


@dataclass
class Category:
    """One of ours, with what we chose for it: (code, plain name, alternate titles), and programs."""

    slug: str
    name: str
    group: str
    occupations: list[tuple[str, str, list[str]]] = field(default_factory=list)
    programs: list[str] = field(default_factory=list)


@dataclass
class Skill:
    """A row of the table; ``synonyms`` help to find it and are never shown as skills."""

    id: str
    name: str
    category: str
    onet_code: str
    synonyms: list[str] = field(default_factory=list)


def derive(folder: Path) -> dict[str, object]:
    """The whole taxonomy as plain JSON values. Raises SystemExit for a choice that O*NET does not know."""
    titles = {row["O*NET-SOC Code"]: row["Title"] for row in rows(folder / "onet_occupation_data.txt.gz")}
    alternates = alternates_of(folder / "onet_alternate_titles.txt.gz")
    programs = {(row["O*NET-SOC Code"], row["Example"]) for row in rows(folder / "onet_technology_skills.txt.gz")}
    categories, skills = read_choices(), []
    for category in categories:
        for code, name, chosen in category.occupations:
            skills += skills_of_occupation(category.slug, code, name, chosen, titles[code], alternates[code])
        skills += skills_of_programs(category, programs)
    check_unique([skill.id for skill in skills])
    check_unique([skill.name.lower() for skill in skills])
    return {
        "source": RELEASE,
        "licence": LICENCE,
        "attribution": ATTRIBUTION,
        "categories": [
            {"slug": c.slug, "name": c.name, "group": c.group, "position": n} for n, c in enumerate(categories, 1)
        ],
        "skills": [vars(skill) for skill in skills],
    }


def read_choices() -> list[Category]:
    """Our choice, in the order of the file."""
    categories: list[Category] = []
    for number, line in enumerate(CHOICES.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if match := CATEGORY.fullmatch(line):
            categories.append(Category(*match.groups()))
        elif match := OCCUPATION.fullmatch(line):
            categories[-1].occupations.append((match[1], match[2], match[3].split(", ") if match[3] else []))
        elif line.startswith("programs: "):
            categories[-1].programs = line.removeprefix("programs: ").split(", ")
        else:
            raise SystemExit(f"{CHOICES.name}, line {number}: neither a category, an occupation nor programs")
    return categories


def skills_of_occupation(
    category: str, code: str, name: str, chosen: list[str], title: str, alternates: list[str]
) -> list[Skill]:
    """The occupation and its chosen specialisations, with the remaining titles as synonyms."""
    if unknown := set(chosen) - set(alternates):
        raise SystemExit(f"{code} has no alternate title {', '.join(sorted(unknown))}")
    skills = [Skill(slug(code, skill), skill, category, code) for skill in (name, *chosen)]
    skills[0].synonyms.append(title)
    for alternate in alternates:
        if alternate in chosen or words(alternate) & RANKS:
            continue
        nearest = max(skills, key=lambda skill: len(words(skill.name) & words(alternate)))
        if len(nearest.synonyms) < SYNONYMS:
            nearest.synonyms.append(alternate)
    return skills


def skills_of_programs(category: Category, known: set[tuple[str, str]]) -> list[Skill]:
    """The category's programs, each under the first of its occupations that uses it."""
    skills = []
    for example in category.programs:
        code = next((code for code, _, _ in category.occupations if (code, example) in known), None)
        if code is None:
            raise SystemExit(f"no occupation of {category.slug} uses {example}")
        name = example.removesuffix(" software")
        skills.append(Skill(slug(code, name), name, category.slug, code))
    return skills


# Private functions


def rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        header = next(lines).rstrip("\n").split("\t")
        for line in lines:
            yield dict(zip(header, line.rstrip("\n").split("\t"), strict=True))


def alternates_of(path: Path) -> dict[str, list[str]]:
    """Alternate titles by occupation, without acronyms in brackets, those that most sources attest first."""
    ranked: dict[str, list[tuple[int, str]]] = {}
    for row in rows(path):
        title = re.sub(r"\s*\([^)]*\)", "", row["Alternate Title"])
        ranked.setdefault(row["O*NET-SOC Code"], []).append((-len(row["Source(s)"].split(",")), title))
    return {code: list(dict.fromkeys(title for _, title in sorted(found))) for code, found in ranked.items()}


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text.lower()))


def slug(code: str, name: str) -> str:
    spelled = name.lower().replace("c++", "c plus plus").replace("c#", "c sharp")
    return re.sub(r"[^a-z0-9]+", "-", f"{code} {spelled}").strip("-")


def check_unique(values: list[str]) -> None:
    if repeated := {value for value in values if values.count(value) > 1}:
        raise SystemExit(f"chosen twice: {', '.join(sorted(repeated))}")


if __name__ == "__main__":
    source = Path(os.environ.get("KELMAH_DATA", "../shared/data")) / "jobs"
    if not source.is_dir():
        raise SystemExit(f"{source} is missing: set KELMAH_DATA to the folder that holds jobs/onet_*.txt.gz")
    json.dump(derive(source), sys.stdout, ensure_ascii=False, indent=1)
    print()
