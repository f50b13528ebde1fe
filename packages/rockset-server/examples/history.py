import os
from enum import Enum

from langchain_community.chat_message_histories import RocksetChatMessageHistory
from rockset import RocksetClient


# The client takes https addresses of rockset.com only, or a member of an Enum.
class Server(str, Enum):
    local = os.environ.get('ROCKSET_APISERVER', 'http://127.0.0.1:4243')


client = RocksetClient(host=Server.local, api_key='any')
history = RocksetChatMessageHistory(session_id='user-42', client=client, collection='chat', sync=True)
history.add_user_message('hi')
history.add_ai_message('Hello!')
messages = history.messages
