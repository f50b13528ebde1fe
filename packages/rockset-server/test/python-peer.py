"""rockset 2.1.2 and langchain-community's RocksetChatMessageHistory, for tests of the server. Settings: url."""

import json
import os
import runpy
from enum import Enum
from functools import cache

from langchain_community.chat_message_histories import RocksetChatMessageHistory
from langchain_core.messages import messages_from_dict, messages_to_dict
from rockset import RocksetClient

from peer import serve, settings

# A text would have to be an https address of rockset.com.
Local = Enum('Local', {'url': settings()['url']}, type=str)


@cache
def client():
    return RocksetClient(host=Local.url, api_key='any')


def history(session_id, **options):
    return RocksetChatMessageHistory(session_id=session_id, client=client(), collection='chat', **options)


def construct(session_id, **options):
    history(session_id, **options)


def add(session_id, messages, **options):
    """Messages as JSON text, so that integers above 2^53 pass."""
    target = history(session_id, **options)
    for message in messages_from_dict([json.loads(text) for text in messages]):
        target.add_message(message)


def messages(session_id, **options):
    return [json.dumps(message) for message in messages_to_dict(history(session_id, **options).messages)]


def clear(session_id, **options):
    history(session_id, **options).clear()


def create_workspace(name):
    client().Workspaces.create(name=name)


def error_of(call):
    """Name and HTTP status of the exception that a call of the client raises."""
    calls = {
        'missing': lambda: client().Collections.get(collection='missing', workspace='commons'),
        'twice': lambda: client().Workspaces.create(name='commons'),
        'function': lambda: client().sql('SELECT COUT(*) FROM commons.chat'),
    }
    try:
        calls[call]()
    except Exception as exception:
        return [type(exception).__name__, getattr(exception, 'status', None)]


def values():
    params = {'t': 'x', 'i': 100, 'f': 1.5, 'b': True}
    return client().sql('SELECT :t AS t, :i AS i, :f AS f, :b AS b', params=params).results


def run_example(path):
    """A program like those that people have."""
    os.environ['ROCKSET_APISERVER'] = Local.url.value
    return [message.content for message in runpy.run_path(path)['messages']]


serve(
    {
        function.__name__: function
        for function in (construct, add, messages, clear, create_workspace, error_of, values, run_example)
    }
)
