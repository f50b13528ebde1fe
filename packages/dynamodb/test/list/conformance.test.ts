import { type HistoryBackendContract, historyBackendContract } from '@hist/core/conformance'
import * as vitest from 'vitest'
import { awkwardList, type ConformanceOptions, setUp } from '../conformance-setup.js'
import { openDatabase } from '../database.js'

/** 400 KB hold no more than these, and every page reads all of them. */
const LONG_SESSION = 1_600

function contract(name: string, options: ConformanceOptions, longSession: number): HistoryBackendContract {
  return { runner: vitest, name, setup: async () => setUp(await openDatabase(), options), options: { longSession } }
}

historyBackendContract(contract('DynamoDB list, by default', { layout: 'list' }, LONG_SESSION))
// More than any session of the suite has, so that every append compares and replaces, but nothing is removed.
historyBackendContract(contract('DynamoDB list, by historySize', { layout: 'list', historySize: 10_000 }, 200))
historyBackendContract(contract('DynamoDB list, everything otherwise', awkwardList, LONG_SESSION))
