"""The compiler of wrappers: a function that makes the key from its arguments and looks for the value.

A wrapper with `*args, **kwargs` would have to find out at each call which argument is which. So for each decorated
function, a wrapper with the same parameters is compiled. Then the interpreter binds positional and keyword arguments
and fills in defaults, faster than Python code could, and the arguments are local variables. If every argument is an
atom (see `ponty.memo.keys.forms`), the tuple of them is the key; a single atom is the key itself.

For `async def fetch(city, units="C")`, this is the wrapper of a local cache without a lifetime (with shorter names):

```
async def fetch(city, units=...):
    nonlocal hits
    if type(city) in ATOMS and type(units) in ATOMS:
        key = (city, units)
    else:
        key = make((city, units))
    value = get(key, nothing)
    if value is not nothing:
        touch(key)
        hits += 1
        return value
    return await miss(key, (city, units), {})
```
"""

import functools
from collections.abc import Callable, Coroutine, Hashable, Iterable, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias, cast

from ponty.memo.keys import forms
from ponty.memo.keys.written import written_signature
from ponty.memo.lazy_imports import inspect

Scope: TypeAlias = Literal["memory", "process", "shared"]
"""The use of the keys: in memory; as texts in this process; as texts shared by several processes."""

Miss: TypeAlias = Callable[[Hashable, tuple[Any, ...], dict[str, Any]], Coroutine[Any, Any, Any]]
"""Called by the wrapper with the key and the arguments if it finds no value."""


class Local(NamedTuple):
    """The parts of a local cache that its wrapper reads, so that a hit calls no Python function."""

    records: Any
    """A dict of `ponty.memo.stores.lru.Record`s if values have a lifetime, or else of the values themselves."""
    clock: Any
    """The `LoopOwner`, whose clock is used if values have a lifetime."""
    timed: bool
    """Whether values have a lifetime."""
    ordered: bool
    """Whether the dict is an OrderedDict, in which a hit counts as a use."""
    on_hit: Callable[[], object] | None
    """Called at each hit."""


class Near(NamedTuple):
    """The parts of a near cache that the wrapper of a cache in Redis reads before it asks Redis."""

    records: Mapping[Hashable, tuple[Any, float, Any, bytes | None]]
    """By the arguments of a call: the value, the time until which it is fresh, its name, and its bytes if each caller
    needs a separate value."""
    touch: Callable[[Any], object]
    """Counts a use of the value with a name."""
    load: Callable[[bytes], Any]
    """Decodes the bytes of a value."""
    clock: Any
    """The `LoopOwner`, whose clock is used. While its loop does not run, no messages arrive, and nothing is served."""
    keep: Callable[[Hashable, Hashable], object]
    """Called with the arguments and the key of a call that the near cache could not answer."""
    on_hit: Callable[[], object] | None
    """Called at each hit."""


class Compiled(NamedTuple):
    """A compiled wrapper, and its functions."""

    wrapper: Callable[..., Coroutine[Any, Any, Any]]
    key_of: Callable[..., Any]
    """Returns the key of a call, given its arguments."""
    count_hits: Callable[[bool], int]
    """Returns the number of hits; with True, the count then begins at zero again."""


def compile_call(
    function: Callable[..., Coroutine[Any, Any, Any]],
    *,
    who: str,
    own_key: Callable[..., object] | None,
    scope: Scope,
    local: Local | None,
    miss: Miss,
    copy: Callable[[Any], Any] | None,
    near: Near | None = None,
) -> Compiled:
    """Compile the wrapper of `function`.

    Args:
        function: The decorated coroutine function.
        who: The name of the function for messages.
        own_key: The user's function that makes the key from the arguments, or None.
        scope: The use of the keys.
        local: The local cache to look for values in; without it, `miss` is called at each call.
        miss: Called if there is no value.
        copy: Copies a value for the caller; without it, the caller gets the value itself.
        near: The near cache to look for values in, before a key is made, if all arguments are atoms.
    """
    signature = written_signature(function, follow_wrapped=False)
    parameters = _Parameters(signature)
    prefix = "_ponty"
    while any(name.startswith(prefix) for name in signature.parameters):
        prefix += "_"
    make = _key_maker(function, parameters, who=who, own_key=own_key, scope=scope)
    names: dict[str, Any] = {"ATOMS": forms.ATOMS, "identify": forms.self_form, "make": make, "miss": miss}
    if own_key is None and scope == "memory" and not parameters.variadic:
        key_lines = _key_lines(parameters)
        names["make"] = _quick_maker(parameters, make)
    else:
        key_lines = [f"%key = %make({parameters.values}, {parameters.call})"]
    opening, closing = "", ""
    if copy is not None:
        names["copy"], opening, closing = copy, "%copy(", ")"
    hit_lines = [] if local is None else [*_hit_lines(local, names), f"    return {opening}%value{closing}"]
    call_lines = [*hit_lines, f"return {opening}await %miss(%key, {parameters.call}){closing}"]
    if near is not None and own_key is None and not parameters.variadic and not parameters.is_method:
        before, after = _near_lines(near, parameters, names)
        before.append(f"    return {opening}%value{closing}")  # inside the `if` of the lines before
        call_lines = [f"%value = await %miss(%key, {parameters.call})", *after, f"return {opening}%value{closing}"]
    else:
        before = []
    lines = [
        f"def %factory({', '.join('%' + name for name in names)}):",
        "    %hits = 0",
        f"    async def %wrapper({parameters.declaration}):",
        "        nonlocal %hits",
        *["        " + line for line in (*before, *key_lines, *call_lines)],
        f"    def %key_of({parameters.declaration}):",
        *["        " + line for line in key_lines],
        "        return %key",
        "    def %count_hits(%restart):",
        "        nonlocal %hits",
        "        %count = %hits",
        "        if %restart:",
        "            %hits = 0",
        "        return %count",
        "    return %wrapper, %key_of, %count_hits",
    ]
    source = "\n".join(lines).replace("%", prefix + "_")
    namespace: dict[str, Any] = {}
    exec(compile(source, f"<ponty.memo of {who}>", "exec"), namespace)  # noqa: S102 - made of parameter names only
    wrapper, key_of, count_hits = namespace[f"{prefix}_factory"](*names.values())
    for compiled in (wrapper, key_of):
        compiled.__defaults__ = parameters.defaults
        compiled.__kwdefaults__ = parameters.kwdefaults
        functools.update_wrapper(compiled, function)
        compiled.__code__ = compiled.__code__.replace(co_name=compiled.__name__)  # the name in tracebacks
    return Compiled(wrapper, key_of, count_hits)


