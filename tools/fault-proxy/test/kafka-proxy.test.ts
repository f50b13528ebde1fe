import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type KafkaProxy, type KafkaRequest, type KafkaRule, startKafkaProxy } from '../src/kafka/index.js'
import { answerTo, Client, FakeBroker, framed, int16, int32, METADATA, PRODUCE, requestFrame, string } from './kafka-wire.js'

let broker: FakeBroker
let proxy: KafkaProxy
let client: Client

beforeEach(async () => {
  broker = await new FakeBroker().start()
  proxy = await startKafkaProxy()
  client = await Client.open(proxy, broker.port)
})

afterEach(async () => {
  await proxy.close()
  await broker.stop()
})

/** The fault for the request of this correlation id. */
function on(id: number, fault: ReturnType<KafkaRule>): KafkaRule {
  return request => (request.correlationId === id ? fault : undefined)
}

const eventually = <T>(value: () => T) => expect.poll(value, { interval: 5, timeout: 10_000 })

function gate(): { opened: Promise<undefined>; open: () => void } {
  let open: () => void = () => undefined
  const opened = new Promise<undefined>(resolve => {
    open = () => resolve(undefined)
  })
  return { opened, open }
}

async function inPieces(socket: Socket, bytes: Buffer): Promise<void> {
  for (const byte of bytes) await new Promise(done => socket.write(Buffer.of(byte), done))
}

describe('frames', () => {
  const large = { id: 3, rest: Buffer.alloc(2_000_000, 'x') }

  test('pass unchanged, joined', async () => {
    client.send({ id: 1 }, { id: 2, clientId: null }, large, { id: 4 })
    await eventually(() => client.answers.length).toBe(4)
    const expected = [{ id: 1 }, { id: 2, clientId: null }, large, { id: 4 }].map(answerTo)
    // Comparing megabytes with toEqual takes seconds.
    expect(client.answers.map((answer, index) => answer.equals(expected[index] ?? Buffer.alloc(0)))).toEqual([
      true,
      true,
      true,
      true,
    ])
  })

  test('pass unchanged, in pieces, in both directions', async () => {
    let answered = Promise.resolve()
    broker.answer = (socket, request) => {
      answered = answered.then(() => inPieces(socket, framed(request.subarray(4, 8), request)))
    }
    client.socket.setNoDelay(true)
    await inPieces(client.socket, Buffer.concat([requestFrame({ id: 1 }), requestFrame({ id: 2 })]))
    await eventually(() => client.answers).toEqual([answerTo({ id: 1 }), answerTo({ id: 2 })])
  })

  test('that are no requests pass', async () => {
    client.socket.write(Buffer.concat([framed(), framed(Buffer.from('raw')), requestFrame({ id: 1 })]))
    broker.answer = (socket, request) => socket.write(framed(request.subarray(0, 3)))
    await eventually(() => client.answers.map(String)).toEqual(['', 'raw', '\0\u0001\0'])
    expect(proxy.counts()).toEqual({ Fetch: 1 })
  })

  test('of a length below zero end the connection', async () => {
    client.socket.write(int32(-1))
    await client.closed
    await eventually(() => broker.sockets.size).toBe(0)
  })
})

describe('counts', () => {
  test('by the name of the api', async () => {
    client.send({ id: 1, api: METADATA }, { id: 2 }, { id: 3 }, { id: 4, api: 10 }, { id: 5, api: 68 })
    await eventually(() => client.answers.length).toBe(5)
    expect(proxy.counts()).toEqual({ Metadata: 1, Fetch: 2, FindCoordinator: 1, Api68: 1 })
    expect([proxy.count('Fetch'), proxy.count('Api68'), proxy.count('Produce')]).toEqual([2, 1, 0])
  })

  test('what the broker never sees, too', async () => {
    proxy.use(() => 'drop-before')
    client.send({ id: 1 })
    await client.closed
    expect(proxy.counts()).toEqual({ Fetch: 1 })
  })

  test.each([
    [11, 'JoinGroup'],
    [18, 'ApiVersions'],
    [22, 'InitProducerId'],
    [32, 'DescribeConfigs'],
    [47, 'OffsetDelete'],
    [48, 'Api48'],
  ] as const)('api key %i is %s', async (api, name) => {
    client.send({ id: 1, api })
    await eventually(() => proxy.counts()).toEqual({ [name]: 1 })
  })

  test('of connections: open, ever opened, by port', async () => {
    const other = await new FakeBroker().start()
    const second = await Client.open(proxy, broker.port)
    const third = await Client.open(proxy, other.port)
    expect(proxy.connections()).toEqual({ open: 3, opened: 3 })
    expect([proxy.connections(broker.port), proxy.connections(other.port), proxy.connections(1)]).toEqual([
      { open: 2, opened: 2 },
      { open: 1, opened: 1 },
      { open: 0, opened: 0 },
    ])
    second.socket.end()
    third.socket.resetAndDestroy()
    await eventually(() => proxy.connections()).toEqual({ open: 1, opened: 3 })
    await eventually(() => [broker.sockets.size, other.sockets.size]).toEqual([1, 0])
    await other.stop()
  })

  test('reset forgets counts, rule and blocked ports, and keeps connections', async () => {
    const nths: number[] = []
    const watch: KafkaRule = ({ nth }) => {
      nths.push(nth)
      return 'hold-request'
    }
    proxy.use(watch)
    proxy.blockPort(broker.port)
    client.send({ id: 1 }, { id: 2 })
    await eventually(() => nths).toEqual([1, 2])
    proxy.reset()
    expect([proxy.counts(), proxy.connections()]).toEqual([{}, { open: 1, opened: 0 }])
    client.send({ id: 3 })
    await eventually(() => client.ids()).toEqual([3])
    proxy.use(watch)
    client.send({ id: 4 })
    await eventually(() => nths).toEqual([1, 2, 2])
    await Client.open(proxy, broker.port)
  })
})

