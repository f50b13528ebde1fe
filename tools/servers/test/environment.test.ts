import { expect, test } from 'vitest'
import { addressFromEnvironment, formatAddress } from '../src/environment.js'

const cassandra = (value: string) => addressFromEnvironment('cassandra', { HIST_CASSANDRA: value })
const kafka = (value: string) => addressFromEnvironment('kafka', { HIST_KAFKA: value })
const dynamodb = (value: string) => addressFromEnvironment('dynamodb', { HIST_DYNAMODB: value })
const rockset = (value: string) => addressFromEnvironment('rockset', { HIST_ROCKSET: value })

test('a variable that is not set or empty gives no address', () => {
  expect(addressFromEnvironment('cassandra', {})).toBeUndefined()
  expect(cassandra('')).toBeUndefined()
})

test('HIST_CASSANDRA', () => {
  const address = { contactPoints: ['127.0.0.1', '127.0.0.2'], port: 9042, localDataCenter: 'datacenter1' }
  expect(cassandra('127.0.0.1:9042,127.0.0.2:9042;dc=datacenter1')).toEqual(address)
  expect(cassandra('127.0.0.1:9042,127.0.0.2:9042;dc=datacenter1;user=me;password=a=b')).toEqual({
    ...address,
    credentials: { username: 'me', password: 'a=b' },
  })
  expect(cassandra(formatAddress(address))).toEqual(address)
})

test('HIST_KAFKA', () => {
  const address = { bootstrapServers: '127.0.0.1:9092,broker:9093' }
  expect(kafka('127.0.0.1:9092, broker:9093')).toEqual(address)
  expect(kafka('127.0.0.1:9092,broker:9093;ssl;sasl=scram-sha-256;user=me;password=secret')).toEqual({
    ...address,
    ssl: true,
    sasl: { mechanism: 'scram-sha-256', username: 'me', password: 'secret' },
  })
  expect(kafka(formatAddress(address))).toEqual(address)
})

test('HIST_DYNAMODB and HIST_ROCKSET', () => {
  expect(dynamodb('http://127.0.0.1:8000')).toEqual({ endpoint: 'http://127.0.0.1:8000' })
  expect(dynamodb('aws:eu-central-1')).toEqual({ region: 'eu-central-1' })
  for (const address of [{ endpoint: 'http://127.0.0.1:8000' }, { region: 'eu-central-1' }]) {
    expect(dynamodb(formatAddress(address))).toEqual(address)
  }
  expect(rockset('https://127.0.0.1:1;key=secret')).toEqual({ apiServer: 'https://127.0.0.1:1', apiKey: 'secret' })
})

test.each([
  ['no data centre', () => cassandra('127.0.0.1:9042')],
  ['no port', () => cassandra('127.0.0.1;dc=a')],
  ['a port out of range', () => cassandra('127.0.0.1:65536;dc=a')],
  ['two ports', () => cassandra('127.0.0.1:1,127.0.0.2:2;dc=a')],
  ['a user without a password', () => cassandra('127.0.0.1:1;dc=a;user=me')],
  ['an unknown setting', () => cassandra('127.0.0.1:1;dc=a;datacentre=b')],
  ['a user without a mechanism', () => kafka('127.0.0.1:1;user=me;password=topsecret')],
  ['an unknown mechanism', () => kafka('127.0.0.1:1;sasl=gssapi;user=me;password=topsecret')],
  ['no URL', () => dynamodb('127.0.0.1:8000')],
  ['no key', () => rockset('https://127.0.0.1:1')],
])('%s is refused, and told without the value', (_, parse) => {
  expect(parse).toThrow(/^HIST_\w+ can not be read: .+ Its syntax: /)
  expect(parse).not.toThrow(/topsecret|datacentre=/)
})
