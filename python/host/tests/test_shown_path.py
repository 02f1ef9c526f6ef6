"""Paths of Windows, on whatever system the tests run."""

import ntpath
import posixpath

from bettertogether_host.shown_path import relative


def test_a_file_is_named_from_the_workspace():
    assert relative('/w/src/qa.py', '/w', posixpath) == 'src/qa.py'
    assert relative('C:\\W\\src\\qa.py', 'c:\\w', ntpath) == 'src\\qa.py'
    assert relative('C:\\lib\\qa.py', 'C:\\w', ntpath) == '..\\lib\\qa.py'


def test_a_file_on_another_drive_is_named_as_it_is():
    assert relative('D:\\lib\\qa.py', 'C:\\w', ntpath) == 'D:\\lib\\qa.py'
    assert relative('\\\\server\\share\\qa.py', 'C:\\w', ntpath) == '\\\\server\\share\\qa.py'
