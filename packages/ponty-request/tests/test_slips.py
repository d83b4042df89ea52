"""Slips that one makes when one declares a request, and what says so before anything is served."""

import pytest

from ponty.core import Routes, build_app, get
from ponty.request import Endpoint, Field, PosIntQueryParameter, Request, StringRouteParameter, expect, handle


class Two(Request):
    name = StringRouteParameter()
    bangs = PosIntQueryParameter(default=1)


async def handler(name: str, bangs: int) -> str:
    return name + "!" * bangs


def test_a_field_that_is_no_part_of_a_path_is_not_written_into_one():
    with pytest.raises(TypeError, match="PosIntQueryParameter 'bangs' is not a part of a path"):
        f"/hello/{Two.bangs}"


def test_the_route_stands_above_expect():
    with pytest.raises(TypeError, match="below the decorator of the route"):
        expect(Two)(get(f"/hello/{Two.name}")(handler))


def test_a_route_has_a_path():
    with pytest.raises(TypeError, match="a route needs a path.*'handler'"):
        get(handler)


class Shown(Request):
    endpoint = Endpoint("GET", "/shown", returns=str)


async def shown() -> str:
    return "shown"


def test_a_route_of_an_endpoint_has_its_place_in_the_program():
    table = Routes()
    handle(Shown, table=table)(shown)
    [route] = table
    assert route.source.rpartition(":")[0] == __file__


def test_an_option_that_an_endpoint_does_not_take_is_refused():
    """It would go into the default table otherwise, in silence."""
    with pytest.raises(TypeError, match="GET /shown: .* takes no option 'routes'"):
        handle(Shown, routes=Routes())(shown)  # the option is `table`


@pytest.mark.parametrize("option", ["envelope", "etag", "mimetype", "raises", "returns", "status", "stream"])
def test_an_option_that_callers_have_to_know_belongs_to_the_endpoint(option):
    with pytest.raises(TypeError, match=rf"^@handle\(Shown\): give {option} to the Endpoint, which callers read too$"):
        handle(Shown, table=Routes(), **{option: None})


def test_a_class_of_fields_in_the_place_of_a_field_is_found():
    with pytest.raises(TypeError, match=r"Slip.page: PosIntQueryParameter is a class of fields"):

        class Slip(Request):
            page = PosIntQueryParameter


def test_a_class_of_fields_may_stand_in_a_request():
    class Own(Request):
        class Upper(Field[str]):
            def extract(self, request):
                return "UPPER"

        upper = Upper()

    assert Own(upper="x").upper == "x"


@pytest.mark.parametrize("cls", [handler, int, "Two", None])
def test_expect_takes_a_request(cls):
    with pytest.raises(TypeError, match="@expect takes a class of fields"):
        expect(cls)


def test_providers_are_a_list():
    async def provider(app):
        yield

    with pytest.raises(TypeError, match=r"providers must be a list, such as providers=\[.*provider"):
        build_app(providers=provider)
