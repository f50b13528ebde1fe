"""langchain-community's CassandraChatMessageHistory, for tests of a table that both use.

Settings: contact_points, port, local_data_center, keyspace; optional table_name and ttl_seconds, which calls may override.
A message is LangChain's JSON, or the text of it: only as text do NaN, -0.0, 1.0 and integers above 2^53 pass.
"""

import json
from functools import cache

from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import DCAwareRoundRobinPolicy
from langchain_community.chat_message_histories import CassandraChatMessageHistory
from langchain_core.messages import messages_from_dict, messages_to_dict

from peer import serve, settings

given = settings()
profile = ExecutionProfile(load_balancing_policy=DCAwareRoundRobinPolicy(given['local_data_center']))
cluster = Cluster(given['contact_points'], port=given['port'], execution_profiles={EXEC_PROFILE_DEFAULT: profile})
session = cluster.connect()
defaults = {name: given[name] for name in ('table_name', 'ttl_seconds') if name in given}


@cache
def history(session_id, **options):
    """The constructor creates the table."""
    return CassandraChatMessageHistory(session_id, session, given['keyspace'], **{**defaults, **options})


def add_messages(session_id, messages, **options):
    parsed = [json.loads(message) if isinstance(message, str) else message for message in messages]
    history(session_id, **options).add_messages(messages_from_dict(parsed))


def get_messages(session_id, as_text=False, **options):
    messages = messages_to_dict(history(session_id, **options).messages)
    return [json.dumps(message) for message in messages] if as_text else messages


def clear(session_id, **options):
    history(session_id, **options).clear()


serve({'add_messages': add_messages, 'get_messages': get_messages, 'clear': clear})
cluster.shutdown()
