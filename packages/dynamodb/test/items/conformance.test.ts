import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConformanceSetup, historyBackendContract } from '@hist/core/conformance'
import * as vitest from 'vitest'
import { awkwardItems, type ConformanceOptions, setUp } from '../conformance-setup.js'
import { openDatabase } from '../database.js'

async function inMemory(options: ConformanceOptions): Promise<ConformanceSetup> {
  return setUp(await openDatabase(), options)
}

async function onFile(options: ConformanceOptions): Promise<ConformanceSetup> {
  const folder = await mkdtemp(join(tmpdir(), 'hist-dynamodb-'))
  const database = await openDatabase(folder)
  return setUp(database, options, async () => {
    await database.close()
    await rm(folder, { recursive: true })
  })
}

historyBackendContract({ runner: vitest, name: 'DynamoDB items, by default', setup: () => inMemory({}) })
historyBackendContract({ runner: vitest, name: 'DynamoDB items, everything otherwise', setup: () => inMemory(awkwardItems) })
historyBackendContract({ runner: vitest, name: 'DynamoDB items, on file', setup: () => onFile({}) })
