"""langchain-community's RocksetChatMessageHistory on rockset 2.1.2, for tests of a collection that both use.

Settings: url; optional collection, workspace, messages_key and sync, which calls may override. A message is the JSON text of LangChain's
form: only as text do NaN, -0.0, 1.0 and integers above 2^53 pass. One object serves all calls for a session, until it is forgotten.
"""

import json
from enum import Enum
from functools import cache

from langchain_community.chat_message_histories import RocksetChatMessageHistory
from langchain_core.messages import messages_from_dict, messages_to_dict
from rockset import RocksetClient

from peer import serve, settings

given = {**settings()}
# A text would have to be an https address of rockset.com.
Local = Enum('Local', {'url': given.pop('url')}, type=str)


@cache
def client():
    return RocksetClient(host=Local.url, api_key='any')


@cache
def history(session_id, **options):
    """The constructor makes the collection, and overwrites the session's document where it sees none."""
    return RocksetChatMessageHistory(session_id=session_id, client=client(), **{'collection': 'chat', **given, **options})


def construct(session_id, **options):
    history.cache_clear()
    history(session_id, **options)


def add(session_id, messages, **options):
    for message in messages_from_dict([json.loads(text) for text in messages]):
        history(session_id, **options).add_message(message)


def messages(session_id, **options):
    return [json.dumps(message) for message in messages_to_dict(history(session_id, **options).messages)]


def clear(session_id, **options):
    history(session_id, **options).clear()


def kwargs_after_add(session_id, message, **options):
    """What the caller's own message holds once it was added."""
    [original] = messages_from_dict([json.loads(message)])
    history(session_id, **options).add_message(original)
    return original.additional_kwargs


def find(session_id, message_id, **options):
    """Whether the class finds a message by the id that its `sync` waits for."""
    before = RocksetChatMessageHistory.ADD_TIMEOUT_MS
    RocksetChatMessageHistory.ADD_TIMEOUT_MS = 1
    try:
        history(session_id, **options)._wait_until_message_added(message_id)
        return True
    except TimeoutError:
        return False
    finally:
        RocksetChatMessageHistory.ADD_TIMEOUT_MS = before


def user_agents(count):
    """Makes so many histories on the shared client."""
    for number in range(count):
        RocksetChatMessageHistory(f'agent-{number}', client(), **{'collection': 'chat', **given})


methods = (construct, add, messages, clear, kwargs_after_add, find, user_agents)
serve({method.__name__: method for method in methods})
