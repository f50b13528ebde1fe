"""langchain-community's KafkaChatMessageHistory, for tests of a topic that both use.

Settings: bootstrap_servers; optional ttl_ms, replication_factor and partition, which calls may override.
A session id is the name of a topic. A message is LangChain's JSON, or the text of it: only as text do NaN, -0.0, 1.0 and integers above
2^53 pass. A reading method returns as soon as it has max_message_count messages, else after max_time_sec.
"""

import json
import time
from functools import cache

from confluent_kafka import Consumer, Producer, TopicPartition
from langchain_community.chat_message_histories import KafkaChatMessageHistory
from langchain_core.messages import messages_from_dict, messages_to_dict

from peer import serve, settings

given = settings()
joined = {}


@cache
def history(session_id, **options):
    """The constructor makes the topic."""
    return KafkaChatMessageHistory(session_id, **{**given, **options})


def add_messages(session_id, messages, one_by_one=False, **options):
    parsed = [json.loads(message) if isinstance(message, str) else message for message in messages]
    converted = messages_from_dict(parsed)
    calls = [[message] for message in converted] if one_by_one else [converted]
    for call in calls:
        history(session_id, **options).add_messages(call)
        # Its records have a time in milliseconds, and nothing else that tells their order between partitions.
        written = milliseconds()
        while milliseconds() == written:
            time.sleep(0.0002)


def milliseconds():
    return int(time.time() * 1000)


def read(session_id, method, as_text=False, **parameters):
    messages = messages_to_dict(getattr(history(session_id), method)(**parameters))
    return [json.dumps(message) for message in messages] if as_text else messages


def messages(session_id):
    return messages_to_dict(history(session_id).messages)


def clear(session_id):
    history(session_id).clear()


def forget(session_id):
    """The next call makes a new object, as another process would."""
    history.cache_clear()


def committed(session_id, partitions=1):
    """Offset and metadata by partition; an offset below 0 is none."""
    consumer = Consumer({'bootstrap.servers': given['bootstrap_servers'], 'group.id': session_id})
    wanted = [TopicPartition(session_id, partition) for partition in range(partitions)]
    found = consumer.committed(wanted, timeout=20)
    consumer.close()
    return [{'offset': place.offset, 'metadata': place.metadata} for place in found]


def commit(session_id, offset, metadata):
    consumer = Consumer({'bootstrap.servers': given['bootstrap_servers'], 'group.id': session_id})
    consumer.commit(offsets=[TopicPartition(session_id, 0, offset, metadata)], asynchronous=False)
    consumer.close()


def join(session_id):
    """A reader that stays, as the class's readers do for some seconds."""
    consumer = Consumer({'bootstrap.servers': given['bootstrap_servers'], 'group.id': session_id})
    consumer.subscribe([session_id])
    while not consumer.assignment():
        consumer.poll(0.1)
    joined[session_id] = consumer


def leave(session_id):
    joined.pop(session_id).close()


def produce(session_id, value, compression):
    """As a producer does that an operator has set to compress."""
    producer = Producer({'bootstrap.servers': given['bootstrap_servers'], 'compression.type': compression})
    producer.produce(session_id, value)
    producer.flush(20)


methods = (add_messages, read, messages, clear, forget, committed, commit, join, leave, produce)
serve({method.__name__: method for method in methods})