describe('a rule', () => {
  test('is given the request', async () => {
    const seen: KafkaRequest[] = []
    proxy.use(request => {
      seen.push(request)
      return undefined
    })
    client.send({ id: 7, api: METADATA, version: 6 }, { id: 8, clientId: null })
    await eventually(() => client.ids()).toEqual([7, 8])
    const common = { broker: { host: '127.0.0.1', port: broker.port }, nth: 1, produce: undefined }
    expect(seen).toEqual([
      { ...common, api: 'Metadata', version: 6, correlationId: 7, clientId: 'me', body: broker.received[0] },
      { ...common, api: 'Fetch', version: 11, correlationId: 8, clientId: null, body: broker.received[1] },
    ])
  })

  test('that waits holds its request and those behind, of this connection', async () => {
    const { opened, open } = gate()
    proxy.use(on(1, opened))
    const other = await Client.open(proxy, broker.port)
    client.send({ id: 1 }, { id: 2 })
    await eventually(() => proxy.count('Fetch')).toBe(2)
    other.send({ id: 3 })
    await eventually(() => other.ids()).toEqual([3])
    expect(broker.ids()).toEqual([3])
    open()
    await eventually(() => client.ids()).toEqual([1, 2])
    expect(broker.ids()).toEqual([3, 1, 2])
  })

  test.each([
    ['itself', { rule: () => fails() }],
    ['later', { rule: () => Promise.resolve().then(fails) }],
    ['rewriting', { rule: () => ({ answer: fails }) }],
  ] as const)('that throws %s is heard of when the proxy is closed', async (_title, { rule }) => {
    const own = await startKafkaProxy(rule)
    const lost = await Client.open(own, broker.port)
    lost.send({ id: 1 })
    await lost.closed
    expect(lost.answers).toEqual([])
    await expect(own.close()).rejects.toThrow('mistake in the rule')
  })

  function fails(): never {
    throw new Error('mistake in the rule')
  }
})

