export const settings = {
  bootstrapServers: process.env.KAFKA ?? '127.0.0.1:9092',
  topicPrefix: process.env.KAFKA_TOPIC_PREFIX ?? 'chat-',
}
