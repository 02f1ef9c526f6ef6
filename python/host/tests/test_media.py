"""Images and sounds in rows: what makes one, and what is refused in the place of one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import dspy
import pytest
from bettertogether_host.exact import exact, revived
from bettertogether_host.media import refuse_paths
from bettertogether_host.plain import revive
from bettertogether_host.user_errors import MediaError

PNG = b'\x89PNG\r\n\x1a\n'
PNG_URL = 'data:image/png;base64,iVBORw0KGgo='


@pytest.mark.parametrize(
    ('value', 'url'),
    [
        ('https://example.com/a.png', 'https://example.com/a.png'),
        ('gs://bucket/a.png', 'gs://bucket/a.png'),
        (PNG, PNG_URL),
        ({'bytes': PNG, 'path': 'a.png'}, PNG_URL),
    ],
)
def test_images_of_data_files(value: Any, url: str) -> None:
    kinds = {'x': dspy.Image, 'y': list[dspy.Image], 'z': dspy.Image | None, 'u': list[dspy.Image] | None}
    written = exact({'x': value, 'y': [value], 'z': value, 'u': [value]})
    images = revived(written, kinds, {}.__getitem__)
    assert [images['x'].url, images['y'][0].url, images['z'].url, images['u'][0].url] == [url] * 4


@pytest.mark.parametrize('value', [b'RIFF', {'bytes': b'RIFF', 'path': None}])
def test_sounds_of_data_files(value: Any) -> None:
    sound = revived(exact({'x': value}), {'x': dspy.Audio}, {}.__getitem__)['x']
    assert (sound.data, sound.audio_format) == ('UklGRg==', 'wav')


@pytest.mark.parametrize('value', ['a.png', {'url': 'a.png'}, {'bytes': None, 'path': 'a.png'}])
def test_a_path_makes_no_image(value: Any) -> None:
    assert revived({'x': value}, {'x': dspy.Image}, {}.__getitem__) == {'x': value}


@pytest.mark.parametrize(
    ('images', 'told'),
    [
        (['a.png'], "is a text: 'a.png'"),
        ([{'url': 'a.png'}], "is of type dict: {'url': 'a.png'}"),
        ([{'bytes': None, 'path': 'a.png'}], 'is of type dict: '),
        ([b'no image'], 'is data of no known format'),
        ([3], 'is of type int: 3'),
    ],
)
def test_nothing_else_is_sent_in_the_place_of_images(images: list[Any], told: str) -> None:
    signature = dspy.Signature('a: list[dspy.Image] | None, b: list[dspy.Image | str], c: dict[str, dspy.Image] -> d')
    inputs = {name: revive(images, field.annotation) for name, field in signature.input_fields.items()}
    with pytest.raises(MediaError, match='The input a is a dspy.Image, and this ' + re.escape(told)):
        refuse_paths(signature, inputs)
    refuse_paths(signature, {**inputs, 'a': [dspy.Image(**{'url': PNG_URL}), '', 'gs://b/a.png', None, {}]})
    refuse_paths(signature, {**inputs, 'a': None})


@pytest.mark.parametrize('kind', [list[Callable[[str], str]], dict[str, dspy.Image], dspy.Image | str, Any])
def test_what_may_be_something_else_is_let_through(kind: Any) -> None:
    signature = dspy.Signature('x -> y').with_updated_fields('x', kind)
    refuse_paths(signature, {'x': 'cat.png'})
