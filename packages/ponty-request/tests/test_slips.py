"""Slips that one makes when one declares a request, and what says so before anything is served."""

import pytest

from ponty.core import build_app, get
from ponty.request import Field, PosIntQueryParameter, Request, StringRouteParameter, expect


class Two(Request):
    name = StringRouteParameter()
    bangs = PosIntQueryParameter(default=1)


async def handler(name: str, bangs: int) -> str:
    return name + "!" * bangs


def test_a_field_that_is_no_part_of_a_path_is_not_written_into_one():
    with pytest.raises(TypeError, match="PosIntQueryParameter 'bangs' is no part of a path"):
        f"/hello/{Two.bangs}"


def test_the_route_stands_above_expect():
    with pytest.raises(TypeError, match="below the decorator of the route"):
        expect(Two)(get(f"/hello/{Two.name}")(handler))


def test_a_route_has_a_path():
    with pytest.raises(TypeError, match="a route needs a path.*'handler'"):
        get(handler)


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

    with pytest.raises(TypeError, match=r"providers is a list, as providers=\[.*provider"):
        build_app(providers=provider)
