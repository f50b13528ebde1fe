import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { javaTool } from './java.js'

export const KEYSTORE_PASSWORD = 'changeit'

const ALIAS = 'server'

/** Makes a self-signed certificate for these addresses. @returns the keystore's path and the certificate, which is its own authority */
export async function makeCertificate(folder: string, hosts: readonly string[]): Promise<{ keystore: string; ca: string }> {
  const keystore = join(folder, 'server.p12')
  const store = ['-alias', ALIAS, '-storetype', 'PKCS12', '-keystore', keystore, '-storepass', KEYSTORE_PASSWORD]
  const names = hosts.map(host => `ip:${host}`).join(',')
  await keytool([
    '-genkeypair',
    '-keyalg',
    'RSA',
    '-keysize',
    '2048',
    '-dname',
    `CN=${hosts[0]}`,
    '-ext',
    `san=${names}`,
    ...store,
  ])
  const certificate = join(folder, 'server.pem')
  await keytool(['-exportcert', '-rfc', '-file', certificate, ...store])
  return { keystore, ca: await readFile(certificate, 'utf8') }
}

function keytool(parameters: string[]) {
  return promisify(execFile)(javaTool('keytool'), parameters)
}
