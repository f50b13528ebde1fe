// An embedded DynamoDB: dynalite in this process, its data in files. One process at a time may hold the files.
import { once } from 'node:events'
import dynalite from 'dynalite'

// The SDK's notice on Node 20 is not what the demo is about.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'

/**
 * @param {string} path folder of the data
 * @returns {Promise<{ endpointUrl: string, close(): Promise<void> }>}
 */
export async function openDatabase(path) {
  const server = dynalite({ path, createTableMs: 0 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpointUrl: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve, reject) => server.close(error => (error ? reject(error) : resolve()))),
  }
}

/** @param {string} endpointUrl */
export function historyOptions(endpointUrl) {
  return {
    tableName: 'ChatHistory',
    endpointUrl,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'demo', secretAccessKey: 'demo' },
    setupMode: 'sync',
  }
}
