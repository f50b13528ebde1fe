"""langchain-community's DynamoDBChatMessageHistory, for tests of a table that both use.

Settings: endpoint_url or nothing for AWS, region_name, perhaps aws_access_key_id and aws_secret_access_key, table_name; and parameters of the
class, which calls may override: primary_key_name, key, ttl, ttl_key_name, history_size, history_messages_key, coerce_float_to_decimal.
A message is LangChain's JSON, or the text of it: only as text do -0.0, 1.0 and integers above 2^53 pass.
"""

import json
from decimal import Decimal

import boto3
from langchain_community.chat_message_histories import DynamoDBChatMessageHistory
from langchain_core.messages import messages_from_dict, messages_to_dict

from peer import serve, settings

given = settings()
connection = {
    name: given.pop(name) for name in ('region_name', 'aws_access_key_id', 'aws_secret_access_key') if name in given
}
session = boto3.Session(**connection)
client = session.client('dynamodb', endpoint_url=given.get('endpoint_url'))


def history(session_id, **options):
    return DynamoDBChatMessageHistory(**{**given, 'session_id': session_id, 'boto3_session': session, **options})


def add_messages(session_id, messages, **options):
    parsed = [json.loads(message) if isinstance(message, str) else message for message in messages]
    history(session_id, **options).add_messages(messages_from_dict(parsed))


def get_messages(session_id, as_text=False, **options):
    messages = messages_to_dict(history(session_id, **options).messages)
    return [json.dumps(message, default=number) if as_text else message for message in messages]


def clear(session_id, **options):
    history(session_id, **options).clear()


def raw_item(key):
    """As boto3's client gives it, with the types of DynamoDB; None when there is none."""
    wanted = {name: {'S': value} for name, value in key.items()}
    return client.get_item(TableName=given['table_name'], Key=wanted, ConsistentRead=True).get('Item')


def number(value):
    """What the class reads as Decimal."""
    if not isinstance(value, Decimal):
        raise TypeError(f'{value!r} is not JSON')
    return int(value) if value == value.to_integral_value() else float(value)


serve({'add_messages': add_messages, 'get_messages': get_messages, 'clear': clear, 'raw_item': raw_item})
