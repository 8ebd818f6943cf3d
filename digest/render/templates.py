"""Where templates are found, and their faults named by file and line.

The newsletter's own ``templates/email`` comes first, file by file; what it lacks is taken from the packaged family.
An own ``issue.html.j2`` is printed instead of the layout's; an own ``macros.html.j2`` replaces the macros it defines
and no others. What an own file hides is still there as ``shipped/…``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from digest.errors import ConfigError, TemplateError

if TYPE_CHECKING:
    from jinja2 import Environment

OWN = Path("templates", "email")
SHIPPED = "shipped"
MACROS = "macros.html.j2"


@dataclass(frozen=True)
class TemplateLoader:
    """Folders of templates, best first; the last one holds all that is packaged."""

    folders: tuple[Path, ...]
    newsletter: Path | None = None  # where its own pictures are; None: there is no newsletter's folder

    def picture(self, name: str) -> bytes:
        """The file *name* of the newsletter's folder. Raises ConfigError."""
        if self.newsletter is None:
            raise ConfigError(
                f"{name} cannot be read: no newsletter's folder is known", hint="use find_templates(FOLDER)"
            )
        try:
            return (self.newsletter / name).read_bytes()
        except OSError as error:
            raise ConfigError(
                f"{self.newsletter / name} cannot be read: {error.strerror}",
                hint="[theme] logo names a file in the newsletter’s folder",
            ) from error

    def environment(self) -> Environment:
        """Jinja2 over these folders: values escaped in ``*.html.j2``, an unknown name is an error."""
        return _environment(self.folders)


@lru_cache(maxsize=4)  # compiling takes 40 ms; a changed file is compiled again all the same
def _environment(folders: tuple[Path, ...]) -> Environment:
    from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

    files = [FileSystemLoader(folder) for folder in folders]
    return Environment(
        loader=ChoiceLoader([*files, PrefixLoader({SHIPPED: files[-1]})]),
        autoescape=lambda name: name is None or ".html" in name,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def packaged_templates() -> Path:
    """The folder of the packaged templates: inside the installed package, else in the checkout.

    Raises TemplateError when it is nowhere to be found.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / OWN, package.parent / OWN):
        if (folder / MACROS).is_file():
            return folder
    raise TemplateError("the program's own templates are missing", hint="install newsletter-digest again")


def find_templates(folder: Path | None = None) -> TemplateLoader:
    """The templates for the newsletter in *folder* (None: only the packaged ones)."""
    packaged = packaged_templates()
    own = folder / OWN if folder is not None else None
    if own is not None and own.is_dir() and own.resolve() != packaged:
        return TemplateLoader((own, packaged), folder)
    return TemplateLoader((packaged,), folder)


def fill_issue(environment: Environment, layout: str, kind: str, values: Mapping[str, Any]) -> str:
    """The issue as *kind* (``html``, ``txt``): by the newsletter's own ``issue.KIND.j2``, else by the layout's.

    Raises TemplateError naming file and line.
    """
    with named_faults(environment):
        template = environment.select_template([f"issue.{kind}.j2", f"{layout}/issue.{kind}.j2"])
        return template.render(values, m=_macros(environment, values))


def fill_template(environment: Environment, name: str, values: Mapping[str, Any]) -> str:
    """The template *name*, which belongs to no layout, with the macros. Raises TemplateError naming file and line."""
    with named_faults(environment):
        return environment.get_template(name).render(values, m=_macros(environment, values))


def _macros(environment: Environment, values: Mapping[str, Any]) -> SimpleNamespace:
    """The macros by name: the packaged ones, and the newsletter's own in their place. They call each other through
    it, so that one of its own is also used by the others."""
    m = SimpleNamespace()
    for name in (f"{SHIPPED}/{MACROS}", MACROS):
        module = environment.get_template(name).make_module({**values, "m": m})
        vars(m).update((key, value) for key, value in vars(module).items() if not key.startswith("_"))
    return m


@contextmanager
def named_faults(environment: Environment) -> Iterator[None]:
    """What is wrong in a template leaves as a TemplateError naming file and line; a bug of ours as itself."""
    import jinja2

    try:
        yield
    except jinja2.TemplateNotFound as error:
        raise TemplateError(
            f"there is no template {error.name!r}",
            hint=f"there are: {', '.join(sorted(environment.list_templates()))}",
        ) from error
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(
            f"{error.filename or error.name}:{error.lineno}: {error.message}",
            hint="mend that line; the packaged templates show the form",
        ) from error
    except Exception as error:
        where = _place(error, environment)
        if where is None:  # not the template's fault: a bug keeps its traceback
            raise
        raise TemplateError(
            f"{where}: {error}",
            hint="mend that line; docs/templates.md lists what a template may ask for",
        ) from error


def _place(error: BaseException, environment: Environment) -> str | None:
    """``file:line`` of the template line that raised *error*; None where none did, or our own code did."""
    files = set()
    for template in environment.list_templates():
        _, file, _ = environment.loader.get_source(environment, template)  # type: ignore[union-attr]
        files.add(file)
    place, frame = None, error.__traceback__
    while frame is not None:
        file = frame.tb_frame.f_code.co_filename
        if file in files:
            place = f"{file}:{frame.tb_lineno}"
        frame = frame.tb_next
    return place