describe('faults', () => {
  test('drop-before', async () => {
    proxy.use(on(2, 'drop-before'))
    client.send({ id: 1 }, { id: 2 }, { id: 3 })
    await client.closed
    await eventually(() => broker.sockets.size).toBe(0)
    expect(broker.ids()).toEqual([1])
  })

  test('cut-after closes with the answer, and not before', async () => {
    const { opened, open } = gate()
    const echo = broker.answer
    broker.answer = async (socket, request) => {
      if (request.readInt32BE(4) === 2) await opened
      echo(socket, request)
    }
    proxy.use(on(2, 'cut-after'))
    client.send({ id: 1 }, { id: 2 })
    await eventually(() => broker.ids()).toEqual([1, 2])
    await eventually(() => client.ids()).toEqual([1])
    expect(proxy.connections().open).toBe(1)
    open()
    await client.closed
    expect(client.ids()).toEqual([1])
    await eventually(() => broker.sockets.size).toBe(0)
  })

  test('lose-answer', async () => {
    proxy.use(on(1, 'lose-answer'))
    client.send({ id: 1 }, { id: 2 })
    await eventually(() => client.ids()).toEqual([2])
    expect([broker.ids(), proxy.connections().open]).toEqual([[1, 2], 1])
  })

  test('hold-request', async () => {
    proxy.use(on(1, 'hold-request'))
    client.send({ id: 1 }, { id: 2 })
    await eventually(() => client.ids()).toEqual([2])
    expect([broker.ids(), proxy.connections().open]).toEqual([[2], 1])
  })

  test('a delayed request is not overtaken', async () => {
    proxy.use(on(1, { delayMs: 100 }))
    const start = performance.now()
    client.send({ id: 1 }, { id: 2 })
    await eventually(() => client.ids()).toEqual([1, 2])
    expect(broker.ids()).toEqual([1, 2])
    expect(performance.now() - start).toBeGreaterThan(90)
  })

  test('a delayed answer is not overtaken', async () => {
    proxy.use(on(1, { delayAnswerMs: 100 }))
    const start = performance.now()
    client.send({ id: 1 }, { id: 2 })
    await eventually(() => client.ids()).toEqual([1, 2])
    expect(performance.now() - start).toBeGreaterThan(90)
  })

  test.each([{ delayMs: 300 }, { delayAnswerMs: 300 }])('delays run at the same time: %o', async fault => {
    proxy.use(() => fault)
    const start = performance.now()
    client.send(...Array.from({ length: 20 }, (_, id) => ({ id })))
    await eventually(() => client.answers.length).toBe(20)
    expect(performance.now() - start).toBeLessThan(3_000)
  })

  test('a waiting request still lands when its client has left', async () => {
    const { opened, open } = gate()
    proxy.use(() => opened)
    client.send({ id: 1 })
    await eventually(() => proxy.count('Fetch')).toBe(1)
    client.socket.end()
    await client.closed
    await eventually(() => proxy.connections().open).toBe(0)
    expect(broker.ids()).toEqual([])
    open()
    await eventually(() => broker.ids()).toEqual([1])
    await eventually(() => broker.sockets.size).toBe(0)
  })

  test('answer rewrites what follows the correlation id', async () => {
    proxy.use(on(1, { answer: body => Buffer.concat([Buffer.from('longer '), body]) }))
    client.send({ id: 1 }, { id: 2 })
    await eventually(() => client.answers.length).toBe(2)
    const body = answerTo({ id: 1 }).subarray(4)
    expect(client.answers).toEqual([Buffer.concat([int32(1), Buffer.from('longer '), body]), answerTo({ id: 2 })])
  })

  test('reply answers without the broker, after what the broker owes', async () => {
    const { opened, open } = gate()
    const echo = broker.answer
    broker.answer = async (socket, request) => {
      await opened
      echo(socket, request)
    }
    proxy.use(on(2, { reply: Buffer.from('mine') }))
    client.send({ id: 1 }, { id: 2 }, { id: 3 })
    await eventually(() => broker.ids()).toEqual([1, 3])
    expect(client.answers).toEqual([])
    open()
    await eventually(() => client.answers.length).toBe(3)
    expect(client.answers).toEqual([answerTo({ id: 1 }), Buffer.concat([int32(2), Buffer.from('mine')]), answerTo({ id: 3 })])
  })

  test('a request without an answer (acks 0) holds up nothing', async () => {
    const echo = broker.answer
    broker.answer = (socket, request) => request.readInt32BE(4) !== 1 && echo(socket, request)
    client.send({ id: 1, api: PRODUCE }, { id: 2 })
    await eventually(() => client.ids()).toEqual([2])
  })
})

describe('produce', () => {
  function batch(producerId: bigint, epoch: number, sequence: number, count: number): Buffer {
    const bytes = Buffer.alloc(61 + 5)
    bytes.writeInt8(2, 16)
    bytes.writeBigInt64BE(producerId, 43)
    bytes.writeInt16BE(epoch, 51)
    bytes.writeInt32BE(sequence, 53)
    bytes.writeInt32BE(count, 57)
    return Buffer.concat([int32(bytes.length), bytes])
  }
  const rest = (transactionalId: string | null) =>
    Buffer.concat([
      ...[string(transactionalId), int16(-1), int32(30_000), int32(2)],
      ...[string('é'), int32(2), int32(0), batch(2n ** 40n, 3, 17, 2), int32(5), batch(2n ** 40n, 3, 2 ** 31 - 1, 1)],
      ...[string('other'), int32(1), int32(1), batch(-1n, -1, -1, 300)],
    ])
  const topics = [
    {
      topic: 'é',
      partitions: [
        { partition: 0, producerId: 2n ** 40n, producerEpoch: 3, baseSequence: 17, recordCount: 2 },
        { partition: 5, producerId: 2n ** 40n, producerEpoch: 3, baseSequence: 2 ** 31 - 1, recordCount: 1 },
      ],
    },
    { topic: 'other', partitions: [{ partition: 1, producerId: -1n, producerEpoch: -1, baseSequence: -1, recordCount: 300 }] },
  ]

  test('is read in versions 3 to 8', async () => {
    const seen: unknown[] = []
    proxy.use(({ version, produce }) => {
      seen.push([version, produce])
      return undefined
    })
    client.send(...[2, 3, 7, 8, 9].map((version, id) => ({ id, api: PRODUCE, version, rest: rest(null) })))
    client.send({ id: 6, api: PRODUCE, version: 7, clientId: null, rest: rest('transaction') })
    client.send({ id: 7, version: 7, rest: rest(null) })
    await eventually(() => seen.length).toBe(7)
    expect(seen).toEqual([
      ...[2, 3, 7, 8, 9].map(version => [version, version >= 3 && version <= 8 ? { topics } : undefined]),
      [7, { topics }],
      [7, undefined],
    ])
  })
})

