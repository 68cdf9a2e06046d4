"""What tests of pages ask with, and read off them."""

import re

PAGE = {"Sec-Fetch-Site": "same-origin"}  # what a browser says of a request by our own page


def dataset_id(client, name):
    """The id of a dataset in the list."""
    return re.search(rf'id="name-([\w.-]+)"><a [^>]+><bdi>{name}<', client.get("/datasets").text)[1]