_Rest: TypeAlias = tuple[tuple[Any, ...], Mapping[str, Any]]
"""The arguments of a call that go to `*args` and `**kwargs`."""


class _Parameters:
    """A signature as source code."""

    def __init__(self, signature: "inspect.Signature") -> None:
        every = list(signature.parameters.values())
        kinds = inspect.Parameter
        empty = kinds.empty
        positional = [p for p in every if p.kind in {kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD}]
        keyword = [p for p in every if p.kind is kinds.KEYWORD_ONLY]
        rest = next((p.name for p in every if p.kind is kinds.VAR_POSITIONAL), None)
        named_rest = next((p.name for p in every if p.kind is kinds.VAR_KEYWORD), None)
        self.names = [p.name for p in (*positional, *keyword)]
        self.variadic = rest is not None or named_rest is not None
        self.is_method = bool(positional) and positional[0].name == "self"
        self.defaults = tuple(p.default for p in positional if p.default is not empty) or None
        self.kwdefaults = {p.name: p.default for p in keyword if p.default is not empty} or None
        self.values = _tuple(self.names)

        declared: list[str] = []
        for place, p in enumerate(positional):
            declared.append(p.name if p.default is empty else f"{p.name}=None")
            after = positional[place + 1 : place + 2]
            if p.kind is kinds.POSITIONAL_ONLY and not (after and after[0].kind is kinds.POSITIONAL_ONLY):
                declared.append("/")
        if rest is not None or keyword:
            declared.append(f"*{rest or ''}")
        declared += [p.name if p.default is empty else f"{p.name}=None" for p in keyword]
        if named_rest is not None:
            declared.append(f"**{named_rest}")
        self.declaration = ", ".join(declared)

        args = _tuple([*[p.name for p in positional], *([] if rest is None else [f"*{rest}"])])
        kwargs = [f"{p.name!r}: {p.name}" for p in keyword] + ([] if named_rest is None else [f"**{named_rest}"])
        self.call = f"{args}, {{{', '.join(kwargs)}}}"
        self.positional = len(positional)
        self._signature = signature
        self._rest = rest
        self._named_rest = named_rest

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> "tuple[tuple[Any, ...], _Rest] | None":
        """Return the named arguments of a call and the rest, or None if the call does not fit the signature."""
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError:
            return None
        bound.apply_defaults()
        found = bound.arguments
        rest = (found.get(self._rest or "", ()), found.get(self._named_rest or "", {}))
        return tuple([found[name] for name in self.names]), rest


def _behind(function: Callable[..., Any], parameters: _Parameters) -> _Parameters | None:
    """Return the parameters of the wrapped function if another decorator hides them behind `*args, **kwargs`."""
    if parameters.names or not parameters.variadic or not hasattr(function, "__wrapped__"):
        return None
    return _Parameters(written_signature(function))


def _tuple(parts: list[str]) -> str:
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _key_lines(parameters: _Parameters) -> list[str]:
    """Return the lines that make the key of a function without `*args` and `**kwargs`."""
    names = parameters.names
    plain = names[1:] if parameters.is_method else names
    parts = ["%identify(self)", *plain] if parameters.is_method else plain
    quick = parts[0] if len(parts) == 1 else _tuple(parts)
    if not names:
        return [f"%key = {quick}"]
    return [
        f"if {' and '.join(f'type({name}) in %ATOMS' for name in plain) or 'False'}:",
        f"    %key = {quick}",
        "else:",
        f"    %key = %make({names[0] if len(names) == 1 else _tuple(names)})",
    ]