describe('connections', () => {
  test('cut, all or to one port', async () => {
    const other = await new FakeBroker().start()
    const far = await Client.open(proxy, other.port)
    proxy.use(() => 'hold-request')
    client.send({ id: 1 })
    await eventually(() => proxy.count('Fetch')).toBe(1)
    proxy.cutConnections(broker.port)
    expect([proxy.connections(broker.port).open, proxy.connections().open]).toEqual([0, 1])
    await client.closed
    await eventually(() => broker.sockets.size).toBe(0)
    proxy.cutConnections()
    await far.closed
    expect(proxy.connections()).toEqual({ open: 0, opened: 2 })
    await other.stop()
  })

  test('to a blocked port are refused, open ones stay', async () => {
    proxy.blockPort(broker.port)
    await expect(Client.open(proxy, broker.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    client.send({ id: 1 })
    await eventually(() => client.ids()).toEqual([1])
    proxy.unblockPort(broker.port)
    await Client.open(proxy, broker.port)
    expect(proxy.connections()).toEqual({ open: 2, opened: 2 })
  })

  test('that are on their way when the port is blocked do not come through', async () => {
    let connected = false
    const onConnect = () => {
      connected = true
    }
    const socket = proxy.socketFactory({ host: '127.0.0.1', port: broker.port, onConnect })
    proxy.blockPort(broker.port)
    socket.resume()
    await once(socket, 'close')
    expect([connected, proxy.connections()]).toEqual([false, { open: 1, opened: 1 }])
  })

  test('to a broker that is down fail as without the proxy', async () => {
    const { port } = broker
    await broker.stop()
    await client.closed
    await expect(Client.open(proxy, port)).rejects.toMatchObject({ code: 'ECONNREFUSED', port })
    expect(proxy.connections()).toEqual({ open: 0, opened: 1 })
    await broker.start()
  })

  test.each(['end', 'destroy'] as const)('that were given up with %s while connecting stay closed', async giveUp => {
    let connected = false
    const onConnect = () => {
      connected = true
    }
    const socket = proxy.socketFactory({ host: '127.0.0.1', port: broker.port, onConnect })
    socket.on('connect', onConnect)
    socket[giveUp]()
    await Client.open(proxy, broker.port)
    await eventually(() => broker.accepted).toBe(3)
    await eventually(() => broker.sockets.size).toBe(2)
    expect([connected, proxy.connections()]).toEqual([false, { open: 2, opened: 2 }])
  })

  test('that do not come from the socket factory are closed', async () => {
    const stranger = connect(client.socket.remotePort ?? 0, '127.0.0.1', () => stranger.write(requestFrame({ id: 1 })))
    stranger.resume()
    await once(stranger, 'close')
    expect([proxy.counts(), proxy.connections().opened]).toEqual([{}, 1])
  })

  test('that a broker closes are closed, after its answers', async () => {
    broker.answer = (socket, request) => socket.end(framed(request.subarray(4, 8), request))
    proxy.use(on(1, { delayAnswerMs: 50 }))
    client.send({ id: 1 })
    await client.closed
    expect(client.ids()).toEqual([1])
  })

  test('that a broker resets are closed', async () => {
    broker.answer = socket => socket.resetAndDestroy()
    client.send({ id: 1 }, { id: 2 })
    await client.closed
    await eventually(() => proxy.connections().open).toBe(0)
  })

  test('with TLS are refused: nothing could be read', () => {
    const broken = { host: '127.0.0.1', port: broker.port, ssl: {}, onConnect: () => undefined }
    expect(() => proxy.socketFactory(broken)).toThrow('TLS')
  })

  test('close ends what is held, delayed and on its way, and takes no more', async () => {
    const own = await startKafkaProxy(({ correlationId }) => (correlationId === 1 ? 'hold-request' : { delayMs: 60_000 }))
    const held = await Client.open(own, broker.port)
    held.send({ id: 1 }, { id: 2 })
    await eventually(() => own.count('Fetch')).toBe(2)
    const onItsWay = Client.open(own, broker.port)
    await Promise.all([own.close(), held.closed, expect(onItsWay).rejects.toThrow()])
    await expect(Client.open(own, broker.port)).rejects.toThrow(`ECONNREFUSED 127.0.0.1:${broker.port}`)
    await eventually(() => broker.sockets.size).toBe(1)
    expect(own.connections().open).toBe(0)
  })
})
