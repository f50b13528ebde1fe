"""The planner: answers what customers asked at the desk. What it writes, the desk shows."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from langchain_community.chat_message_histories import KafkaChatMessageHistory
from langchain_core.messages import AIMessage

servers = os.environ.get('KAFKA', '127.0.0.1:9092')
prefix = os.environ.get('KAFKA_TOPIC_PREFIX', 'trip-')


def next_question(history):
    """Reads on where the group of this topic stopped. None if customers wrote nothing since."""
    # To join the group takes 3 s, and 6 where it is the first of a new broker: the default of 5 s would find nothing.
    while messages := history.messages_from_last_consumed(max_message_count=1, max_time_sec=10):
        if messages[0].type == 'human':
            return messages[0].content
    return None


class Planner(BaseHTTPRequestHandler):
    def do_POST(self):
        """POST /trips/<id>/answers: answers the next question of this trip."""
        parts = self.path.split('/')
        if parts[:2] != ['', 'trips'] or parts[3:] != ['answers']:
            return self.answer(404, None)
        # One partition: between several there is no order. The topic is the desk's, and if it comes first, it is made here.
        history = KafkaChatMessageHistory(prefix + parts[2], servers, partition=1)
        question = next_question(history)
        if question is None:
            return self.answer(200, None)
        text = f'There is a train: {question}.'
        history.add_messages([AIMessage(text)])
        return self.answer(200, text)

    def answer(self, status, value):
        body = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(('127.0.0.1', int(os.environ.get('PORT', '3001'))), Planner)
print(f'listening on http://127.0.0.1:{server.server_port}', flush=True)
server.serve_forever()
