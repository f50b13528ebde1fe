// npm start
import { startServer } from './server.js'
import { store } from './store.js'

const server = await startServer(store, Number(process.env.PORT ?? 3000))

// The process ends by itself when the last request is answered and the store is closed. A second signal ends it at once.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => server.stop())
console.info(`listening on http://localhost:${server.port}`)
