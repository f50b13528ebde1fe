import type {
  Addresses,
  CassandraAddress,
  Credentials,
  DynamoDBAddress,
  KafkaAddress,
  RocksetAddress,
  ServerName,
} from './addresses.js'

type Environment = Readonly<Record<string, string | undefined>>

/** The text after the first `;`, by name. A name without a value is `''`. */
type Settings = ReadonlyMap<string, string>

/** What is wrong with a value. Never quotes the value: it may hold a secret. */
class SyntaxProblem extends Error {}

const variables: { [Name in ServerName]: { syntax: string; parse(address: string, settings: Settings): Addresses[Name] } } = {
  cassandra: { syntax: '<host>:<port>[,…];dc=<data centre>[;user=…;password=…]', parse: cassandra },
  kafka: { syntax: '<host>:<port>[,…][;ssl][;sasl=plain|scram-sha-256;user=…;password=…]', parse: kafka },
  dynamodb: { syntax: '<endpoint URL> or aws:<region>', parse: dynamodb },
  rockset: { syntax: '<API server URL>;key=…', parse: rockset },
}

/** @returns what to give the variable to reach a server that was started here */
export function formatAddress(address: CassandraAddress | KafkaAddress | DynamoDBAddress): string {
  if ('bootstrapServers' in address) return address.bootstrapServers
  if ('endpoint' in address) return address.endpoint
  if ('region' in address) return `aws:${address.region}`
  const { contactPoints, port, localDataCenter } = address
  return `${contactPoints.map(host => `${host}:${port}`).join(',')};dc=${localDataCenter}`
}

export function variableOf(name: ServerName): string {
  return `HIST_${name.toUpperCase()}`
}

export function syntaxOf(name: ServerName): string {
  return variables[name].syntax
}

/** @returns the address that the server's environment variable gives */
export function addressFromEnvironment<Name extends ServerName>(
  name: Name,
  environment: Environment = process.env,
): Addresses[Name] | undefined {
  const value = environment[variableOf(name)]
  if (!value) return undefined
  const { syntax, parse } = variables[name]
  try {
    const [address = '', ...rest] = value.split(';')
    return parse(address, settingsOf(rest))
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    throw new Error(`${variableOf(name)} can not be read: ${error.message}. Its syntax: ${syntax}`)
  }
}

function cassandra(address: string, settings: Settings): CassandraAddress {
  only(settings, ['dc', 'user', 'password'])
  const nodes = hostsAndPorts(address)
  const ports = new Set(nodes.map(({ port }) => port))
  const [port, another] = [...ports]
  if (port === undefined || another !== undefined) throw new SyntaxProblem('all hosts need the same port')
  const localDataCenter = settings.get('dc')
  if (!localDataCenter) throw new SyntaxProblem('dc is missing')
  const credentials = credentialsOf(settings)
  return { contactPoints: nodes.map(({ host }) => host), port, localDataCenter, ...(credentials && { credentials }) }
}

function kafka(address: string, settings: Settings): KafkaAddress {
  only(settings, ['ssl', 'sasl', 'user', 'password'])
  const bootstrapServers = hostsAndPorts(address)
    .map(({ host, port }) => `${host}:${port}`)
    .join(',')
  const mechanism = settings.get('sasl')
  const credentials = credentialsOf(settings)
  if ((mechanism === undefined) !== (credentials === undefined)) throw new SyntaxProblem('sasl, user and password go together')
  if (mechanism !== undefined && mechanism !== 'plain' && mechanism !== 'scram-sha-256')
    throw new SyntaxProblem('sasl is unknown')
  return {
    bootstrapServers,
    ...(settings.has('ssl') && { ssl: true }),
    ...(mechanism && credentials && { sasl: { mechanism, ...credentials } }),
  }
}

function dynamodb(address: string, settings: Settings): DynamoDBAddress {
  only(settings, [])
  const [, region] = /^aws:([\w-]+)$/.exec(address) ?? []
  return region === undefined ? { endpoint: url(address) } : { region }
}

function rockset(address: string, settings: Settings): RocksetAddress {
  only(settings, ['key'])
  const apiKey = settings.get('key')
  if (!apiKey) throw new SyntaxProblem('key is missing')
  return { apiServer: url(address), apiKey }
}

function settingsOf(parts: readonly string[]): Settings {
  return new Map(
    parts.map(part => {
      const [name = '', ...value] = part.split('=')
      return [name.trim(), value.join('=')]
    }),
  )
}

function only(settings: Settings, names: readonly string[]): void {
  if ([...settings.keys()].some(name => !names.includes(name))) throw new SyntaxProblem('it has a setting that is unknown')
}

function credentialsOf(settings: Settings): Credentials | undefined {
  const [username, password] = [settings.get('user'), settings.get('password')]
  if (username === undefined && password === undefined) return undefined
  if (!username || password === undefined) throw new SyntaxProblem('user and password go together')
  return { username, password }
}

function hostsAndPorts(list: string): { host: string; port: number }[] {
  return list.split(',').map(entry => {
    const [, host, port = ''] = /^(\S+):(\d{1,5})$/.exec(entry.trim()) ?? []
    if (host === undefined || Number(port) === 0 || Number(port) > 65_535) throw new SyntaxProblem('a host and port is missing')
    return { host, port: Number(port) }
  })
}

function url(text: string): string {
  if (!/^https?:/.test(text) || !URL.canParse(text)) throw new SyntaxProblem('the URL is missing')
  return text
}