def _quick_maker(parameters: _Parameters, make: Callable[..., Hashable]) -> Callable[[Any], Hashable]:
    """Return the function that makes a key from the single argument, or from the tuple of all arguments."""
    one, is_method = len(parameters.names) == 1, parameters.is_method

    def quick(values: Any) -> Hashable:
        try:
            if not is_method:
                return forms.form(values) if one else forms.forms(values)
            if one:
                return forms.self_form(values)
            return (forms.self_form(values[0]), *[forms.form(value) for value in values[1:]])
        except (forms.Unkeyable, RecursionError):
            return make((values,) if one else values, (), {})  # its error names the argument

    return quick


def _hit_lines(local: Local, names: dict[str, Any]) -> list[str]:
    """Return the lines that look up a value, and add the objects that they use to `names`."""
    names["get"] = local.records.get
    if local.timed:
        names["clock"] = local.clock
        lines = [
            "%record = %get(%key)",
            "if %record is not None and %record[1] > %clock.now():",
            "    %value = %record[0]",
        ]
    else:
        names["nothing"] = object()
        lines = ["%value = %get(%key, %nothing)", "if %value is not %nothing:"]
    if local.ordered:
        names["touch"] = local.records.move_to_end
        lines.append("    %touch(%key)")
    lines.append("    %hits += 1")
    if local.on_hit is not None:
        names["on_hit"] = local.on_hit
        lines.append("    %on_hit()")
    return lines


def _near_lines(near: Near, parameters: _Parameters, names: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the lines that look up a value by the arguments, and the lines that note the key for them afterwards."""
    names |= {
        "near_get": near.records.get,
        "touch": near.touch,
        "load": near.load,
        "clock": near.clock,
        "keep": near.keep,
    }
    atoms = " and ".join(f"type({name}) in %ATOMS" for name in parameters.names) or "True"
    call = parameters.names[0] if len(parameters.names) == 1 else parameters.values
    before = [
        f"%call = {call} if {atoms} else %keep",  # %keep is equal to no call, so it is never found
        "%record = %near_get(%call)",
        "if %record is not None and %record[1] > %clock.now() and %clock.loop.is_running():",
        "    %touch(%record[2])",
        "    %hits += 1",
        "    %value = %record[0] if %record[3] is None else %load(%record[3])",
    ]
    if near.on_hit is not None:
        names["on_hit"] = near.on_hit
        before.append("    %on_hit()")
    return before, ["if %call is not %keep:", "    %keep(%call, %key)"]


def _key_maker(
    function: Callable[..., Any],
    parameters: _Parameters,
    *,
    who: str,
    own_key: Callable[..., object] | None,
    scope: Scope,
) -> Callable[[tuple[Any, ...], tuple[Any, ...], dict[str, Any]], Hashable]:
    """Return the function that makes a key; it gets the named arguments, and all arguments as they are passed on."""
    one, one_self = _PART_MAKERS[scope]
    inner = _behind(function, parameters)

    def part(what: str, value: object, *, is_self: bool = False) -> Hashable:
        try:
            return one_self(value) if is_self else one(value)
        except (forms.Unkeyable, RecursionError) as error:
            why = "nested too deeply, or inside itself" if isinstance(error, RecursionError) else error
            raise TypeError(
                f"{who}: {what} cannot be part of a key: it is, or contains, {why}; "
                "give key= a function that makes a key from the arguments"
            ) from None

    def collected(values: Iterable[object], named: Mapping[str, object]) -> list[Hashable]:
        return [
            tuple([part(f"positional argument {place}", value) for place, value in enumerate(values)]),
            tuple([(repr(name), part(f"argument {name!r}", named[name])) for name in sorted(named)]),
        ]

    def make(values: tuple[Any, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Hashable:
        if own_key is not None:
            parts = [part("what key= returned", own_key(*args, **kwargs))]
        else:
            shape: _Parameters = parameters
            rest: _Rest = (args[parameters.positional :], _without(kwargs, parameters.names))
            if inner is not None and (bound := inner.bind(args, kwargs)) is not None:
                shape, values, rest = inner, *bound
            parts = [
                part(f"argument {name!r}", value, is_self=shape.is_method and place == 0)
                for place, (name, value) in enumerate(zip(shape.names, values, strict=True))
            ]
            if parameters.variadic:
                parts += collected(*rest)
        if scope != "memory":
            return f"({','.join(map(_written, parts))})"
        return parts[0] if len(parts) == 1 else tuple(parts)

    return make


_PART_MAKERS: Final[dict[Scope, tuple[Callable[[Any], Hashable], Callable[[Any], Hashable]]]] = {
    "memory": (forms.form, forms.self_form),
    "process": (forms.text, forms.self_text),
    "shared": (forms.shared_text, forms.shared_text),
}
"""The functions that make a part of a key: for an argument, and for a method's `self`."""


def _written(part: Hashable) -> str:
    """Return a part of a key, which is a text or a tuple of parts, as one text."""
    if isinstance(part, str):
        return part
    return f"({','.join(map(_written, cast('tuple[Hashable, ...]', part)))})"


def _without(named: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: value for name, value in named.items() if name not in names}
